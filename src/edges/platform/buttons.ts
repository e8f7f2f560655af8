// The chords that the configuration names, over the real buttons.

import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import type { ButtonSettings } from "../../features/screen/button_settings.ts";
import { type Chord, ChordWatch } from "../../features/screen/chord.ts";
import { codeOfButton } from "../../features/screen/button_names.ts";
import { openInputDevices } from "./input_devices.ts";

/** What the chords do. */
export interface ButtonActions {
  /** Opens pairing, or cancels it where it is open. */
  togglePairing: () => void;
  /** Deletes every client. */
  revokeAll: () => void;
  clock: Clock;
  log: Logger;
}

/** Watches the buttons until the result is called; opens no device where no chord is set. */
export function watchButtons(
  settings: ButtonSettings,
  actions: ButtonActions,
): () => void | Promise<void> {
  const { clock, log, togglePairing, revokeAll } = actions;
  const chords: Chord[] = [
    { codes: codesOf(settings.pair), holdMs: settings.holdMs, onHeld: togglePairing },
    { codes: codesOf(settings.revokeAll), holdMs: settings.revokeHoldMs, onHeld: revokeAll },
  ].filter(({ codes }) => codes.length > 0);
  if (chords.length === 0) return () => {};
  const watches: ChordWatch[] = [];
  const { folder } = settings;
  const listen = (): ChordWatch => {
    const watch = new ChordWatch(chords, clock);
    watches.push(watch);
    return watch;
  };
  const devices = openInputDevices({ folder, listen, log });
  log.info("Buttons watched", { devices: devices.count });
  return async () => {
    for (const watch of watches) watch.close();
    await devices.close();
  };
}

function codesOf(names: readonly string[]): number[] {
  return names.flatMap((name) => codeOfButton(name) ?? []);
}
