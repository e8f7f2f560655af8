// Methods about the audit log, for the device itself only.

import * as v from "valibot";
import type { AuditEntry, AuditLog } from "../../access/audit_log.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { CountShape, MomentShape, type Shown, TextShape } from "../shapes.ts";

/** An entry of the audit log; `hash` is the SHA-256 over the one before and itself, in hex. */
export const AuditEntryShape = v.strictObject({
  id: CountShape,
  at: MomentShape,
  event: TextShape,
  details: v.record(v.string(), v.nullable(v.union([v.string(), v.number(), v.boolean()]))),
  hash: TextShape,
});

/** How many entries one call returns at most. */
export const MAX_AUDIT_PAGE = 1000;

const DEFAULT_PAGE = 100;
const ANCHOR = /^[0-9]{1,15}:[0-9a-f]{64}$/;

/** `audit` and `audit.verify`. */
export function auditMethods(options: { audit: Pick<AuditLog, "list" | "verify"> }): RpcMethod[] {
  const { audit } = options;
  return [
    defineMethod({
      name: "audit",
      access: "local",
      params: v.strictObject({
        afterId: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
        limit: v.optional(
          v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_AUDIT_PAGE)),
          DEFAULT_PAGE,
        ),
        refusals: v.optional(v.boolean()),
      }),
      result: v.strictObject({ entries: v.array(AuditEntryShape) }),
      run: (wanted) => ({ entries: audit.list(wanted).map(showEntry) }),
    }),
    defineMethod({
      name: "audit.verify",
      access: "local",
      params: v.strictObject({ anchor: v.optional(v.pipe(v.string(), v.regex(ANCHOR))) }),
      result: v.strictObject({
        entries: CountShape,
        brokenAt: v.nullable(CountShape),
        refusalBrokenAt: v.nullable(CountShape),
        cutAt: v.nullable(CountShape),
      }),
      run: ({ anchor }) => {
        const [id = "", hash = ""] = anchor?.split(":") ?? [];
        const held = anchor === undefined
          ? undefined
          : { id: Number(id), hash: Uint8Array.fromHex(hash) };
        const { entries, brokenAt, refusalBrokenAt, cutAt } = audit.verify(held);
        return {
          entries,
          brokenAt: brokenAt ?? null,
          refusalBrokenAt: refusalBrokenAt ?? null,
          cutAt: cutAt ?? null,
        };
      },
    }),
  ];
}

function showEntry(entry: AuditEntry): Shown<typeof AuditEntryShape> {
  const { id, atMs, event, details, hash } = entry;
  return { id, at: new Date(atMs).toISOString(), event, details, hash: hash.toHex() };
}
