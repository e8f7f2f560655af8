// Covers: a few at a time, each once, the oldest let go.

import assert from "node:assert/strict";
import { CoverShelf, MAX_FETCHED_COVERS, MAX_KEPT_COVERS } from "../../src/page/cover_shelf.ts";

const PICTURE = {
  contentType: "image/png",
  data: btoa("picture"),
  typeTag: "property:image-image",
};

Deno.test("a cover is fetched once and becomes an address of its bytes", async () => {
  let calls = 0;
  const shelf = new CoverShelf(() => Promise.resolve((calls++, PICTURE)));
  const [first, second] = await Promise.all([shelf.get({ mediaId: 1 }), shelf.get({ mediaId: 1 })]);
  assert.equal(first, second);
  assert.equal(calls, 1);
  assert.ok(first?.startsWith("blob:"));
  const response = await fetch(first ?? "");
  assert.equal(response.headers.get("Content-Type"), "image/png");
  assert.equal(await response.text(), "picture");
  URL.revokeObjectURL(first ?? "");
});

const NONE = [
  { ...PICTURE, typeTag: "property:image-placeholder" },
  { ...PICTURE, contentType: "image/svg+xml" },
  { ...PICTURE, contentType: "text/html" },
];
for (const answer of NONE) {
  Deno.test(`there is no cover in ${answer.typeTag} of ${answer.contentType}`, async () => {
    const shelf = new CoverShelf(() => Promise.resolve(answer));
    assert.equal(await shelf.get({ mediaId: 1 }), undefined);
  });
}

Deno.test("a cover that cannot be had now is asked for again later", async () => {
  let calls = 0;
  const shelf = new CoverShelf(() => Promise.reject(new Error(`${++calls}`)));
  assert.equal(await shelf.get({ mediaId: 1 }), undefined);
  assert.equal(await shelf.get({ mediaId: 1 }), undefined);
  assert.equal(calls, 2);
});

Deno.test("a few covers are on their way at once, and all arrive", async () => {
  const open: (() => void)[] = [];
  let most = 0;
  let now = 0;
  const shelf = new CoverShelf(async () => {
    most = Math.max(most, ++now);
    await new Promise<void>((resolve) => open.push(resolve));
    now--;
    return { ...PICTURE, typeTag: "placeholder" };
  });
  const all = Promise.all(Array.from({ length: 10 }, (_, mediaId) => shelf.get({ mediaId })));
  let isDone = false;
  void all.then(() => isDone = true);
  while (!isDone) {
    open.shift()?.();
    await Promise.resolve();
  }
  assert.equal(most, MAX_FETCHED_COVERS);
});

Deno.test("the covers that were not looked at for longest are let go", async () => {
  let calls = 0;
  const shelf = new CoverShelf(() => Promise.resolve((calls++, PICTURE)));
  const first = await shelf.get({ mediaId: 0 });
  const second = await shelf.get({ mediaId: 1 });
  for (let mediaId = 2; mediaId < MAX_KEPT_COVERS; mediaId++) await shelf.get({ mediaId });
  assert.equal(await shelf.get({ mediaId: 0 }), first);
  await shelf.get({ mediaId: MAX_KEPT_COVERS });
  await Promise.resolve();
  await assert.rejects(fetch(second ?? ""));
  await (await fetch(first ?? "")).body?.cancel();
  assert.equal(calls, MAX_KEPT_COVERS + 1);
});
