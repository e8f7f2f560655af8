import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { pairPage } from "../../../../src/edges/http/page/pair_page.ts";

Deno.test("the page runs nothing but its own script and asks nobody for anything", async () => {
  const response = pairPage();
  const html = await response.text();
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  assert.ok(policy.startsWith("default-src 'none'"));
  for (const [tag, source] of [["style", "style-src"], ["script", "script-src"]] as const) {
    const [, text = ""] = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(html) ?? [];
    const hash = createHash("sha256").update(text).digest("base64");
    assert.ok(policy.includes(`${source} 'sha256-${hash}'`));
  }
  assert.ok(!/\b(src|href|action)=/.test(html));
  assert.ok(!/https?:/.test(html));
});

Deno.test("the page is not kept and does not tell where it was", () => {
  const { headers } = pairPage();
  assert.equal(headers.get("Cache-Control"), "no-store");
  assert.equal(headers.get("Referrer-Policy"), "no-referrer");
});
