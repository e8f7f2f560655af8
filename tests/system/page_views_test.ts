// What the page makes of answers that come late, in another order or not at all, over a device that
// the test plays. Its clock is the test's where time matters.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodeCredentials } from "../../src/sdk/credentials.ts";
import { checkAccess, PATIENCE_MS, whyNoPageWorld } from "../support/page_world.ts";
import {
  callsOf,
  PLAYING,
  type ScriptedDevice,
  scriptedMedia,
  withScriptedDevice,
} from "../support/scripted_device.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoPageWorld();
const LIMIT = { limitMs: PATIENCE_MS };
const TYPING_PAUSE_MS = 150;
/** Between two letters: with what the page takes to see one, it is no pause. */
const TYPING_MS = 100;
const SPOKEN_MS = 5000;
const PAGE_MEDIA = 60;
/** After so long without a question there is none more. */
const QUIET_MS = 300;
const WIDE = { viewport: { width: 1024, height: 768 } };

function searched(device: ScriptedDevice): unknown[] {
  return callsOf(device, "media.search").map(({ params }) => params["query"]);
}

function media(...ids: number[]): unknown {
  return { results: ids.map(scriptedMedia), pagination: { hasNextPage: false } };
}

/** Stops the page's time, later than this takes on a busy machine. */
async function stopClock(page: Page): Promise<void> {
  await page.clock.pauseAt(await page.evaluate("Date.now() + 60_000") as number);
}

systemTest("a search waits for a pause in typing, and an older answer comes to nothing", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      await page.clock.install();
      await page.goto(device.url());
      await page.getByText("2 found").waitFor();
      assert.deepEqual(searched(device), [""]);
      await stopClock(page);
      const slow = Promise.withResolvers<unknown>();
      answers["media.search"] = ({ query }) => query === "lan" ? slow.promise : media(7);
      const field = page.getByRole("searchbox");
      for (const text of ["l", "la", "lan"]) {
        await field.fill(text);
        await page.clock.runFor(TYPING_MS);
      }
      assert.deepEqual(searched(device), [""]);
      await page.clock.runFor(TYPING_PAUSE_MS);
      await until("the search is sent", () => searched(device).length === 2, LIMIT);
      await page.locator("ul[aria-busy=true]").waitFor();
      await field.fill("lant");
      await page.clock.runFor(TYPING_MS + TYPING_PAUSE_MS);
      await page.getByText("1 found").waitFor();
      slow.resolve(media(1, 2, 3));
      // The page has had the older answer when it has the one after it.
      await page.locator(".tile").click();
      await until("the game is started", () => callsOf(device, "run").length === 1, LIMIT);
      await page.locator(".unseen[role=status]").getByText("Starting Game 7…").waitFor();
      assert.equal(await page.locator(".tile").count(), 1);
      assert.deepEqual(searched(device), ["", "lan", "lant"]);
      // What was said is not there to be found later.
      await page.clock.runFor(SPOKEN_MS + TYPING_MS);
      await page.locator(".unseen[role=status]:empty").waitFor({ state: "attached" });
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a long library comes in parts, each asked for once, and again after a new connection", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      const part = Promise.withResolvers<void>();
      const ids = (from: number, to: number): number[] =>
        Array.from({ length: to - from + 1 }, (_, at) => from + at);
      answers["media.search"] = async ({ cursor }) => {
        if (cursor === undefined) {
          const results = ids(1, PAGE_MEDIA).map(scriptedMedia);
          return { results, pagination: { hasNextPage: true, nextCursor: "next" } };
        }
        await part.promise;
        return media(...ids(PAGE_MEDIA + 1, PAGE_MEDIA + 5));
      };
      answers["media"] = () => ({
        active: [PLAYING],
        database: { exists: true, indexing: false, totalMedia: PAGE_MEDIA + 5 },
      });
      answers["systems"] = () => ({
        systems: [
          { id: "SNES", name: "Super Nintendo", mediaCount: 60 },
          { id: "Empty", name: "Atari", mediaCount: 0 },
          { id: "GB", name: "Game Boy", mediaCount: 5 },
        ],
      });
      await page.goto(device.url());
      await page.getByText(`More than ${PAGE_MEDIA} found`).waitFor();
      // By name, and only those with something in them.
      await page.getByRole("button", { name: "Super Nintendo", exact: true }).waitFor();
      assert.deepEqual(await page.locator(".chip").allTextContents(), [
        "All",
        "Favourites",
        "Game Boy",
        "Super Nintendo",
      ]);
      assert.deepEqual(await page.locator(".tile[aria-current=true] .name").allTextContents(), [
        "Game 7",
      ]);
      const more = page.getByRole("button", { name: "Show more" });
      await more.scrollIntoViewIfNeeded();
      await page.locator("ul[aria-busy=true]").waitFor();
      await more.click();
      await more.click();
      part.resolve();
      await page.getByText(`${PAGE_MEDIA + 5} found`, { exact: true }).waitFor();
      assert.equal(await page.locator(".tile").count(), PAGE_MEDIA + 5);
      const cursors = callsOf(device, "media.search").map(({ params }) => params["cursor"]);
      assert.deepEqual(cursors, [undefined, "next"]);

      await device.close(1001);
      await until("the page asks again", () => searched(device).length > 2, LIMIT);
      assert.deepEqual(complaints, []);
    }),
});

