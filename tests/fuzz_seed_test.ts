// A run that failed can be run again.

import assert from "node:assert/strict";
import { readFuzzSeed } from "./support/fuzz_seed.ts";

Deno.test("readFuzzSeed() takes the seed that is asked for, else draws one", () => {
  for (const given of [undefined, ""]) assert.equal(readFuzzSeed(given, () => 7), 7);
  for (const given of ["0", "20261123", "4294967295"]) {
    assert.equal(readFuzzSeed(given, () => 7), Number(given));
  }
  for (const given of ["4294967296", "-1", "1.5", "0x10", "seed", " 1"]) {
    assert.throws(() => readFuzzSeed(given, () => 7), RangeError);
  }
});

Deno.test("tests that explore draw another seed in every run, and repeat the one they are given", async () => {
  const program = `import { FUZZ_SEED, SEED_NOTE } from ${
    JSON.stringify(new URL("support/fuzz_seed.ts", import.meta.url).href)
  };\nconsole.log(FUZZ_SEED, SEED_NOTE);`;
  const run = async (env: Record<string, string>): Promise<string> => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      env: { LATCHKEY_FUZZ_SEED: "", ...env },
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const [first, second, given] = await Promise.all([
    run({}),
    run({}),
    run({ LATCHKEY_FUZZ_SEED: "42" }),
  ]);
  assert.notEqual(first, second);
  assert.match(first, /^(\d+) \(LATCHKEY_FUZZ_SEED=\1\)$/);
  assert.equal(given, "42 (LATCHKEY_FUZZ_SEED=42)");
});
