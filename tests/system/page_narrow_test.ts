// The page on a small phone, where the sections' bar stands at the foot of the window: what has the
// focus and what the page has to say are never below it. The test plays the device.

import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { SETTINGS_EN } from "../../src/page/device_words.ts";
import { PATIENCE_MS, whyNoPageWorld } from "../support/page_world.ts";
import {
  type ScriptedAnswer,
  scriptedMedia,
  withScriptedDevice,
} from "../support/scripted_device.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoPageWorld();
const LIMIT = { limitMs: PATIENCE_MS };
const SMALL = { viewport: { width: 320, height: 568 } };
const REFUSED = "That did not work";

const SETTINGS = {
  ...{ encryption: true, keepHistory: true, allowedIps: ["10.0.0.1"], metricsAllow: [] },
  ...{ hostNames: [], allowedOrigins: [], allowRun: ["@*"] },
  discovery: { enabled: true, instanceName: "Toy" },
  models: { allow: [], maxConcurrent: 4, queue: 8, perKeyPerMinute: 0, perKeyTokensPerDay: 0 },
  limits: {
    ...{ connectionsPerAddress: 8, unknownConnections: 64, knownConnections: 256 },
    ...{ connectionsPerKey: 16, waitingConnections: 256, connectionWaitS: 5 },
  },
  logLevel: "info",
};

const PEOPLE = ["Sofa", "Kitchen", "Attic", "Cellar"].map((clientName, number) => ({
  ...{ clientId: `1111222${number}`, clientName, role: "member" },
  ...{ createdAt: 1_700_000_000, lastSeenAt: 1_700_000_000 },
}));

const refuse: ScriptedAnswer = () => new Error("Cannot change x");

// The element that has the focus, and whether the window shows all of it above the bar.
const FOCUS = `(() => {
  const { activeElement: one } = document;
  const { top, bottom } = one.getBoundingClientRect();
  return {
    id: one.id,
    isClear: top >= 0 && bottom <= document.querySelector("nav").getBoundingClientRect().top,
  };
})()`;

async function barTop(page: Page): Promise<number> {
  return (await page.locator("nav").boundingBox())?.y ?? NaN;
}

async function bottomOf(one: Locator): Promise<number> {
  const box = await one.boundingBox();
  return box === null ? NaN : box.y + box.height;
}

/** Waits until all of it is seen above the bar. */
async function isSeen(page: Page, one: Locator): Promise<void> {
  await one.waitFor();
  await until("it is seen", async () => {
    const box = await one.boundingBox();
    return box !== null && box.y >= 0 && box.y + box.height <= await barTop(page);
  }, LIMIT);
}

/** Taps a button that stands just above the bar. */
async function tapAboveBar(page: Page, button: Locator): Promise<void> {
  const top = await barTop(page);
  const over = await bottomOf(button) - top;
  await page.evaluate(`scrollBy(0, ${Math.ceil(over)})`);
  assert.ok(Math.abs(await bottomOf(button) - top) <= 2, "it stands just above the bar");
  const box = await button.boundingBox();
  assert.ok(box !== null);
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
}

systemTest("with keys on a small screen, no setting that has the focus is below the bar", {
  whyNot,
  run: () =>
    withScriptedDevice(SMALL, async ({ page, answers, complaints, url }) => {
      answers["settings"] = () => SETTINGS;
      await page.goto(`${url()}#device`);
      const ids = Object.keys(SETTINGS_EN).map((name) => `setting-${name}`);
      await page.locator(`[id="${ids[0]}"]`).focus();
      for (const key of ["Tab", "Shift+Tab"]) {
        for (const [index, id] of ids.entries()) {
          if (index > 0) await page.keyboard.press(key);
          assert.deepEqual(await page.evaluate(FOCUS), { id, isClear: true }, key);
        }
        ids.reverse();
      }
      // No bar, no room for one.
      const room = "getComputedStyle(document.documentElement).scrollPaddingBottom";
      assert.equal(await page.evaluate(room), "72.8px");
      await page.setViewportSize({ width: 1024, height: 568 });
      assert.equal(await page.evaluate(room), "12px");
      assert.deepEqual(complaints, []);
    }),
});

