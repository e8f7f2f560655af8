// The anchor of the audit log: number and hash of its newest entry, in a file beside the database.

import type { AuditAnchor, AuditCheckpoint } from "../../features/access/audit_log.ts";

/** The name of the anchor in the data folder. */
export const ANCHOR_FILE = "audit.anchor";

const FORM = /^([0-9]{1,15}):([0-9a-f]{64})\n$/;

/** An anchor in a folder. */
export function fileAnchor(folder: string): AuditAnchor {
  const path = `${folder}/${ANCHOR_FILE}`;
  return {
    read(): AuditCheckpoint | undefined {
      try {
        const [, id, hash = ""] = FORM.exec(Deno.readTextFileSync(path)) ?? [];
        return id === undefined ? undefined : { id: Number(id), hash: Uint8Array.fromHex(hash) };
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    write({ id, hash }): void {
      const part = `${path}.part`;
      const file = Deno.openSync(part, { create: true, truncate: true, write: true, mode: 0o600 });
      try {
        file.writeSync(new TextEncoder().encode(`${id}:${hash.toHex()}\n`));
        file.syncSync();
      } finally {
        file.close();
      }
      Deno.renameSync(part, path);
    },
  };
}
