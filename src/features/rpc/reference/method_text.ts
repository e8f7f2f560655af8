// What people are told of a method, beside its schemas.

import type { ErrorCode } from "../../../base/app_error.ts";

/** Why calls are refused, by code. */
export type RefusalTexts = Readonly<Partial<Record<ErrorCode, string>>>;

/** The texts of one method. */
export interface MethodText {
  /** What it does, as one phrase. */
  readonly summary: string;
  /** More sentences, where the phrase does not tell all. */
  readonly more?: string;
  /** What each param means. */
  readonly params?: Readonly<Record<string, string>>;
  /** Why calls are refused, beside what the access and the disk bring along. */
  readonly refusals?: RefusalTexts;
  /** A call as it is made, and what is answered. */
  readonly example: {
    readonly params?: Readonly<Record<string, unknown>>;
    readonly result: unknown;
  };
}
