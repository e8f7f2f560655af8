// Methods about what was run (docs/protocol.md §14): a token is a text with what is known of the tag
// that it stood on.

import * as v from "valibot";
import type { RunHistory } from "../../library/run_history.ts";
import type { ScannedToken, TextRunner } from "../../library/text_runner.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { MomentShape, type Shown, TextShape } from "../shapes.ts";

/** A text that was run, with what is known of the tag that it stood on. */
export const TokenShape = v.strictObject({
  type: TextShape,
  uid: TextShape,
  text: TextShape,
  data: TextShape,
  scanTime: MomentShape,
});

/** A run of the history; `by` is told to admins. */
export const PastRunShape = v.strictObject({
  time: MomentShape,
  type: TextShape,
  uid: TextShape,
  text: TextShape,
  data: TextShape,
  success: v.boolean(),
  by: v.optional(TextShape),
});

/** How many runs are told at once. */
export const MAX_TOLD_RUNS = 100;

/** What the token methods need. */
export interface TokenMethodsOptions {
  texts: Pick<TextRunner, "last">;
  history: Pick<RunHistory, "newest">;
}

/** `tokens` and `tokens.history`. */
export function tokenMethods({ texts, history }: TokenMethodsOptions): RpcMethod[] {
  return [
    defineMethod({
      name: "tokens",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ active: v.array(TokenShape), last: v.optional(TokenShape) }),
      run: () => {
        const last = texts.last();
        return { active: [], ...(last === undefined ? {} : { last: showToken(last) }) };
      },
    }),
    defineMethod({
      name: "tokens.history",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ entries: v.array(PastRunShape) }),
      run: (_params, { role }) => ({
        entries: history.newest(MAX_TOLD_RUNS)
          .map(({ atMs, type, uid, text, data, isSuccess, by }) => ({
            time: new Date(atMs).toISOString(),
            type,
            uid,
            text,
            data,
            success: isSuccess,
            // Who of a household ran what is for those who manage the others.
            ...(role === "admin" ? { by } : {}),
          })),
      }),
    }),
  ];
}

/** A token, as clients see it. */
export function showToken({ atMs, type, uid, text, data }: ScannedToken): Shown<typeof TokenShape> {
  return { type, uid, text, data, scanTime: new Date(atMs).toISOString() };
}
