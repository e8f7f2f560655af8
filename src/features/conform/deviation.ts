// How a check ends where the device is not as the norm says, and the demands that most checks make.

import { parseJsonObject } from "../../base/json.ts";
import { safeText } from "../screen/safe_text.ts";
import type { WireAnswer } from "./device_wire.ts";

/** What the device did instead of what the norm says. */
export class Deviation extends Error {
  /** Whether it is a note for servers of another make, or for all of them. */
  readonly kind: "failure" | "ours" | "note";

  /** The message is for people: what was seen. */
  constructor(message: string, kind: "failure" | "ours" | "note" = "failure") {
    super(message);
    this.name = "Deviation";
    this.kind = kind;
  }
}

/** Nothing can be said here; the message tells why. */
export class Unjudged extends Error {
  /** The message is for people. */
  constructor(message: string) {
    super(message);
    this.name = "Unjudged";
  }
}

const MAX_SHOWN = 100;

/** A text of the device as a line tells it. */
export function quoted(text: string): string {
  return text === "" ? "nothing" : safeText(text.trim(), MAX_SHOWN);
}

/** Requires something; throws Deviation with what was seen where it is not so. */
export function demand(isSo: boolean, seen: string): asserts isSo {
  if (!isSo) throw new Deviation(seen);
}

/** Requires one of these statuses. */
export function demandStatus(answer: WireAnswer, ...statuses: readonly number[]): void {
  const { status, text } = answer;
  demand(
    statuses.includes(status),
    `answered ${status} ${quoted(text)}, expected ${statuses.join(" or ")}`,
  );
}

/** Requires an object of JSON in a text; it. */
export function demandObject(text: string): Record<string, unknown> {
  const object = parseJsonObject(text);
  demand(object !== undefined, `answered ${quoted(text)}, which is no JSON object`);
  return object;
}

/** Requires a refusal of pairing: a status, and `{"error": text}` with one of the texts, if any. */
export function demandRefusal(
  answer: WireAnswer,
  { status, texts }: { status: number; texts?: readonly string[] },
): void {
  demandStatus(answer, status);
  const { error } = demandObject(answer.text);
  demand(typeof error === "string", `answered ${quoted(answer.text)}, expected {"error": text}`);
  if (texts === undefined || texts.includes(error)) return;
  throw new Deviation(
    `said ${quoted(error)}, expected ${texts.map((text) => `"${text}"`).join(" or ")}`,
  );
}