systemTest("covers are asked for near the screen alone, and again where they could not be had", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      const all = Array.from({ length: PAGE_MEDIA }, (_, at) => at + 1);
      const asked = (): unknown[] =>
        callsOf(device, "media.image").map(({ params }) => params["mediaId"]);
      answers["media.search"] = () => ({
        results: all.map((id) => ({ ...scriptedMedia(id), hasCover: true })),
        pagination: { hasNextPage: false },
      });
      answers["media.image"] = () => new Error("The card fails");
      await page.goto(device.url());
      await until("the first covers are asked for", () => asked().length > 3, LIMIT);
      let before = 0;
      while (before < asked().length) {
        before = asked().length;
        await page.waitForTimeout(QUIET_MS);
      }
      assert.ok(!asked().includes(PAGE_MEDIA), `${asked()}`);
      const dot =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
      answers["media.image"] = () => ({
        ...{ contentType: "image/png", data: dot, typeTag: "property:image-image" },
      });
      await page.locator(".tile").last().scrollIntoViewIfNeeded();
      await page.locator(".tile").last().locator("img").waitFor();
      assert.ok(asked().includes(PAGE_MEDIA));
      const first = page.locator(".tile").first();
      assert.equal(await first.locator("img").count(), 0);
      await first.scrollIntoViewIfNeeded();
      await first.locator("img").waitFor();
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a second tap while a game starts is none", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      const started = Promise.withResolvers<null>();
      answers["run"] = () => started.promise;
      await page.goto(device.url());
      const tile = page.locator(".tile").first();
      await tile.click();
      await page.locator(".tile[aria-disabled=true]").waitFor();
      await tile.click({ force: true });
      assert.deepEqual(callsOf(device, "run").map(({ params }) => params), [
        { text: "@SNES/Game 1" },
      ]);
      started.resolve(null);
      await page.locator(".tile[aria-disabled=false]").first().waitFor();
      await tile.click();
      await until("it is started again", () => callsOf(device, "run").length === 2, LIMIT);
      assert.deepEqual(complaints, []);
    }),
});

systemTest(
  "what plays is called once where its system has the same name, and said when it changes",
  {
    whyNot,
    run: () =>
      withScriptedDevice(WIDE, async (device) => {
        const { page, answers, complaints } = device;
        const active = { ...PLAYING, systemName: PLAYING.mediaName };
        answers["media"] = () => ({ active: [active], database: { exists: false } });
        await page.goto(device.url());
        const now = page.getByRole("region", { name: "Now playing" });
        await now.getByText("since").waitFor();
        assert.equal(await now.getByText(PLAYING.mediaName).count(), 1);
        const spoken = page.locator(".unseen[role=status]");
        assert.equal(await spoken.textContent(), "");
        answers["media"] = () => ({ active: [], database: { exists: false } });
        device.notify("media.stopped", {});
        await spoken.getByText("Seven Lanterns has ended").waitFor();
        await page.getByText("This device has no library and no actions yet").waitFor();
        await checkAccess(page, "a device with nothing to start");
        assert.deepEqual(complaints, []);
      }),
  },
);

systemTest("the sections have their places in the address, and the way past them is none", {
  whyNot,
  run: () =>
    withScriptedDevice({ ...WIDE, locale: "de-DE" }, async (device) => {
      const { page, complaints } = device;
      await page.goto(device.url());
      const current = page.locator("nav [aria-current=page]");
      await current.getByText("Spielen").waitFor();
      await page.getByRole("link", { name: "Gerät", exact: true }).click();
      await current.getByText("Gerät").waitFor();
      assert.equal(await current.count(), 1);
      await page.getByRole("link", { name: "Zum Inhalt" }).focus();
      await page.keyboard.press("Enter");
      await page.locator("main:focus").waitFor();
      assert.equal(new URL(page.url()).hash, "#device");
      assert.equal(await current.textContent(), "Gerät");
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a page that made room for others comes back when it is asked to", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, complaints } = device;
      await page.goto(device.url());
      await page.getByText("2 found").waitFor();
      await device.close(4000);
      await page.getByText("This page has made room for others").waitFor();
      await checkAccess(page, "a page that made room");
      assert.equal(device.connections, 1);
      await page.locator(".tile").first().click();
      await page.getByRole("alert").getByText("That did not work: Device away").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("Connected", { exact: true }).waitFor();
      assert.equal(device.connections, 2);
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a page that is let in no more offers to pair, and blames no address for it", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, complaints } = device;
      await page.goto(device.url("127.0.0.2"));
      await page.getByRole("heading", { name: "Pair this phone" }).waitFor();
      // As after pairing: what is kept are credentials.
      const kept = encodeCredentials({
        ...{ clientId: "client", clientName: "Phone", authToken: "token" },
        pairingKey: new Uint8Array(32),
      });
      await page.evaluate(`(${KEEP})(${JSON.stringify(kept)})`);
      device.isRefusing = true;
      await page.reload();
      await page.getByText("The device does not let this phone in").waitFor();
      assert.equal(await page.getByText("If the device has a new address").count(), 0);
      await page.getByRole("button", { name: "Pair again" }).click();
      await page.getByRole("textbox", { name: "PIN" }).waitFor();
      await checkAccess(page, "a page that is let in no more");
      assert.deepEqual(complaints, []);
    }),
});

// The types of a browser are not those of the tests.
const KEEP = `(text) => new Promise((resolve) => {
  indexedDB.open("latchkey", 1).onsuccess = ({ target: { result } }) => {
    const change = result.transaction("pairings", "readwrite");
    change.objectStore("pairings").put(text, "device");
    change.oncomplete = () => {
      result.close();
      resolve();
    };
  };
})`;

systemTest("a page under another name says where to look where the device knows no address", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, complaints } = device;
      await page.goto(device.url("router.test"));
      await page.getByText("Scan the code on its screen").waitFor();
      assert.equal(await page.locator("main a").count(), 0);
      await checkAccess(page, "a page that knows no address");
      assert.equal(device.connections, 0);
      assert.deepEqual(complaints, []);
    }),
});