systemTest("what came of a tap just above the bar is scrolled into sight", {
  whyNot,
  run: () =>
    withScriptedDevice(SMALL, async ({ page, answers, complaints, url }) => {
      const save = page.getByRole("button", { name: "Save" });
      const refusal = page.getByRole("alert").getByText(REFUSED);
      answers["settings"] = () => SETTINGS;
      answers["settings.update"] = refuse;
      await page.goto(`${url()}#device`);
      await page.getByLabel("Allowed addresses").fill("x");
      await tapAboveBar(page, save);
      await isSeen(page, refusal);
      answers["settings.update"] = () => ({
        changed: ["limits.waitingConnections"],
        needsRestart: ["limits.waitingConnections"],
      });
      await page.getByRole("button", { name: "Cancel" }).tap();
      await page.getByLabel("Waiting connections").fill("9");
      await tapAboveBar(page, save);
      await isSeen(page, page.getByRole("alert").getByText("Takes effect at the next start"));

      answers["clients"] = () => ({ clients: PEOPLE });
      answers["clients.update"] = refuse;
      await page.goto(`${url()}#people`);
      await page.getByRole("button", { name: "Rename Kitchen" }).tap();
      await tapAboveBar(page, save);
      await isSeen(page, refusal);
      assert.deepEqual(complaints, []);
    }),
});

systemTest("what came of a tap far down a list is seen there", {
  whyNot,
  run: () =>
    withScriptedDevice(SMALL, async ({ page, answers, complaints, url }) => {
      const refusal = page.getByRole("alert").getByText(REFUSED);
      const names = Array.from({ length: 30 }, (_, number) => `Game ${number}`);
      answers["media"] = () => ({
        active: [],
        database: { exists: false, indexing: false, totalMedia: 0 },
      });
      answers["actions"] = () => ({
        actions: names.map((name) => ({ name, system: name, state: "running" })),
      });
      answers["stop"] = refuse;
      await page.goto(url());
      const last = page.getByRole("button", { name: "Stop Game 29" });
      await last.tap();
      await isSeen(page, refusal);
      assert.ok(await page.evaluate("scrollY > 500"), "it is seen where it was caused");

      let isFull = false;
      answers["media"] = () => ({
        active: [],
        database: { exists: true, indexing: false, totalMedia: 90 },
      });
      answers["media.search"] = () =>
        isFull ? new Error("The disk fails") : {
          results: names.map((_, number) => scriptedMedia(number)),
          pagination: { hasNextPage: true, nextCursor: "next" },
        };
      await page.reload();
      await page.getByRole("button", { name: /^Game 0/ }).waitFor();
      isFull = true;
      await page.getByRole("button", { name: "Show more" }).scrollIntoViewIfNeeded();
      await isSeen(page, refusal);
      assert.ok(await page.evaluate("scrollY > 500"), "the list has not gone back");
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a refusal is told no longer than what was refused stands there", {
  whyNot,
  run: () =>
    withScriptedDevice(SMALL, async ({ page, answers, complaints, url }) => {
      const refusal = page.getByRole("alert").getByText(REFUSED);
      answers["settings"] = () => SETTINGS;
      answers["settings.update"] = refuse;
      await page.goto(`${url()}#device`);
      for (
        const [name, wrong, right] of [
          ["Requests at once", "-5", "4"],
          ["Allowed addresses", "x", "10.0.0.1"],
        ] as const
      ) {
        const field = page.getByLabel(name);
        await field.fill(wrong);
        await page.getByRole("button", { name: "Save" }).tap();
        await refusal.waitFor();
        await field.fill(right);
        await refusal.waitFor({ state: "detached" });
      }

      answers["clients"] = () => ({ clients: PEOPLE.slice(0, 1) });
      answers["clients.update"] = refuse;
      await page.goto(`${url()}#people`);
      await page.getByRole("button", { name: "Rename Sofa" }).tap();
      for (
        const end of [
          () => page.getByLabel("New name").fill("Den"),
          () => page.getByRole("button", { name: "Cancel" }).tap(),
        ]
      ) {
        await page.getByRole("button", { name: "Save" }).tap();
        await refusal.waitFor();
        await end();
        await refusal.waitFor({ state: "detached" });
      }
      assert.deepEqual(complaints, []);
    }),
});
