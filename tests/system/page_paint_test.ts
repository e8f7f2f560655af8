// What is painted before the page's script has come, and what the script makes of it: nothing moves.

import assert from "node:assert/strict";
import type { Page, Route } from "playwright-core";
import { PAGE_FILES } from "../../src/edges/http/page/built/page_files.ts";
import { checkAccess, newContext, whyNoPageWorld, withPageWorld } from "../support/page_world.ts";
import { openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const whyNot = await whyNoPageWorld();

const WATCH = `globalThis.frames = 0;
globalThis.opened = 0;
const { open } = indexedDB;
indexedDB.open = (...all) => {
  globalThis.opened++;
  return open.apply(indexedDB, all);
};
// The page's first part to be built.
globalThis.BroadcastChannel = class extends BroadcastChannel {
  constructor(name) {
    super(name);
    const painted = performance.getEntriesByName("first-contentful-paint").length;
    globalThis.seenBefore = painted + globalThis.frames;
  }
};
globalThis.shift = 0;
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) globalThis.shift += value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("DOMContentLoaded", () => {
  requestAnimationFrame(() => globalThis.frames++);
  new MutationObserver((_, watch) => {
    watch.disconnect();
    globalThis.framesBefore = globalThis.frames;
    globalThis.firstView = document.querySelector("main > *").className;
  }).observe(document.getElementById("page"), { childList: true });
});`;

/** How much the page has moved what was seen, once its last frame is told. */
async function shiftOf(page: Page): Promise<unknown> {
  await page.evaluate("new Promise((told) => requestAnimationFrame(() => setTimeout(told, 100)))");
  return await page.evaluate("globalThis.shift");
}

systemTest("the page's frame is there before its script, and nothing moves when that comes", {
  whyNot,
  run: () =>
    withPageWorld(54, async (world) => {
      const { page, complaints } = await world.openPhone({ locale: "de-DE" });
      await page.addInitScript(WATCH);
      const held = Promise.withResolvers<Route>();
      await page.route(`**/${PAGE_FILES.script.name}`, (route) => held.resolve(route));
      const { origin } = new URL(world.pageUrl);
      const pin = await openPairing(world.service().baseUrl);
      // From any of the page's addresses, PIN and all.
      await page.goto(`${origin}/#pair=${pin}`, { waitUntil: "commit" });
      const route = await held.promise;
      await page.getByRole("heading", { name: "Lädt …" }).waitFor();
      const name = page.locator(".device");
      assert.equal(await name.textContent(), "Living room");
      assert.equal(await page.title(), "Living room · Latchkey");
      await page.waitForFunction(() =>
        performance.getEntriesByName("first-contentful-paint").length > 0
      );
      // Nothing has its place before the style sheet is there, and nothing is painted.
      const before = await name.boundingBox();
      await checkAccess(page, "the frame");

      await route.continue();
      await page.getByRole("heading", { name: "Dieses Telefon koppeln" }).waitFor();
      assert.deepEqual(await name.boundingBox(), before);
      // At once, and with one look at what the browser keeps.
      assert.equal(await page.evaluate("globalThis.firstView"), "pair card");
      assert.equal(await page.evaluate("globalThis.opened"), 1);
      assert.equal(await shiftOf(page), 0);
      await page.getByRole("button", { name: "Dieses Telefon koppeln" }).tap();
      await page.getByText("Verbunden", { exact: true }).waitFor();
      assert.equal(page.url(), world.pageUrl);

      // The script of a page that is opened again lets the browser paint first.
      await page.unrouteAll();
      await page.goto(`${origin}/app`);
      await page.getByText(`${world.card.titles.length} gefunden`).waitFor();
      await page.locator(".tile img").first().waitFor();
      assert.equal(await page.evaluate("globalThis.framesBefore"), 1);
      assert.notEqual(await page.evaluate("globalThis.seenBefore"), 0);
      const shift = Number(await shiftOf(page));
      assert.ok(shift < 0.02, `moved by ${shift}`);
      assert.deepEqual(complaints, []);

      // Who has no script reads what to do instead.
      const context = await newContext(world.browser, { javaScriptEnabled: false });
      const bare = await context.newPage();
      await bare.goto(world.pageUrl);
      await bare.locator("noscript .notice").waitFor();
      assert.equal(await bare.getByRole("heading").count(), 0);
    }),
});

// A tab behind others: no frame is drawn, and nothing is painted.
const HIDE = `Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
globalThis.requestAnimationFrame = () => 0;
performance.getEntriesByType = () => [];`;

systemTest("a tab behind others begins too, in the language of its browser", {
  whyNot,
  run: () =>
    withPageWorld(59, async (world) => {
      // What stands between may want another language than the browser.
      const { page, complaints } = await world.openPhone({ locale: "de-DE" });
      await page.route(world.pageUrl, (route) => {
        const headers = { ...route.request().headers(), "accept-language": "en" };
        return route.continue({ headers });
      });
      await page.addInitScript(HIDE);
      const document = await page.goto(world.pageUrl);
      assert.match(await document?.text() ?? "", /<html lang="en"/);
      await page.getByRole("heading", { name: "Dieses Telefon koppeln" }).waitFor();
      assert.equal(await page.locator("html").getAttribute("lang"), "de");
      assert.deepEqual(complaints, []);
    }),
});
