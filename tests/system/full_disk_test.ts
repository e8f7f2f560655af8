// A disk that is really full: SQLite hears of it when it commits, not when it is told what to write.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const MESSAGE = "No space left on the device";

const whyNot = Deno.uid() === 0 ? undefined : "only root can mount a small disk";

/** What a program of tests/edges/sqlite prints that gets a small disk of its own. */
async function runOnSmallDisk(program: string, size: string): Promise<unknown> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const path = new URL(`../edges/sqlite/${program}`, import.meta.url).pathname;
    const script = 'mount -t tmpfs -o "size=$2,mode=700" none "$1" && shift 2 && exec "$@"';
    const { stdout, stderr } = await new Deno.Command("unshare", {
      args: [
        ...["--mount", "sh", "-c", script, "sh", folder, size],
        ...[Deno.execPath(), "run", "-A", path, folder],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    return text === "" ? new TextDecoder().decode(stderr) : JSON.parse(text);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

systemTest("writes to a full disk say so, and go on when it has room again", {
  whyNot,
  run: async () => {
    assert.deepEqual(
      await runOnSmallDisk("full_disk_writer.ts", "1m"),
      [MESSAGE, MESSAGE, MESSAGE, 1],
    );
  },
});

systemTest("a start on a full disk says which folder has no room, and loses nothing", {
  whyNot,
  run: async () => {
    const reason =
      "the disk that it is on is full. Nothing is lost: make room there and start again";
    assert.deepEqual(await runOnSmallDisk("full_disk_opener.ts", "4m"), {
      full: ["empty", "closed", "killed", "begun"].map((name) => `Cannot use /${name}: ${reason}`),
      opened: ["opened", "opened", "opened"],
      kept: 100,
    });
  },
});
