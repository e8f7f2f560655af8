// A disk that is really full: SQLite hears of it when it commits, not when it is told what to write.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const WRITER = new URL("../edges/sqlite/full_disk_writer.ts", import.meta.url).pathname;
const MESSAGE = "No space left on the device";

systemTest("writes to a full disk say so, and go on when it has room again", {
  whyNot: Deno.uid() === 0 ? undefined : "only root can mount a small disk",
  run: async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
    try {
      const script = 'mount -t tmpfs -o size=1m,mode=700 none "$1" && shift && exec "$@"';
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: [
          ...["--mount", "sh", "-c", script, "sh", folder],
          ...[Deno.execPath(), "run", "-A", WRITER, folder],
        ],
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.deepEqual(
        text === "" ? new TextDecoder().decode(stderr) : JSON.parse(text),
        [MESSAGE, MESSAGE, MESSAGE, 1],
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
