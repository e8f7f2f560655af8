// The device's buttons: every /dev/input/event* that is there at the start.

import { asError } from "../../base/app_error.ts";
import type { Logger } from "../../base/log.ts";
import {
  decodeInputEvents,
  INPUT_EVENT_BYTES,
  type InputEvent,
} from "../../features/screen/input_event.ts";

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
  /** Makes a listener for each device. */
  listen: () => InputListener;
  /** Hears of devices that cannot be read. */
  log: Logger;
}

/** Opens all event devices and reads them until they end; how many there are. */
export function openInputDevices(options: InputDevicesOptions): number {
  const { folder, listen, log } = options;
  let count = 0;
  for (const name of eventNames(folder)) {
    const path = `${folder}/${name}`;
    try {
      const file = Deno.openSync(path, { read: true });
      count += 1;
      void readEvents(file, listen()).catch((error: unknown) => {
        log.warn("Input devices stopped responding", { device: path, error: asError(error) });
      });
    } catch (error) {
      log.warn("Buttons cannot be read", { device: path, error: asError(error) });
    }
  }
  return count;
}

async function readEvents(file: Deno.FsFile, listener: InputListener): Promise<void> {
  const buffer = new Uint8Array(READ_EVENTS * INPUT_EVENT_BYTES);
  try {
    for (;;) {
      const length = await file.read(buffer);
      if (length === null) return;
      for (const event of decodeInputEvents(buffer.subarray(0, length))) listener.take(event);
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
