// Where `latchkey conform` gets its PINs from: the command line, standard input, the device itself, or
// whoever sits at the terminal. A PIN opens once, so that each is fetched when it is needed.

import { asJsonObject } from "../../base/json.ts";
import { isPin } from "../../protocol/v1/pin_format.ts";
import { CommandError } from "./command.ts";
import { callService } from "./service_call.ts";
import { readTypedLine } from "./typed_line.ts";
import { parseTypedPin } from "./typed_pin.ts";

/** PINs, one after the other. */
export interface ConformPins {
  /** The next one, undefined where there is none. */
  next(): Promise<string | undefined>;
  /** Takes back what was opened. */
  close(): Promise<void>;
}

/** Options of {@linkcode openConformPins}. */
export interface ConformPinsOptions {
  /** What --pin says: PINs, or "-" for standard input. */
  given: string | undefined;
  /** The device that opens pairing by itself, if it is to. */
  openAt: string | undefined;
  /** Writes to the terminal. */
  write: (text: string) => void;
}

/** The PINs of a run. UsageError where one that was given is none. */
export function openConformPins({ given, openAt, write }: ConformPinsOptions): ConformPins {
  const isFromInput = given === "-";
  const waiting = given === undefined || isFromInput ? [] : given.split(",").map(parseTypedPin);
  const mayAsk = given !== undefined && Deno.stdin.isTerminal();
  const question = "The next checks need a new PIN of the device (Enter leaves them out): ";
  return {
    async next(): Promise<string | undefined> {
      const pin = waiting.shift();
      if (pin !== undefined) return pin;
      if (openAt !== undefined) return await openPairing(openAt);
      if (!isFromInput && !mayAsk) return undefined;
      const line = readTypedLine({ question, write })?.replace(/[\s-]/g, "");
      if (line === undefined || line === "") return undefined;
      if (!isPin(line)) throw new CommandError("Expected a PIN on each line of standard input");
      return line;
    },
    async close(): Promise<void> {
      if (openAt !== undefined) await callService(openAt, { method: "clients.pair.cancel" });
    },
  };
}

async function openPairing(baseUrl: string): Promise<string> {
  await callService(baseUrl, { method: "clients.pair.cancel" });
  const opened = asJsonObject(await callService(baseUrl, { method: "clients.pair.start" }));
  const pin = opened?.["pin"];
  if (typeof pin === "string" && isPin(pin)) return pin;
  throw new CommandError(`${baseUrl} opens no pairing: --open is for the device itself`);
}
