// The device's buttons: every /dev/input/event* that is there at the start, and those that come later.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { ButtonDecoder } from "../../features/screen/button_decoder.ts";
import { INPUT_EVENT_BYTES, type InputEvent } from "../../features/screen/input_event.ts";
import { watchArrivals } from "./device_arrivals.ts";

/**
 * How many devices are read at once. Each holds one of the platform's 32 threads for files while it
 * waits for an event; where none is left, nothing is read or brought to the disk any more.
 */
export const MAX_READ_AT_ONCE = 16;

const READ_EVENTS = 64;

// What a device has, as the kernel tells it: keys and buttons, or axes (EV_KEY, EV_ABS).
const WITH_BUTTONS = 0b1010;

/** Takes the events of one device. */
export interface InputListener {
  /** The next event. */
  take(event: InputEvent): void;
  /** The device is gone. */
  close(): void;
}

/** Options of {@linkcode openInputDevices}. */
export interface InputDevicesOptions {
  /** The folder, such as "/dev/input". */
  folder: string;
  /** Makes a listener for each device, by its name in the folder. */
  listen: (name: string) => InputListener;
  /** Hears of devices that cannot be read. */
  log: Logger;
  /** How often new devices are looked for, in seconds. @default {LOOK_EVERY_S} */
  lookEveryS?: number;
  /**
   * Where the kernel tells what devices have.
   * @default {"/sys/class/input"} of "/dev/input", nowhere of other folders
   */
  kernelFolder?: string | undefined;
}

/** Devices that are read. */
export interface InputDevices {
  /** How many were there at the start. */
  readonly count: number;
  /** Looks for no more of them; those that are open are read until they end. */
  close(): Promise<void>;
}

/** Opens all event devices and reads them until they end. */
export function openInputDevices(options: InputDevicesOptions): InputDevices {
  const { folder, listen, log, lookEveryS } = options;
  const { kernelFolder = folder === "/dev/input" ? "/sys/class/input" : undefined } = options;
  const waiting: (() => void)[] = [];
  let reading = 0;
  const read = (file: Deno.FsFile, name: string): void => {
    if (reading === MAX_READ_AT_ONCE) {
      log.warn("Too many input devices: one is not read until another is gone", { device: name });
      waiting.push(() => read(file, name));
      return;
    }
    reading += 1;
    void readEvents(file, listen(name)).catch((error: unknown) => {
      log.warn("Input devices stopped responding", { device: name, error: asError(error) });
    }).finally(() => {
      reading -= 1;
      waiting.shift()?.();
    });
  };
  const known: string[] = [];
  let count = 0;
  for (const name of eventNames(folder)) {
    if (kernelFolder !== undefined && !mayHaveButtons(`${kernelFolder}/${name}`)) {
      known.push(name);
      continue;
    }
    try {
      read(Deno.openSync(`${folder}/${name}`, { read: true }), name);
      known.push(name);
      count += 1;
    } catch (error) {
      log.warn("Buttons cannot be read", { device: `${folder}/${name}`, error: asError(error) });
    }
  }
  const close = watchArrivals({
    folder,
    known,
    onDevice: (file, name) => {
      log.info("Input device found", { device: name });
      read(file, name);
    },
    log,
    ...(lookEveryS === undefined ? {} : { lookEveryS }),
  });
  return { count, close };
}

async function readEvents(file: Deno.FsFile, listener: InputListener): Promise<void> {
  const buffer = new Uint8Array(READ_EVENTS * INPUT_EVENT_BYTES);
  const decoder = new ButtonDecoder();
  // A pipe may end a read in the middle of an event.
  let kept = 0;
  try {
    for (;;) {
      const length = await file.read(buffer.subarray(kept));
      if (length === null) return;
      const whole = kept + length - (kept + length) % INPUT_EVENT_BYTES;
      for (const event of decoder.take(buffer.subarray(0, whole))) listener.take(event);
      buffer.copyWithin(0, whole, kept + length);
      kept = kept + length - whole;
    }
  } finally {
    listener.close();
    file.close();
  }
}

// A PC has a dozen devices that are sockets for headphones.
function mayHaveButtons(folder: string): boolean {
  try {
    const words = Deno.readTextFileSync(`${folder}/device/capabilities/ev`).trim().split(" ");
    const events = parseInt(words.at(-1) ?? "", 16);
    return Number.isNaN(events) || (events & WITH_BUTTONS) !== 0;
  } catch {
    // What cannot be known may have some.
    return true;
  }
}

function eventNames(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .map(({ name }) => name)
      .filter((name) => /^event\d+$/.test(name))
      .sort();
  } catch {
    return [];
  }
}
