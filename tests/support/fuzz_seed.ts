// The seed of tests that explore: another one in every run, which the name of the test says, so that
// LATCHKEY_FUZZ_SEED=… runs the same inputs again.

/** What names a seed to use again. */
export const FUZZ_SEED_VARIABLE = "LATCHKEY_FUZZ_SEED";

const SEEDS = 2 ** 32;

/** The seed of this run, a whole number below 2^32. */
export const FUZZ_SEED: number = readFuzzSeed(
  Deno.env.get(FUZZ_SEED_VARIABLE),
  () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
);

/** What the name of a test that uses the seed ends with. */
export const SEED_NOTE = `(${FUZZ_SEED_VARIABLE}=${FUZZ_SEED})`;

/** The seed that is asked for, else a drawn one; RangeError for what is no seed. */
export function readFuzzSeed(given: string | undefined, draw: () => number): number {
  if (given === undefined || given === "") return draw();
  if (!/^\d{1,10}$/.test(given) || Number(given) >= SEEDS) {
    throw new RangeError(`${FUZZ_SEED_VARIABLE}: expected a whole number below ${SEEDS}`);
  }
  return Number(given);
}
