// What starts the service on a device fits the configuration that comes with it, and the systemd unit
// forbids nothing that the service needs.

import assert from "node:assert/strict";
import { parseConfig } from "../../src/edges/config/config.ts";

const ROOTFS = new URL("../../packaging/rootfs/", import.meta.url);

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOTFS));
}

/** The settings of the unit; those that may be there more than once joined by spaces. */
async function readUnit(): Promise<Map<string, string>> {
  const settings = new Map<string, string>();
  for (const line of (await read("usr/lib/systemd/system/latchkey.service")).split("\n")) {
    const [, name = "", value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    const before = settings.get(name);
    if (name !== "") settings.set(name, before === undefined ? value : `${before} ${value}`);
  }
  return settings;
}

async function readConfig(): Promise<ReturnType<typeof parseConfig>> {
  const text = await read("usr/share/latchkey/config.toml");
  return parseConfig(text, { file: "config.toml", env: { isRoot: true } });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

Deno.test("the unit's folders are those of the configuration", async () => {
  const [unit, { service, display }] = await Promise.all([readUnit(), readConfig()]);
  assert.equal(service.dataDir, `/var/lib/${unit.get("StateDirectory")}`);
  assert.equal(unit.get("StateDirectoryMode"), "0700");
  assert.equal(folderOf(display.file), `/run/${unit.get("RuntimeDirectory")}`);
  assert.ok(unit.get("Environment")?.includes(`DENO_DIR=/var/cache/${unit.get("CacheDirectory")}`));
});

Deno.test("the unit does not end the service for a system call that it can do without", async () => {
  const unit = await readUnit();
  // The engine tries pkey_alloc, which is not in the set.
  assert.equal(unit.get("SystemCallFilter"), "@system-service");
  assert.equal(unit.get("SystemCallErrorNumber"), "EPERM");
});

Deno.test("the unit leaves the service what it needs", async () => {
  const unit = await readUnit();
  const families = unit.get("RestrictAddressFamilies")?.split(" ");
  // The machine's addresses are asked for over netlink.
  assert.deepEqual(families, ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"]);
  assert.equal(unit.get("SupplementaryGroups"), "video input tty");
  const devices = unit.get("DeviceAllow");
  assert.ok(devices?.includes("/dev/tty0 w"), devices);
  assert.ok(devices?.includes("char-fb rw") && devices.includes("char-input r"), devices);
  for (const name of ["MemoryDenyWriteExecute", "PrivateDevices", "PrivateUsers", "ProcSubset"]) {
    assert.equal(unit.get(name), undefined, name);
  }
});

Deno.test("the unit takes from the service what it does not need", async () => {
  const unit = await readUnit();
  const expected: Record<string, string> = {
    DynamicUser: "yes",
    NoNewPrivileges: "yes",
    CapabilityBoundingSet: "",
    ProtectSystem: "strict",
    ProtectHome: "yes",
    PrivateTmp: "yes",
    ProtectProc: "invisible",
    DevicePolicy: "closed",
    SystemCallArchitectures: "native",
    UMask: "0077",
    Restart: "on-failure",
  };
  const found = Object.keys(expected).map((name) => [name, unit.get(name)]);
  assert.deepEqual(Object.fromEntries(found), expected);
});

Deno.test("every way to start the service uses the same configuration and folders", async () => {
  const [unit, openrc, sysv, { service, display }] = await Promise.all([
    read("usr/lib/systemd/system/latchkey.service"),
    read("usr/share/latchkey/init/openrc"),
    read("usr/share/latchkey/init/sysv"),
    readConfig(),
  ]);
  for (const text of [unit, openrc, sysv]) {
    assert.match(text, /\/usr\/bin\/latchkey/);
    assert.match(text, /\/etc\/latchkey\/config\.toml/);
  }
  assert.ok(openrc.includes(`--mode 0700 ${service.dataDir}\n`));
  assert.ok(openrc.includes(`--mode 0755 ${folderOf(display.file)}\n`));
});
