import assert from "node:assert/strict";
import {
  changeLimits,
  type LimitsChange,
  MAX_KEY_WEIGHT,
  MAX_MODEL_LIMIT,
  type ModelLimits,
} from "../../../src/features/access/model_limits.ts";
import { assertAppError } from "../../support/app_error.ts";

const OWN: ModelLimits = { perMinute: 5, weight: 3 };

const ROWS: [ModelLimits | undefined, LimitsChange, ModelLimits | undefined][] = [
  [undefined, {}, undefined],
  [undefined, { perMinute: 0 }, { perMinute: 0 }],
  [OWN, {}, OWN],
  [OWN, { perMinute: undefined }, OWN],
  [OWN, { perMinute: null }, { weight: 3 }],
  [OWN, { perMinute: null, weight: null }, undefined],
  [OWN, { tokensPerDay: MAX_MODEL_LIMIT, concurrent: 2 }, {
    perMinute: 5,
    tokensPerDay: MAX_MODEL_LIMIT,
    concurrent: 2,
    weight: 3,
  }],
  [OWN, { weight: MAX_KEY_WEIGHT }, { perMinute: 5, weight: MAX_KEY_WEIGHT }],
];
for (const [before, change, after] of ROWS) {
  Deno.test(`changeLimits(${JSON.stringify(before)}, ${JSON.stringify(change)})`, () => {
    assert.deepEqual(changeLimits(before, change), after);
  });
}

const BAD: LimitsChange[] = [
  { perMinute: -1 },
  { perMinute: 1.5 },
  { tokensPerDay: MAX_MODEL_LIMIT + 1 },
  { concurrent: NaN },
  { weight: 0 },
  { weight: MAX_KEY_WEIGHT + 1 },
];
for (const change of BAD) {
  Deno.test(`changeLimits() refuses ${JSON.stringify(change)}`, () => {
    assertAppError(() => changeLimits(OWN, change), "bad_request");
  });
}
