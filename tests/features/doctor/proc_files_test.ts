import assert from "node:assert/strict";
import {
  addressesNotInUse,
  identityIn,
  isReadOnlyAt,
  listeningAddresses,
  lockHolders,
  mayAccess,
} from "../../../src/features/doctor/proc_files.ts";

const LOCKS = `1: POSIX  ADVISORY  WRITE 700 fe:00:55 0 EOF
2: FLOCK  ADVISORY  WRITE 2414 fe:00:9995359 0 EOF
2: -> FLOCK  ADVISORY  WRITE 2415 fe:00:9995359 0 EOF
3: FLOCK  ADVISORY  READ  2416 fe:00:9995359 0 EOF
4: FLOCK  ADVISORY  WRITE 2417 fe:00:99953590 0 EOF
5: FLOCK  ADVISORY  WRITE 2418 08:11:9995359 0 EOF
`;

Deno.test("lockHolders() finds who holds the lock, and nobody who waits or holds another", () => {
  assert.deepEqual(lockHolders(LOCKS, 9995359), [2414, 2418]);
  assert.deepEqual(lockHolders(LOCKS, 55), []);
  assert.deepEqual(lockHolders("", 9995359), []);
});

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
const TCP = HEAD +
  "   0: 0100007F:1D49 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n" +
  "   1: 00000000:1D4A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n" +
  "   2: 0901A8C0:1D49 0601A8C0:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1\n" +
  "   3: 0501A8C0:1D49 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n" +
  "   4: 0501A8C0:1D49 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n";
const TCP6 = HEAD +
  "   0: 00000000000000000000000000000000:1D49 00000000000000000000000000000000:0000 0A 0 0 0\n" +
  "   1: 00000000000000000000000001000000:1D49 00000000000000000000000000000000:0000 0A 0 0 0\n" +
  "   2: 000000FD000000000000000002000000:1D49 00000000000000000000000000000000:0000 0A 0 0 0\n" +
  "   3: 0000000000000000FFFF00000501A8C0:1D49 00000000000000000000000000000000:0000 0A 0 0 0\n";

Deno.test("listeningAddresses() finds listeners on the port and nothing else", () => {
  assert.deepEqual(listeningAddresses(TCP, 7497), ["127.0.0.1", "192.168.1.5"]);
  assert.deepEqual(listeningAddresses(TCP, 7498), ["0.0.0.0"]);
  assert.deepEqual(listeningAddresses(TCP6, 7497), ["::", "::1", "fd00::2", "192.168.1.5"]);
  assert.deepEqual(listeningAddresses(HEAD, 7497), []);
});

Deno.test("identityIn() takes the effective user and every group", () => {
  const status = "Name:\tx\nUid:\t1\t1000\t1\t1\nGid:\t2\t2000\t2\t2\nGroups:\t44 100 \n";
  assert.deepEqual(identityIn(status), { uid: 1000, gids: [2000, 44, 100] });
  assert.deepEqual(identityIn("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t \n"), {
    uid: 0,
    gids: [0],
  });
  assert.equal(identityIn("Name:\tx\n"), undefined);
});

const USER = { uid: 1000, gids: [1000, 44] };
const ROOT = { uid: 0, gids: [0] };

// Mode, owner, group, who, and what they may do.
const ACCESS: [number, number, number, typeof USER, { write: boolean; execute: boolean }][] = [
  [0o700, 1000, 0, USER, { write: true, execute: true }],
  [0o077, 1000, 44, USER, { write: false, execute: false }],
  [0o070, 0, 44, USER, { write: true, execute: true }],
  [0o707, 0, 44, USER, { write: false, execute: false }],
  [0o007, 0, 45, USER, { write: true, execute: true }],
  [0o770, 0, 45, USER, { write: false, execute: false }],
  [0o400, 1000, 0, USER, { write: false, execute: false }],
  [0o100, 1000, 0, USER, { write: false, execute: true }],
  [0o200, 1000, 0, USER, { write: true, execute: false }],
  [0o444, 1000, 0, ROOT, { write: true, execute: false }],
  [0o010, 1000, 5, ROOT, { write: true, execute: true }],
];
for (const [mode, uid, gid, identity, expected] of ACCESS) {
  const who = identity.uid === 0 ? "root" : "a user";
  Deno.test(`mayAccess(): mode ${mode.toString(8)} of ${uid}:${gid} for ${who}`, () => {
    const file = { mode, uid, gid, isDirectory: false };
    assert.deepEqual({
      write: mayAccess(file, { identity, access: "write" }),
      execute: mayAccess(file, { identity, access: "execute" }),
    }, expected);
  });
}

Deno.test("mayAccess() lets root through every folder, and read every file", () => {
  const folder = { mode: 0o600, uid: 1, gid: 1, isDirectory: true };
  const file = { mode: 0, uid: 1, gid: 1, isDirectory: false };
  assert.equal(mayAccess(file, { identity: ROOT, access: "read" }), true);
  assert.equal(mayAccess(folder, { identity: ROOT, access: "execute" }), true);
});

const MOUNTS = `22 1 8:1 / / ro,relatime shared:1 - ext4 /dev/root ro
23 22 8:2 / /data rw,relatime shared:2 - ext4 /dev/sda2 rw
24 22 8:3 / /media/my\\040games rw - vfat /dev/sdb1 ro,errors=remount-ro
25 22 8:4 / /run rw - tmpfs tmpfs rw
26 25 8:5 / /run ro - tmpfs tmpfs rw
27 22 8:6 / /root rw - ext4 /dev/sda3 rw
`;

const READ_ONLY: [string, boolean][] = [
  ["/", true],
  ["/etc/x", true],
  ["/data", false],
  ["/data/latchkey", false],
  ["/database", true],
  ["/media/my games/x", true],
  ["/run/latchkey", true],
  ["/root", false],
];
for (const [path, isReadOnly] of READ_ONLY) {
  Deno.test(`isReadOnlyAt() finds what lies on top of ${path}`, () => {
    assert.equal(isReadOnlyAt(MOUNTS, path), isReadOnly);
    assert.equal(isReadOnlyAt("", path), false);
  });
}

Deno.test("addressesNotInUse() finds addresses that are being tried or that others have", () => {
  const text = "fd000000000000000000000000000002 02 40 00 80     eth0\n" +
    "fe80000000000000e4fd49fffe570112 144 40 20 c0 lktest\n" +
    "fd000000000000000000000000000003 02 40 00 88     eth0\n" +
    "00000000000000000000000000000001 01 80 10 80       lo\n";
  assert.deepEqual(addressesNotInUse(text), ["fe80::e4fd:49ff:fe57:112", "fd00::3"]);
  assert.deepEqual(addressesNotInUse(""), []);
});
