import assert from "node:assert/strict";
import { AppError } from "../../src/base/app_error.ts";
import { explainStorageError, isStorageFull } from "../../src/base/storage_error.ts";

const KNOWN: [Record<string, unknown>, string][] = [
  [{ errcode: 13 }, "No space left on the device"],
  [{ errcode: 8 }, "The device's storage is read-only"],
  [{ errcode: 10 | (3 << 8) }, "The device's storage fails"],
  [{ code: "ENOSPC" }, "No space left on the device"],
  [{ code: "EDQUOT" }, "No space left on the device"],
  [{ code: "EROFS" }, "The device's storage is read-only"],
  [{ code: "EIO" }, "The device's storage fails"],
];
for (const [fields, text] of KNOWN) {
  Deno.test(`explainStorageError() of ${JSON.stringify(fields)} says: ${text}`, () => {
    const thrown = Object.assign(new Error("/secret/path"), fields);
    const explained = explainStorageError(thrown);
    assert.ok(explained instanceof AppError);
    assert.deepEqual([explained.code, explained.message], ["unavailable", text]);
    assert.equal(explained.cause, thrown);
  });
}

Deno.test("explainStorageError() gives everything else back as it was thrown", () => {
  const others = [new Error("x"), new AppError("conflict", "y"), undefined, null, "z", 13, {
    errcode: 5,
  }];
  for (const thrown of others) assert.equal(explainStorageError(thrown), thrown);
});

const FULL: [unknown, boolean][] = [
  [{ errcode: 13 }, true],
  [{ errcode: 10 | (19 << 8) }, true],
  [{ code: "ENOSPC" }, true],
  [{ code: "EDQUOT" }, true],
  [{ errcode: 10 | (3 << 8) }, false],
  [{ code: "EROFS" }, false],
  [undefined, false],
  [null, false],
];
for (const [thrown, isFull] of FULL) {
  Deno.test(`isStorageFull() of ${JSON.stringify(thrown)} is ${isFull}`, () => {
    assert.equal(isStorageFull(thrown), isFull);
  });
}
