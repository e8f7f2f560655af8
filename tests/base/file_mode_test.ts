import assert from "node:assert/strict";
import { formatMode, OPEN_TO_OTHERS, STICKY } from "../../src/base/file_mode.ts";

Deno.test("formatMode() writes permissions alone, with four digits", () => {
  assert.deepEqual([0o750, 0o7, 0o100644, 0o41777].map(formatMode), [
    "0750",
    "0007",
    "0644",
    "0777",
  ]);
});

Deno.test("the bits are those of chmod(2)", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o1700);
    const { mode } = await Deno.stat(folder);
    assert.deepEqual([(mode ?? 0) & OPEN_TO_OTHERS, (mode ?? 0) & STICKY], [0, STICKY]);
    for (const open of [0o710, 0o720, 0o740, 0o701, 0o702, 0o704]) {
      await Deno.chmod(folder, open);
      assert.notEqual(((await Deno.stat(folder)).mode ?? 0) & OPEN_TO_OTHERS, 0);
    }
  } finally {
    await Deno.remove(folder);
  }
});
