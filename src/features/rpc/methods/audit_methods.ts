// Methods about the audit log, for the device itself only.

import * as v from "valibot";
import type { AuditEntry, AuditLog } from "../../access/audit_log.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

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
      run: (wanted) => ({ entries: audit.list(wanted).map(showEntry) }),
    }),
    defineMethod({
      name: "audit.verify",
      access: "local",
      params: v.strictObject({ anchor: v.optional(v.pipe(v.string(), v.regex(ANCHOR))) }),
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

function showEntry(entry: AuditEntry): Record<string, unknown> {
  const { id, atMs, event, details, hash } = entry;
  return { id, at: new Date(atMs).toISOString(), event, details, hash: hash.toHex() };
}
