// The anchor of the audit log: number and hash of its newest entry, in a file beside the database.

import { utf8 } from "../../base/bytes.ts";
import { writePrivateFile } from "../../base/private_file.ts";
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
      writePrivateFile(path, { bytes: utf8(`${id}:${hash.toHex()}\n`), files: Deno });
    },
  };
}
