// What a key for models may use. The owner may change it while the key is in use.

import { AppError } from "../../base/app_error.ts";

/** The highest limit of a key. */
export const MAX_MODEL_LIMIT = 1_000_000_000;

/** The greatest weight of a key. */
export const MAX_KEY_WEIGHT = 100;

/** Limits of one key; what the configuration says holds where one is undefined. */
export interface ModelLimits {
  /** Requests per minute; 0: any number. */
  readonly perMinute?: number | undefined;
  /** Tokens of prompts and answers per day of UTC; 0: any number. */
  readonly tokensPerDay?: number | undefined;
  /** Requests with the server at once; 0: as many as there are slots. */
  readonly concurrent?: number | undefined;
  /** Its share of the slots against those of other keys, 1 to 100; 1 where undefined. */
  readonly weight?: number | undefined;
}

/** A change of limits: what is undefined stays, null goes back to what the configuration says. */
export type LimitsChange = { readonly [Name in keyof ModelLimits]?: number | null | undefined };

/** All limits. */
export const LIMIT_NAMES = ["perMinute", "tokensPerDay", "concurrent", "weight"] as const;

/** Limits with a change in them; undefined where none is left. bad_request for what is no limit. */
export function changeLimits(
  limits: ModelLimits | undefined,
  change: LimitsChange,
): ModelLimits | undefined {
  const entries = LIMIT_NAMES.flatMap((name): [string, number][] => {
    const value = change[name] === undefined ? limits?.[name] : change[name];
    if (value === undefined || value === null) return [];
    const [min, max] = name === "weight" ? [1, MAX_KEY_WEIGHT] : [0, MAX_MODEL_LIMIT];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new AppError("bad_request", `${name}: expected ${min} to ${max}`);
    }
    return [[name, value]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
