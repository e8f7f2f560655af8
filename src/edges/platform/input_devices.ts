// The device's buttons: every /dev/input/event* that is there at the start, and those that come later.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import { ButtonDecoder } from "../../features/screen/button_decoder.ts";
import { INPUT_EVENT_BYTES, type InputEvent } from "../../features/screen/input_event.ts";
import { watchArrivals } from "./device_arrivals.ts";

const READ_EVENTS = 64;

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
  const read = (file: Deno.FsFile, name: string): void => {
    void readEvents(file, listen(name)).catch((error: unknown) => {
      log.warn("Input devices stopped responding", { device: name, error: asError(error) });
    });
  };
  const opened: string[] = [];
  for (const name of eventNames(folder)) {
    try {
      read(Deno.openSync(`${folder}/${name}`, { read: true }), name);
      opened.push(name);
    } catch (error) {
      log.warn("Buttons cannot be read", { device: `${folder}/${name}`, error: asError(error) });
    }
  }
  const close = watchArrivals({
    folder,
    known: opened,
    onDevice: (file, name) => {
      log.info("Input device found", { device: name });
      read(file, name);
    },
    log,
    ...(lookEveryS === undefined ? {} : { lookEveryS }),
  });
  return { count: opened.length, close };
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
