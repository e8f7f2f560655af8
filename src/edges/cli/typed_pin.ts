// The PIN that a device shows, from the command line, from standard input or typed at the terminal. It
// is good for one pairing and stands on a screen, so that it may be seen while it is typed.

import { isPin, PIN_DIGITS } from "../../protocol/v1/pin_format.ts";
import { CommandError, UsageError } from "./command.ts";
import { readTypedLine } from "./typed_line.ts";

/** A PIN as people write it, in groups too; UsageError where it is none. */
export function parseTypedPin(text: string): string {
  const pin = text.replace(/[\s-]/g, "");
  if (!isPin(pin)) throw new UsageError(`--pin: expected ${PIN_DIGITS} digits`);
  return pin;
}

/** Asks for the PIN, or reads it from standard input; CommandError where that is no PIN. */
export function askForPin(write: (text: string) => void): string {
  const line = readTypedLine({ question: "PIN on the device's screen: ", write });
  if (line === undefined) throw new CommandError("PIN required: type it, pipe it in, or use --pin");
  const pin = line.replace(/[\s-]/g, "");
  if (!isPin(pin)) throw new CommandError(`Expected a PIN of ${PIN_DIGITS} digits`);
  return pin;
}
