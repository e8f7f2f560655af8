// Repeatable damage to messages: to their structure where they are JSON, to their bytes otherwise.

import { randomBelow, type RandomSource } from "../../src/base/random.ts";

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  " ",
  "\u0000",
  "\ud800",
  "../../etc/passwd",
  "' OR 1=1 --",
  "x".repeat(5000),
  [],
  {},
  [[[[]]]],
  { toString: 1, __proto__: 2, constructor: 3 },
];

/** A JSON text that differs from the value's in one to three places. */
export function mutateJson(random: RandomSource, value: unknown): string {
  let mutated: unknown = structuredClone(value);
  const times = 1 + randomBelow(random, 3);
  for (let i = 0; i < times; i++) mutated = mutateValue(random, mutated);
  return JSON.stringify(mutated) ?? "null";
}

/** Bytes with one to four pieces flipped, dropped, doubled or replaced. */
export function mutateBytes(
  random: RandomSource,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  let mutated = Array.from(bytes);
  const times = 1 + randomBelow(random, 4);
  for (let i = 0; i < times && mutated.length > 0; i++) {
    const at = randomBelow(random, mutated.length);
    const length = 1 + randomBelow(random, 8);
    switch (randomBelow(random, 5)) {
      case 0:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << randomBelow(random, 8));
        break;
      case 1:
        mutated.splice(at, length);
        break;
      case 2:
        mutated.splice(at, 0, ...mutated.slice(at, at + length));
        break;
      case 3:
        mutated.splice(at, length, ...random(length));
        break;
      default:
        mutated = mutated.slice(0, at);
    }
  }
  return Uint8Array.from(mutated);
}

function mutateValue(random: RandomSource, value: unknown): unknown {
  if (typeof value !== "object" || value === null || randomBelow(random, 8) === 0) {
    return ODD_VALUES[randomBelow(random, ODD_VALUES.length)];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return ODD_VALUES[randomBelow(random, ODD_VALUES.length)];
  const at = randomBelow(random, entries.length);
  const [key, inner] = entries[at] ?? ["", null];
  switch (randomBelow(random, 4)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.splice(at, 1, [`${key}${"x".repeat(randomBelow(random, 3))}`.toUpperCase(), inner]);
      break;
    default:
      entries.splice(at, 1, [key, mutateValue(random, inner)]);
  }
  return Array.isArray(value) ? entries.map(([, entry]) => entry) : Object.fromEntries(entries);
}
