import assert from "node:assert/strict";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { RareWarning } from "../../../src/edges/http/guard/rare_warning.ts";
import { FakeClock } from "../../support/fake_clock.ts";

Deno.test("RareWarning writes the first and then one in 10 s with the number of the others", () => {
  const clock = new FakeClock();
  const lines: [string, LogFields][] = [];
  const log = {
    ...silentLogger,
    warn: (message: string, fields: LogFields = {}) => lines.push([message, fields]),
  };
  const warning = new RareWarning({ message: "Cannot do it", log, clock });
  const error = new Error("too many open files");
  for (let i = 0; i < 101; i++) {
    warning.warn(error);
    clock.advance(99);
  }
  assert.deepEqual(lines, [["Cannot do it", { error }]]);
  clock.advance(1);
  warning.warn(error);
  clock.advance(10_000);
  warning.warn(error);
  assert.deepEqual(lines.slice(1), [
    ["Cannot do it", { error, unwritten: 100 }],
    ["Cannot do it", { error }],
  ]);
});
