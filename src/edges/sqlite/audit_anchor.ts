// The anchor of the audit log: number and hash of its newest entry, in a file beside the database.

import { utf8 } from "../../base/bytes.ts";
import type { AuditAnchor, AuditCheckpoint } from "../../features/access/anchor_keeper.ts";

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
    async write({ id, hash }): Promise<void> {
      const part = await Deno.makeTempFile({
        dir: folder,
        prefix: `${ANCHOR_FILE}.`,
        suffix: ".part",
      });
      try {
        await writeDurably(part, utf8(`${id}:${hash.toHex()}\n`));
        await Deno.rename(part, path);
      } catch (error) {
        await Deno.remove(part);
        throw error;
      }
      await syncFolder(folder);
    },
  };
}

// As writePrivateFile() does it, without holding everybody up while the disk is waited for.
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true });
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await file.write(rest));
  }
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  } catch {
    // Not every file system can; the file itself is whole all the same.
  }
}
