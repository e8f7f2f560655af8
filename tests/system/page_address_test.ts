// The page under the addresses of its device: what a new one means, the name in the local network
// that outlives it, and a phone that wakes.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  checkAccess,
  type PageWorld,
  whyNoPageWorld,
  withPageWorld,
} from "../support/page_world.ts";
import { openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const NEW_ADDRESS = "If the device has a new address, this page cannot find it";
const PAIRED_BEFORE = "Paired before? Then the device has a new address";

async function pairHere(world: PageWorld, page: Page): Promise<void> {
  const pin = await openPairing(world.service().baseUrl);
  await page.getByRole("textbox", { name: "PIN" }).fill(pin);
  await page.getByRole("button", { name: "Pair this phone" }).click();
  await page.getByText("Connected", { exact: true }).waitFor();
}

const whyNot = await whyNoPageWorld();

systemTest("a new address needs a new scan, and the page says so; a .local name does not", {
  whyNot,
  run: () =>
    withPageWorld(55, async (world) => {
      const asked = new Set<string>();
      const { page, complaints } = await world.openPhone();
      page.on("request", (request) => asked.add(new URL(request.url()).origin));
      const { origin } = new URL(world.pageUrl);
      await page.goto(`${origin}/app`);
      await page.getByText(PAIRED_BEFORE).waitFor();
      await page.getByText("whoever can change it on its way").waitFor();
      await checkAccess(page, "a phone that nobody knows under this address");
      const link = page.getByRole("link", { name: /^Open it as .*\.local to stay paired/ });
      const { hostname } = new URL(await link.getAttribute("href") ?? "");

      // The scanned PIN goes along to the name.
      await page.goto(`${world.pageUrl}#pair=${await openPairing(world.service().baseUrl)}`);
      await page.getByText("There is nothing to type").waitFor();
      assert.equal(await page.getByText(PAIRED_BEFORE).count(), 0);
      await link.click();
      await page.waitForURL((url) => url.hostname === hostname);
      await page.getByText("There is nothing to type").waitFor();
      assert.equal(new URL(page.url()).hash, "");
      assert.equal(await page.getByText(/stay paired/).count(), 0);
      await page.getByRole("button", { name: "Pair this phone" }).click();
      await page.getByText("Connected", { exact: true }).waitFor();

      // For the browser the address is another page.
      const other = await page.context().newPage();
      await other.goto(world.pageUrl);
      await other.getByText(PAIRED_BEFORE).waitFor();
      await pairHere(world, other);

      await page.getByRole("link", { name: "Device" }).click();
      await page.getByText("A new address of the device needs a new scan").waitFor();
      const app = page.getByRole("link", { name: "Get the Zaparoo app" });
      assert.equal(await app.getAttribute("href"), "https://zaparoo.app/");
      assert.deepEqual([...asked].sort(), [origin, origin.replace(/\/\/[^:]*/, `//${hostname}`)]);
      assert.deepEqual(complaints, []);

      await world.stop();
      for (const tab of [page, other]) await tab.getByText("Living room does not answer").waitFor();
      await other.getByText(NEW_ADDRESS).waitFor();
      assert.equal(await page.getByText(NEW_ADDRESS).count(), 0);
    }),
});

// Sooner than the page asks by itself.
const SOON_MS = 8_000;

systemTest("a phone that wakes asks at once whether its device is there", {
  whyNot,
  run: () =>
    withPageWorld(56, async (world) => {
      const { page } = await world.openPhone();
      const sent: number[] = [];
      page.on("websocket", (socket) => socket.on("framesent", () => sent.push(performance.now())));
      await page.goto(world.pageUrl);
      await pairHere(world, page);
      await page.locator(".tile img").first().waitFor();
      // Until nothing is asked for any more.
      const isQuiet = (): boolean => performance.now() - (sent.at(-1) ?? 0) > 2000;
      while (!isQuiet()) await page.waitForTimeout(100);
      const before = sent.length;
      await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
      const endMs = performance.now() + SOON_MS;
      // Whether it is there, and what has changed without a word meanwhile.
      const asked = before + 2;
      while (sent.length < asked && performance.now() < endMs) await page.waitForTimeout(50);
      assert.equal(sent.length, asked);
    }),
});
