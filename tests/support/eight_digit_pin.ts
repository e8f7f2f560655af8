// The program as it is where PINs have eight digits: its own source with one constant changed.

import { withChangedSource } from "./changed_source.ts";

/** Runs `test` with the arguments by which the runtime takes that source, then removes it. */
export async function withEightDigits(
  test: (runtimeArgs: readonly string[]) => Promise<void>,
): Promise<void> {
  const file = "src/protocol/v1/pin_format.ts";
  await withChangedSource([{ file, from: "PIN_DIGITS = 6;", to: "PIN_DIGITS = 8;" }], test);
}
