// The broken services by which the conformance kit is tested are still made of this source.

import assert from "node:assert/strict";
import { changedTexts } from "../../support/changed_source.ts";
import { OTHER_MAKE, VARIANTS } from "../../support/conform_variants.ts";
import { EIGHT_DIGITS } from "../../support/eight_digit_pin.ts";

for (
  const [name, changes] of [
    ...[...VARIANTS, OTHER_MAKE].map(({ name, changes }) => [name, changes] as const),
    ["a PIN of eight digits", EIGHT_DIGITS] as const,
  ]
) {
  Deno.test(`a changed service finds its places: ${name}`, async () => {
    assert.ok((await changedTexts(changes)).size > 0);
  });
}
