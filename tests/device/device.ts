// What the tests of a whole device share: the files that it starts from, made once, and a device that
// is switched off at the end.

import { allDone } from "../support/all_done.ts";
import {
  connectPhone,
  type PhonePairing,
  postJson,
  startPairing,
} from "../support/reference_phone.ts";
import { readCacheFolder } from "../../packaging/build/npm_deno.ts";
import { runTool } from "./debian_packages.ts";
import { type Machine, switchOn, type SwitchOnOptions } from "./machine.ts";
import { HANDHELD, type MachineKind } from "./machine_kind.ts";
import {
  buildBootFiles,
  buildPreviousTarball,
  buildRootDisk,
  buildTarball,
  type InitSystem,
  makeDisk,
} from "./root_disk.ts";

const READY_LIMIT_MS = 300_000;
const REQUEST_LIMIT_MS = 10_000;
/** How long a phone waits for an answer before it takes itself for refused, in milliseconds. */
const ASK_LIMIT_MS = 30_000;
const POLL_MS = 200;

const TOOLS = [
  "mkfs.ext4",
  "e2fsck",
  "debugfs",
  "cpio",
  "depmod",
  "dpkg-deb",
  "busybox",
  "tesseract",
];

/** Why no device of a kind can be emulated here; undefined where one can. */
export async function whyNoDevice(
  { emulator }: MachineKind = HANDHELD,
): Promise<string | undefined> {
  const path = (Deno.env.get("PATH") ?? "").split(":").concat("/sbin", "/usr/sbin");
  for (const tool of [emulator, ...TOOLS]) {
    const places = await Promise.all(path.map((folder) => isFile(`${folder}/${tool}`)));
    if (!places.includes(true)) return `needs ${tool}`;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

// What devices start from is made once for all tests of a process.
const made = new Map<string, Promise<unknown>>();
let madeIn: string | undefined;

function makeOnce<Thing>(name: string, make: (folder: string) => Promise<Thing>): Promise<Thing> {
  madeIn ??= Deno.makeTempDirSync({ prefix: "latchkey_test_device_files_" });
  const thing = made.get(name) as Promise<Thing> | undefined ?? make(`${madeIn}/${name}`);
  made.set(name, thing);
  return thing;
}

/** Removes what was made for the tests of this process. */
export async function removeDeviceFiles(): Promise<void> {
  made.clear();
  if (madeIn !== undefined) await Deno.remove(madeIn, { recursive: true });
  madeIn = undefined;
}

/** A release of the image. */
export type Release = "this" | "previous";

/** The tarball of a release. */
export function getTarball(kind: MachineKind, release: Release): Promise<string> {
  const { machine } = kind.target;
  return makeOnce(
    `${release}-${machine}`,
    (folder) =>
      release === "this" ? buildTarball(kind, folder) : buildPreviousTarball(kind.target, folder),
  );
}

/** What a device is made of. */
export interface DeviceMake {
  kind: MachineKind;
  /** @default {"busybox"} */
  init?: InitSystem;
  /** The release that is on its root disk. @default {"this"} */
  release?: Release;
}

/** A folder with what devices of one make start from. */
export interface DeviceWorld {
  readonly kind: MachineKind;
  readonly folder: string;
  /** Makes a data disk, empty or with what is in a folder. */
  makeDataDisk(name: string, options?: { size?: string; folder?: string }): Promise<string>;
  /** Makes a root disk, as it is flashed. */
  makeRootDisk(name: string): Promise<string>;
  /** Switches a device on, with a root disk as it is flashed unless one is given. */
  switchOn(options?: Partial<SwitchOnOptions>): Promise<Machine>;
  /** Cuts the power of all. */
  switchOff(): Promise<void>;
}

/** Runs a test in such a folder, which is removed after it. */
export async function withDevices(
  { kind, init = "busybox", release = "this" }: DeviceMake,
  test: (world: DeviceWorld) => Promise<void>,
): Promise<void> {
  const { machine } = kind.target;
  const cache = readCacheFolder();
  const files = await makeOnce(
    `boot-${machine}`,
    (folder) => buildBootFiles(kind, { folder, cache }),
  );
  const flashed = await makeOnce(`root-${machine}-${init}-${release}`, async (folder) => {
    const tarball = await getTarball(kind, release);
    return await buildRootDisk({ kind, init, tarball, folder, cache });
  });
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_device_" });
  const machines: Machine[] = [];
  let count = 0;
  const switchOff = async (): Promise<void> => {
    await allDone(machines.splice(0).map((one) => one.cutPower()));
  };
  const makeRootDisk = async (name: string): Promise<string> => {
    await runTool("cp", ["--sparse=always", flashed, `${folder}/${name}.ext4`]);
    return `${folder}/${name}.ext4`;
  };
  try {
    await test({
      kind,
      folder,
      async makeDataDisk(name, { size = "64M", ...from } = {}): Promise<string> {
        await makeDisk(`${folder}/${name}.ext4`, { size, ...from });
        return `${folder}/${name}.ext4`;
      },
      makeRootDisk,
      async switchOn(options = {}): Promise<Machine> {
        const place = `${folder}/machine-${count++}`;
        const rootDisk = options.rootDisk ?? await makeRootDisk(`root-${count}`);
        const started = await switchOn({ kind, files, folder: place, ...options, rootDisk });
        machines.push(started);
        return started;
      },
      switchOff,
    });
  } finally {
    await switchOff();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until service and shell answer; how long after power-on the service did, in milliseconds. */
export async function untilReady(machine: Machine): Promise<number> {
  for (;;) {
    try {
      const signal = AbortSignal.timeout(REQUEST_LIMIT_MS);
      const response = await fetch(`${machine.baseUrl}/health`, { signal });
      await response.body?.cancel();
      if (response.ok) break;
    } catch {
      // It does not listen yet.
    }
    if (Date.now() - machine.startedAtMs > READY_LIMIT_MS) {
      throw new Error(`The service is not ready: ${await machine.console()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const readyMs = Date.now() - machine.startedAtMs;
  const seconds = (readyMs / 1000).toFixed(1);
  await Deno.stdout.write(new TextEncoder().encode(`ready ${seconds} s after power-on\n`));
  // What is said to the shell before it listens is lost.
  await machine.waitFor(/device: listens/);
  return readyMs;
}

/** Waits until something is so, looked at again and again for minutes at most. */
export async function untilSo<Value>(
  look: () => Promise<Value | undefined>,
  what: string | (() => string),
): Promise<Value> {
  const giveUpAtMs = Date.now() + READY_LIMIT_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > giveUpAtMs) {
      throw new Error(`It did not come to this: ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Calls a method from the device itself; throws its error. */
export async function callLocally(
  machine: Machine,
  method: string,
  params?: unknown,
): Promise<unknown> {
  const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const text = await machine.run(
    `wget -qO- --header "Content-Type: application/json" --post-data '${request}' http://127.0.0.1:7497/api`,
  );
  const { result, error } = JSON.parse(text);
  if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

/** How long a phone waits before it asks again, in milliseconds: one address may ask once a second. */
const RETRY_MS = 1100;

/** Pairs a phone outside the device, as the app does: where it is too fast, it asks again. */
export async function pairFromOutside(machine: Machine, pin: string): Promise<PhonePairing> {
  const { session, confirm, expectedConfirm, pairingKey } = await startOutside(machine, pin);
  for (;;) {
    const { status, body } = await postJson(`${machine.baseUrl}/api/pair/finish`, {
      session,
      confirm,
    });
    if (status === 200) {
      if (body["confirm"] !== expectedConfirm) throw new Error("The device's confirm is wrong");
      const { authToken, clientId } = body;
      return { authToken: String(authToken), clientId: String(clientId), pairingKey };
    }
    if (status !== 429) throw new Error(`finish answered ${status}: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function startOutside(
  machine: Machine,
  pin: string,
): ReturnType<typeof startPairing> {
  try {
    return await startPairing(machine.baseUrl, { pin });
  } catch (error) {
    if (!(error instanceof Error && /answered 429/.test(error.message))) throw error;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    return await startOutside(machine, pin);
  }
}

/** Pairs a phone with a PIN that the owner asks for. */
export async function pairHere(machine: Machine): Promise<PhonePairing> {
  const { pin } = await callLocally(machine, "clients.pair.start") as { pin: string };
  return await pairFromOutside(machine, pin);
}

/** Whether the device serves a phone that it has paired. */
export async function serves(machine: Machine, pairing: PhonePairing): Promise<boolean> {
  const phone = await connectPhone(machine.baseUrl, pairing).catch(() => undefined);
  if (phone === undefined) return false;
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ASK_LIMIT_MS);
  const served = await Promise.race([
    phone.call("version").then(() => true, () => false),
    late.promise,
  ]);
  clearTimeout(timer);
  void phone.close().catch(() => {});
  return served;
}
