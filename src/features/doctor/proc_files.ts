// What files of the kernel tell: who holds the lock of a file (/proc/locks), on which addresses
// somebody listens (/proc/net/tcp and tcp6), as whom a process runs (/proc/PID/status), and what
// cannot be written to (/proc/self/mountinfo), and which addresses rest (/proc/net/if_inet6). Looking there disturbs nobody, as taking the lock or
// the port for a moment would.

import { normalizeAddress } from "../../base/ip_address.ts";

const LISTENING = "0A";

/** The processes that hold a lock on the file with this inode, of whichever file system. */
export function lockHolders(procLocks: string, inode: number): number[] {
  return procLocks.split("\n").flatMap((line) => {
    // 5: FLOCK  ADVISORY  WRITE 2414 fe:00:9995359 0 EOF; waiting ones have "->" in the middle.
    const [, pid, heldInode] = /^\d+: FLOCK +\S+ +WRITE +(\d+) [^ ]+:(\d+) /.exec(line) ?? [];
    return pid !== undefined && Number(heldInode) === inode ? [Number(pid)] : [];
  });
}

/** The addresses on which somebody listens on a port, from the text of either file. */
export function listeningAddresses(procNetTcp: string, port: number): string[] {
  const addresses = procNetTcp.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const [hexAddress = "", hexPort = ""] = local.split(":");
    if (state !== LISTENING || parseInt(hexPort, 16) !== port) return [];
    return [normalizeAddress(addressOf(hexAddress))];
  });
  return [...new Set(addresses)];
}

// Words of 32 bits, each in the order of the machine's bytes; every machine this runs on begins
// with the lowest.
function addressOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => parseInt(byte, 16)).join(".");
  return bytes.join("").match(/.{4}/g)?.join(":") ?? "";
}

// Flags of an IPv6 address (linux/if_addr.h): another host has it too, or might have.
const TENTATIVE = 0x40;
const DUPLICATE = 0x08;

/** The IPv6 addresses that this machine does not use yet or must not, from /proc/net/if_inet6. */
export function addressesNotInUse(procIfInet6: string): string[] {
  return procIfInet6.split("\n").flatMap((line) => {
    const [hex = "", , , , flags = ""] = line.trim().split(/\s+/);
    if ((parseInt(flags, 16) & (TENTATIVE | DUPLICATE)) === 0) return [];
    return [normalizeAddress(hex.match(/.{4}/g)?.join(":") ?? "")];
  });
}

/** As whom a process runs. */
export interface Identity {
  readonly uid: number;
  /** Its groups. */
  readonly gids: readonly number[];
}

/** As whom a process runs, from the text of its status; undefined where that does not say. */
export function identityIn(procStatus: string): Identity | undefined {
  const numbersOf = (name: string): number[] =>
    new RegExp(`^${name}:(.*)$`, "m").exec(procStatus)?.[1]?.trim().split(/\s+/)
      .filter((text) => text !== "").map(Number) ?? [];
  // Real, effective, saved, file system.
  const [, uid] = numbersOf("Uid");
  const [, gid] = numbersOf("Gid");
  if (uid === undefined || gid === undefined) return undefined;
  return { uid, gids: [gid, ...numbersOf("Groups")] };
}

/** What is asked of a file: to read or to write it, or to run it (of a folder: to pass through it). */
export const ACCESS_BITS = { read: 4, write: 2, execute: 1 } as const;

/** Whether somebody may do something to a file or folder, by its mode. */
export function mayAccess(
  file: { mode: number | null; uid: number | null; gid: number | null; isDirectory: boolean },
  request: { identity: Identity; access: keyof typeof ACCESS_BITS },
): boolean {
  const { mode, uid, gid, isDirectory } = file;
  const { identity, access } = request;
  const bits = (shift: number): boolean => (((mode ?? 0) >> shift) & ACCESS_BITS[access]) !== 0;
  if (identity.uid === 0) {
    return access !== "execute" || isDirectory || [6, 3, 0].some(bits);
  }
  if (uid === identity.uid) return bits(6);
  return gid !== null && identity.gids.includes(gid) ? bits(3) : bits(0);
}

/** Whether what lies at a path, links resolved, is on a disk that is mounted read-only. */
export function isReadOnlyAt(procMountinfo: string, path: string): boolean {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  const mounts = procMountinfo.split("\n").flatMap((line) => {
    const [place, disk] = line.split(" - ");
    const [, , , , point, own] = place?.split(" ") ?? [];
    const [, , shared] = disk?.split(" ") ?? [];
    if (point === undefined || own === undefined) return [];
    const isReadOnly = [own, shared ?? ""].some((text) => text.split(",").includes("ro"));
    return [{ point: unescapeOctal(point), isReadOnly }];
  });
  const holding = mounts.filter(({ point }) =>
    path === point || path.startsWith(point === "/" ? "/" : `${point}/`)
  );
  // What was mounted last on the longest path lies on top.
  const longest = Math.max(0, ...holding.map(({ point }) => point.length));
  return holding.findLast(({ point }) => point.length === longest)?.isReadOnly ?? false;
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}
