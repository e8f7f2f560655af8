import assert from "node:assert/strict";
import { explainFailure } from "../../packaging/build/compile.ts";

Deno.test("explainFailure() says which runtime is missing and where to put it", () => {
  const url = "https://dl.deno.land/release/v2.9.5/denort-aarch64-unknown-linux-gnu.zip";
  const text = explainFailure(
    `error: error sending request for url (${url}): dns error: failed to lookup`,
    "aarch64-unknown-linux-gnu",
  );
  assert.ok(text.includes(`\n  ${url}\n`));
  assert.match(text, /DENORT_BIN=/);
  assert.match(text, /\$DENO_DIR\/dl\/release\/v[\d.]+\/denort-aarch64-unknown-linux-gnu\.zip/);
  assert.doesNotMatch(text, /dns error/);
});

Deno.test("explainFailure() passes on everything else", () => {
  assert.equal(
    explainFailure("error: Module not found\n", "x86_64-unknown-linux-gnu"),
    "Cannot compile the program:\nerror: Module not found",
  );
});
