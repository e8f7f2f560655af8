import assert from "node:assert/strict";
import { openConsoleCursor } from "../../../src/edges/platform/console_cursor.ts";

async function withConsole(
  test: (paths: { tty: string; cursorDefault: string }) => void | Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await Deno.writeTextFile(`${folder}/tty0`, "");
    await test({ tty: `${folder}/tty0`, cursorDefault: `${folder}/default` });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openConsoleCursor() hides the cursor and gives it back", async () => {
  await withConsole(async (paths) => {
    await Deno.writeTextFile(paths.cursorDefault, "-1\n");
    const cursor = openConsoleCursor(paths.tty, paths.cursorDefault);
    cursor?.hide();
    assert.equal(await Deno.readTextFile(paths.tty), "\u001b[?25l");
    cursor?.show();
    assert.equal(await Deno.readTextFile(paths.tty), "\u001b[?25l\u001b[?25h");
    cursor?.close();
  });
});

Deno.test("openConsoleCursor() leaves alone what has no cursor", async () => {
  await withConsole(async (paths) => {
    await Deno.writeTextFile(paths.cursorDefault, "0\n");
    assert.equal(openConsoleCursor(paths.tty, paths.cursorDefault), undefined);
    const missing = { tty: `${paths.tty}-none`, cursorDefault: `${paths.cursorDefault}-none` };
    assert.equal(openConsoleCursor(missing.tty, missing.cursorDefault), undefined);
  });
});

Deno.test("a console that takes nothing fails nobody", async () => {
  await withConsole((paths) => {
    const cursor = openConsoleCursor("/dev/full", paths.cursorDefault);
    cursor?.hide();
    cursor?.show();
    cursor?.close();
    assert.ok(cursor !== undefined);
  });
});
