// What keys have used of the model gateway, for the device itself only (docs/models.md).

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import {
  sumUsage,
  USAGE_DIMENSIONS,
  type UsageDimension,
  type UsageEntry,
} from "../../models/usage.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { CountShape, TextShape } from "../shapes.ts";

/** Usage that was added up: `day`, `keyId` and `model` where it was by them. */
export const UsageShape = v.strictObject({
  day: v.optional(TextShape),
  keyId: v.optional(TextShape),
  model: v.optional(TextShape),
  requests: CountShape,
  promptTokens: CountShape,
  outputTokens: CountShape,
  errors: CountShape,
  durationMs: v.pipe(v.number(), v.minValue(0)),
});

/** The most days that are told of at once. */
export const MAX_USAGE_DAYS = 366;

/** The days that are told of where none are named. */
export const DEFAULT_USAGE_DAYS = 7;

/** What usage is added up by where nothing else is asked for. */
export const DEFAULT_USAGE_DIMENSIONS: readonly UsageDimension[] = ["day", "key"];

/** What the usage method needs. */
export interface UsageMethodsOptions {
  /** Writes what is not yet written; undefined where there is no gateway. */
  usage: (() => UsageReader) | undefined;
  /** The wall clock, in milliseconds. */
  wallMs: () => number;
  /** The day of a moment, such as "2026-01-31". */
  dayOf: (wallMs: number) => string;
}

/** Where usage is read. */
export interface UsageReader {
  /** Writes what is not yet written, as far as that works. */
  flush(): Promise<unknown>;
  /** All entries from a day on, of one key or of all. */
  list(options: { sinceDay: string; keyId?: string | undefined }): Promise<UsageEntry[]>;
}

const DAY_MS = 24 * 3600 * 1000;

/** `usage`. */
export function usageMethods(options: UsageMethodsOptions): RpcMethod[] {
  const { usage, wallMs, dayOf } = options;
  return [
    defineMethod({
      name: "usage",
      access: "local",
      params: v.strictObject({
        keyId: v.optional(v.pipe(v.string(), v.nonEmpty())),
        days: v.optional(
          v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_USAGE_DAYS)),
          DEFAULT_USAGE_DAYS,
        ),
        by: v.optional(
          v.pipe(
            v.array(v.picklist(USAGE_DIMENSIONS)),
            v.minLength(1),
            v.check((by) => new Set(by).size === by.length, "expected each only once"),
          ),
        ),
      }),
      result: v.strictObject({ sinceDay: TextShape, usage: v.array(UsageShape) }),
      run: async ({ keyId, days, by = DEFAULT_USAGE_DIMENSIONS }) => {
        const reader = usage?.();
        if (reader === undefined) throw new AppError("unavailable", "The model gateway is off");
        await reader.flush();
        const sinceDay = dayOf(wallMs() - (days - 1) * DAY_MS);
        return { sinceDay, usage: sumUsage(await reader.list({ sinceDay, keyId }), by) };
      },
    }),
  ];
}
