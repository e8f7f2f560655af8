import assert from "node:assert/strict";
import { openConformPins } from "../../../src/edges/cli/conform_pins.ts";

const write = (): void => {};

Deno.test("PINs of the command line come one after the other, and then none", async () => {
  const pins = openConformPins({ given: "123456,65 43-21", openAt: undefined, write });
  assert.deepEqual([await pins.next(), await pins.next(), await pins.next()], [
    "123456",
    "654321",
    undefined,
  ]);
  await pins.close();
});

Deno.test("without any there is none", async () => {
  const pins = openConformPins({ given: undefined, openAt: undefined, write });
  assert.equal(await pins.next(), undefined);
  await pins.close();
});

for (const given of ["", "12345", "1234567", "12345a", "123456,"]) {
  Deno.test(`--pin ${JSON.stringify(given)} is wrong usage`, () => {
    assert.throws(() => openConformPins({ given, openAt: undefined, write }), {
      name: "UsageError",
      message: "--pin: expected 6 digits",
    });
  });
}
