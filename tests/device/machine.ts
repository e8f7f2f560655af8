// A device under QEMU: it is switched on, its buttons are held, its panel is looked at, its shell is
// used as over a serial cable, and its power is cut.

import { freePort } from "../support/free_port.ts";
import type { BootFiles } from "./root_disk.ts";
import type { MachineKind } from "./machine_kind.ts";
import { keepPicture } from "./panel.ts";

const START_LIMIT_MS = 480_000;
const COMMAND_LIMIT_MS = 240_000;
const POLL_MS = 100;
const SERVICE_PORT = 7497;

/** Options of {@linkcode switchOn}. */
export interface SwitchOnOptions {
  kind: MachineKind;
  files: BootFiles;
  /** The root disk. It is written to. */
  rootDisk: string;
  /** The folder for its sockets and its log. */
  folder: string;
  /** The data disk; without one there is none. */
  dataDisk?: string;
  /** How much memory, in MiB. @default {1024} */
  memoryMiB?: number;
  /** What its clock says at the start. @default {the time} */
  clock?: string;
  /** More words for the kernel's command line, such as "device.files=256". */
  options?: readonly string[];
  /** The port of this machine that the device reaches as 10.0.2.100:11434. @default {nothing} */
  modelPort?: number;
}

/** A device that is switched on. */
export interface Machine {
  /** Where the service answers from outside. */
  readonly baseUrl: string;
  /** When it was switched on, by this process's clock in milliseconds. */
  readonly startedAtMs: number;
  /** What it wrote to its console so far. */
  console(): Promise<string>;
  /** Waits until the console has something. */
  waitFor(pattern: RegExp): Promise<string>;
  /** Runs a line of shell on it; throws with its output where that fails. */
  run(line: string): Promise<string>;
  /** Holds keys down together, as the monitor names them ("ctrl-ret"). */
  hold(keys: string, ms: number): Promise<void>;
  /** What the panel shows, as a PPM. */
  panel(): Promise<Uint8Array<ArrayBuffer>>;
  /** Takes its power away, in the middle of whatever it does. */
  cutPower(): Promise<void>;
}

/** Switches a device on and waits until its shell answers. */
export async function switchOn(options: SwitchOnOptions): Promise<Machine> {
  const { kind, files, rootDisk, folder, dataDisk, memoryMiB = 1024, clock = "utc" } = options;
  const { options: words = [], modelPort } = options;
  await Deno.mkdir(folder, { recursive: true });
  const port = freePort();
  const log = `${folder}/console`;
  await Deno.writeTextFile(log, "");
  const disk = (id: string, file: string): string[] => [
    ...["-drive", `if=none,id=${id},file=${file},format=raw,cache=writeback`],
    ...["-device", `virtio-blk-pci,drive=${id}`],
  ];
  const models = modelPort === undefined
    ? ""
    : `,guestfwd=tcp:10.0.2.100:11434-cmd:busybox nc 127.0.0.1 ${modelPort}`;
  const child = new Deno.Command(kind.emulator, {
    args: [
      ...kind.board,
      ...["-smp", "2", "-m", String(memoryMiB), "-display", "none", "-no-reboot", "-nodefaults"],
      ...["-kernel", files.kernel, "-initrd", files.initramfs],
      "-append",
      [`console=${kind.console}`, "panic=-1", "quiet", ...words].join(" "),
      ...disk("root", rootDisk),
      ...(dataDisk === undefined ? [] : disk("data", dataDisk)),
      ...["-device", "virtio-gpu-pci,xres=640,yres=480", "-device", "virtio-keyboard-pci"],
      ...["-device", "virtio-rng-pci", "-rtc", `base=${clock}`],
      "-netdev",
      `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:${SERVICE_PORT}${models}`,
      ...["-device", "virtio-net-pci,netdev=net,romfile="],
      ...["-serial", `file:${log}`, "-device", "virtio-serial-pci"],
      ...["-chardev", `socket,id=control,path=${folder}/control,server=on,wait=off`],
      ...["-device", "virtconsole,chardev=control"],
      ...["-monitor", `unix:${folder}/monitor,server=on,wait=off`],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const startedAtMs = Date.now();
  const failed = new Response(child.stderr).text();
  let isOn = true;
  const off = child.status.then(() => isOn = false);

  async function waitFor(pattern: RegExp): Promise<string> {
    for (;;) {
      const text = await Deno.readTextFile(log);
      const [found] = pattern.exec(text) ?? [];
      if (found !== undefined) return found;
      if (!isOn) throw new Error(`The device went off: ${await failed}${text}`);
      if (Date.now() - startedAtMs > START_LIMIT_MS) {
        throw new Error(`The console has nothing like ${pattern}: ${text}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async function monitor(command: string): Promise<void> {
    using socket = await Deno.connect({ transport: "unix", path: `${folder}/monitor` });
    const decoder = new TextDecoder();
    const readPrompt = async (): Promise<string> => {
      let text = "";
      const buffer = new Uint8Array(4096);
      while (!text.endsWith("(qemu) ")) {
        const length = await socket.read(buffer);
        if (length === null) throw new Error(`The monitor closed: ${text}`);
        text += decoder.decode(buffer.subarray(0, length));
      }
      return text;
    };
    await readPrompt();
    await socket.write(new TextEncoder().encode(`${command}\n`));
    await readPrompt();
  }

  async function run(line: string): Promise<string> {
    using socket = await Deno.connect({ transport: "unix", path: `${folder}/control` });
    const timer = setTimeout(() => socket.close(), COMMAND_LIMIT_MS);
    try {
      await socket.write(new TextEncoder().encode(`${line}\n`));
      let text = "";
      const buffer = new Uint8Array(4096);
      for (;;) {
        const length = await socket.read(buffer);
        if (length === null) throw new Error(`The device's shell is gone: ${text}`);
        text += new TextDecoder().decode(buffer.subarray(0, length));
        const end = /device: exit (\d+)\r?\n$/.exec(text);
        if (end === null) continue;
        const output = text.slice(0, end.index).replaceAll("\r\n", "\n");
        if (end[1] !== "0") throw new Error(`${line} failed: ${output}`);
        return output;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    baseUrl: `http://127.0.0.1:${port}`,
    startedAtMs,
    console: () => Deno.readTextFile(log),
    waitFor,
    run,
    hold: (keys, ms) => monitor(`sendkey ${keys} ${ms}`),
    async panel(): Promise<Uint8Array<ArrayBuffer>> {
      await monitor(`screendump ${folder}/panel.ppm`);
      const ppm = await Deno.readFile(`${folder}/panel.ppm`);
      await keepPicture(ppm, { name: kind.name, startedAtMs });
      return ppm;
    },
    async cutPower(): Promise<void> {
      if (isOn) child.kill("SIGKILL");
      await off;
      await failed;
    },
  };
}
