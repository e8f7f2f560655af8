// Records as multicast-dns decodes them.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { heardOf } from "../../../src/edges/platform/mdns.ts";
import type { HeardRecord } from "../../../src/features/discovery/heard_records.ts";

const PLACE = { priority: 0, weight: 0, port: 1, target: "a.local" };

const DECODED: [string, string, unknown, HeardRecord["data"] | undefined][] = [
  ["a name", "PTR", "a.local", "a.local"],
  ["an address", "A", "192.0.2.1", "192.0.2.1"],
  ["a place", "SRV", PLACE, { port: 1, target: "a.local" }],
  ["a place with a priority", "SRV", { ...PLACE, priority: 1 }, undefined],
  ["a place with a weight", "SRV", { ...PLACE, weight: 1 }, undefined],
  ["no text", "TXT", [], Uint8Array.of()],
  ["an empty text", "TXT", [Buffer.alloc(0)], Uint8Array.of()],
  ["texts", "TXT", [Buffer.from("A"), Buffer.from("BC")], Uint8Array.of(1, 65, 2, 66, 67)],
  ["one text", "TXT", Buffer.from("A"), Uint8Array.of(1, 65)],
  ["something else", "NSEC", { nextDomain: "a.local", rrtypes: ["A"] }, undefined],
];
for (const [what, type, data, expected] of DECODED) {
  Deno.test(`heardOf() reads ${what}`, () => {
    const heard = heardOf({ name: "x.local", type, ttl: 9, data });
    assert.deepEqual(heard, { name: "x.local", type, ttl: 9, data: expected });
  });
}
