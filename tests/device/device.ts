// What the tests of a whole device share: the files that it starts from, made once, and a device that
// is switched off at the end.

import { type PhonePairing, postJson, startPairing } from "../support/reference_phone.ts";
import { type BootFiles, buildBootFiles, makeDisk } from "./root_disk.ts";
import { type Machine, switchOn, type SwitchOnOptions } from "./machine.ts";
import { HANDHELD, type MachineKind } from "./machine_kind.ts";

const READY_LIMIT_MS = 120_000;
const POLL_MS = 200;

const TOOLS = [
  HANDHELD.emulator,
  "mkfs.ext4",
  "cpio",
  "depmod",
  "dpkg-deb",
  "busybox",
  "tesseract",
];

/** Why no device can be emulated here; undefined where one can. */
export async function whyNoDevice(): Promise<string | undefined> {
  const path = (Deno.env.get("PATH") ?? "").split(":").concat("/sbin", "/usr/sbin");
  for (const tool of TOOLS) {
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

/** A folder with what devices of one kind start from. */
export interface DeviceWorld {
  readonly folder: string;
  readonly files: BootFiles;
  /** Makes a data disk. */
  makeDataDisk(name: string): Promise<string>;
  /** Switches a device on; it is switched off at the end at the latest. */
  switchOn(options?: Partial<SwitchOnOptions>): Promise<Machine>;
  /** Cuts the power of all. */
  switchOff(): Promise<void>;
}

/** Runs a test in such a folder, which is removed after it. */
export async function withDevices(
  kind: MachineKind,
  test: (world: DeviceWorld) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_device_" });
  const machines: Machine[] = [];
  let count = 0;
  const switchOff = async (): Promise<void> => {
    await Promise.all(machines.splice(0).map((machine) => machine.cutPower()));
  };
  try {
    const files = await buildBootFiles(kind, `${folder}/boot`);
    await test({
      folder,
      files,
      async makeDataDisk(name): Promise<string> {
        await makeDisk(`${folder}/${name}.ext4`, { size: "64M" });
        return `${folder}/${name}.ext4`;
      },
      async switchOn(options = {}): Promise<Machine> {
        const place = `${folder}/machine-${count++}`;
        const machine = await switchOn({ kind, files, folder: place, ...options });
        machines.push(machine);
        return machine;
      },
      switchOff,
    });
  } finally {
    await switchOff();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until the service answers from outside; how long after power-on, in milliseconds. */
export async function untilReady(machine: Machine): Promise<number> {
  for (;;) {
    try {
      const response = await fetch(`${machine.baseUrl}/health`);
      await response.body?.cancel();
      if (response.ok) return Date.now() - machine.startedAtMs;
    } catch {
      // It does not listen yet.
    }
    if (Date.now() - machine.startedAtMs > READY_LIMIT_MS) {
      throw new Error(`The service is not ready: ${await machine.console()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Waits until something is so, looked at again and again for a minute at most. */
export async function untilSo<Value>(
  look: () => Promise<Value | undefined>,
  what: string,
): Promise<Value> {
  const giveUpAtMs = Date.now() + READY_LIMIT_MS / 2;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > giveUpAtMs) throw new Error(`It did not come to this: ${what}`);
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
  const { session, confirm, expectedConfirm, pairingKey } = await startPairing(machine.baseUrl, {
    pin,
  });
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
