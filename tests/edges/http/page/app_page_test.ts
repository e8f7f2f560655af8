// What the service sends for /app/: a document that tells nothing but what everybody may know, under
// a policy that lets it load its own files alone.

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type AppPage, createAppPage } from "../../../../src/edges/http/page/app_page.ts";
import { PAGE_FILES, type PageFile } from "../../../../src/edges/http/page/built/page_files.ts";

const FACTS = {
  own: {
    hostNames: ["handheld", "handheld.local"],
    addresses: ["192.168.1.5", "fd00::5"],
    port: 7497,
  },
  allowedOrigins: ["https://play.example"],
};
const FILES: readonly PageFile[] = Object.values(PAGE_FILES);

function page(name: string | undefined = 'Living <room> & "more"'): AppPage {
  return createAppPage({ publicName: () => name, reachableUrl: () => "http://192.168.1.5:7497" });
}

async function opened(host: string | undefined, from = page()): Promise<{
  html: string;
  headers: Headers;
}> {
  const response = await from.open(new Headers(host === undefined ? {} : { Host: host }), FACTS);
  assert.equal(response.status, 200);
  return { html: await response.text(), headers: response.headers };
}

Deno.test("the document is not kept, does not tell where it was and loads its own files alone", async () => {
  const { html, headers } = await opened("192.168.1.5:7497");
  assert.equal(headers.get("Cache-Control"), "no-store");
  assert.equal(headers.get("Referrer-Policy"), "no-referrer");
  assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
  assert.deepEqual(headers.get("Content-Security-Policy")?.split("; "), [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "connect-src 'self' ws://192.168.1.5:7497 wss://192.168.1.5:7497",
  ]);
  // Painted whole or not at all: what stands behind a # is the document's own.
  assert.match(html, /<link rel="expect" href="#page" blocking="render">/);
  const linked = [...html.matchAll(/\b(?:src|href)="([^"#]*)"/g)].map(([, name]) => name);
  assert.deepEqual(linked.toSorted(), FILES.map(({ name }) => name).toSorted());
  assert.ok(!/<style|<script>|\bon[a-z]+=|\bstyle=/.test(html));
});

Deno.test("the document has what is painted first, in the browser's language, and names its style sheet early", async () => {
  const { html, headers } = await opened("192.168.1.5:7497");
  const painted = /<div id="page">([^]*?)<\/div>/.exec(html)?.[1] ?? "";
  assert.match(painted, /<p class="device">Living &#60;room&#62; &#38; &#34;more&#34;<\/p>/);
  assert.match(painted, /<main aria-busy="true"><h1[^>]*>Loading…<\/h1><\/main>/);
  assert.match(html, /<html lang="en"/);
  assert.match(html, /<noscript>.*No JavaScript\?/);
  assert.equal(headers.get("Link"), `<${PAGE_FILES.style.name}>; rel=preload; as=style`);

  const request = new Headers({ "Host": "192.168.1.5:7497", "Accept-Language": "de-AT,en;q=0.5" });
  const german = await (await page().open(request, FACTS)).text();
  assert.match(german, /<html lang="de"/);
  assert.match(german, /<h1[^>]*>Lädt …<\/h1>/);
  assert.match(german, /<noscript>.*Ohne JavaScript/);
});

const HEADINGS: [host: string | undefined, heading: string][] = [
  ["192.168.1.5:7497", "192.168.1.5"],
  ["Handheld.Router.LAN:7497", "handheld.router.lan"],
  ["[fd00::5]:7497", "[fd00::5]"],
  ["[fd00::5]", "[fd00::5]"],
  ["<b>x</b>", "Latchkey"],
  [undefined, "Latchkey"],
];
for (const [host, heading] of HEADINGS) {
  Deno.test(`a device that tells no name is called ${heading} under ${host}`, async () => {
    const quiet = createAppPage({ publicName: () => undefined, reachableUrl: () => undefined });
    const { html } = await opened(host, quiet);
    assert.equal(/<p class="device">(.*)<\/p>/.exec(html)?.[1], heading);
  });
}

Deno.test("only a plain host gets into the policy", async () => {
  for (const host of ["a b", "x;script-src *", "x'", "[::1", "x:99999999", "x/y", undefined]) {
    const { headers } = await opened(host);
    const policy = headers.get("Content-Security-Policy") ?? "";
    assert.ok(policy.endsWith("; connect-src 'self'"), `${host}: ${policy}`);
  }
  const { headers } = await opened("[fd00::5]:7497");
  assert.match(headers.get("Content-Security-Policy") ?? "", / ws:\/\/\[fd00::5\]:7497 /);
});

const DEVICE = 'data-device="Living &#60;room&#62; &#38; &#34;more&#34;"';
const ROWS: [host: string, knowsName: boolean, elsewhere: boolean][] = [
  ["192.168.1.5:7497", true, false],
  ["[fd00::5]:7497", true, false],
  ["handheld.local:7497", true, false],
  ["HANDHELD", true, false],
  ["localhost:7497", true, false],
  ["play.example", true, false],
  // An address that is not the device's: through a tunnel or a router's port.
  ["203.0.113.7:8080", true, true],
  ["192.168.1.5:80", true, true],
  ["handheld.router.lan:7497", false, true],
  ["evil.example", false, true],
];
for (const [host, knowsName, isElsewhere] of ROWS) {
  Deno.test(`a page at ${host} ${knowsName ? "has" : "has not"} the name${isElsewhere ? " and leads to the device's address" : ""}`, async () => {
    const { html } = await opened(host);
    assert.equal(html.includes(DEVICE), knowsName);
    assert.equal(html.includes("<title>Living"), knowsName);
    assert.equal(html.includes('data-local="handheld.local"'), knowsName);
    assert.equal(html.includes('data-elsewhere="http://192.168.1.5:7497"'), isElsewhere);
    assert.equal(html.includes("data-elsewhere"), isElsewhere);
  });
}

Deno.test("a device that tells its name to nobody has a page without it", async () => {
  const quiet = createAppPage({ publicName: () => undefined, reachableUrl: () => undefined });
  const { html } = await opened("192.168.1.5:7497", quiet);
  assert.ok(!/data-/.test(html));
  assert.match(html, /<title>Latchkey<\/title>/);
  assert.match((await opened("evil.example", quiet)).html, /data-elsewhere=""/);
});

Deno.test("files are kept for ever under names that change with them", async () => {
  for (const { name, contentType, text, base64 } of FILES) {
    assert.match(name, /-[0-9a-f]{12}\.[a-z]+$/);
    const response = await page().file(name, new Headers());
    assert.equal(response?.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    assert.equal(response?.headers.get("Content-Type"), contentType);
    assert.equal(response?.headers.get("X-Content-Type-Options"), "nosniff");
    assert.equal(response?.headers.get("Content-Encoding"), null);
    const bytes = await response?.bytes();
    assert.deepEqual(
      bytes,
      text === undefined ? Uint8Array.fromBase64(base64 ?? "") : new TextEncoder().encode(text),
    );
  }
  assert.equal(await page().file("page.js", new Headers()), undefined);
  assert.equal(await page().file("../app_page.ts", new Headers()), undefined);
});

Deno.test("texts are sent packed to who takes that", async () => {
  const one = page();
  const { name, text } = PAGE_FILES.script;
  for (const accepted of ["gzip", "br, gzip;q=0.5", "GZIP ; q=1", "deflate,gzip;q=0.001"]) {
    const response = await one.file(name, new Headers({ "Accept-Encoding": accepted }));
    assert.equal(response?.headers.get("Content-Encoding"), "gzip", accepted);
    assert.equal(response?.headers.get("Vary"), "Accept-Encoding");
    assert.equal(gunzipSync(await response?.bytes() ?? "").toString(), text);
  }
  for (const accepted of ["", "br", "gzip;q=0", "gzip;q=0.0", "xgzip", "identity"]) {
    const response = await one.file(name, new Headers({ "Accept-Encoding": accepted }));
    assert.equal(response?.headers.get("Content-Encoding"), null, accepted);
    assert.equal(response?.headers.get("Vary"), "Accept-Encoding");
    await response?.body?.cancel();
  }
  const icon = await one.file(
    PAGE_FILES.touchIcon.name,
    new Headers({ "Accept-Encoding": "gzip" }),
  );
  assert.equal(icon?.headers.get("Content-Encoding"), null);
});

Deno.test("a text is packed once for all who take it", async () => {
  const { CompressionStream: Real } = globalThis;
  let packed = 0;
  globalThis.CompressionStream = class extends Real {
    constructor(format: CompressionFormat) {
      super(format);
      packed++;
    }
  };
  try {
    const one = page();
    const { script, style } = PAGE_FILES;
    for (const { name } of [script, style, script, style]) {
      const response = await one.file(name, new Headers({ "Accept-Encoding": "gzip" }));
      await response?.body?.cancel();
    }
    assert.equal(packed, 2);
  } finally {
    globalThis.CompressionStream = Real;
  }
});
