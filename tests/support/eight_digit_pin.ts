// The program as it is where PINs have eight digits: its own source with one constant changed.

import { type SourceChange, withChangedSource } from "./changed_source.ts";

/** What stands otherwise in that source. */
export const EIGHT_DIGITS: readonly SourceChange[] = [
  { file: "src/protocol/v1/pin_format.ts", from: "PIN_DIGITS = 6;", to: "PIN_DIGITS = 8;" },
];

/** Runs `test` with the arguments by which the runtime takes that source, then removes it. */
export async function withEightDigits(
  test: (runtimeArgs: readonly string[]) => Promise<void>,
): Promise<void> {
  await withChangedSource(EIGHT_DIGITS, test);
}
