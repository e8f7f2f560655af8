// The page without a pointer: from the PIN to a game, a new name and a question that is left again.
// Whatever has the focus shows it.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  newContext,
  watchPage,
  whyNoPageWorld,
  withBrowser,
  withPageWorld,
} from "../support/page_world.ts";
import { callLocal, withService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const MAX_STOPS = 80;

// What has the focus: its name, and whether one sees that.
const FOCUS = `(() => {
  const { activeElement: one } = document;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  return {
    name: one.getAttribute("aria-label") ?? one.labels?.[0]?.textContent ?? one.textContent,
    // Past the last element the browser's own begin.
    isSeen: one === document.body || outlineStyle !== "none" && outlineWidth !== "0px",
  };
})()`;

async function tabTo(page: Page, wanted: string | RegExp, key = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < MAX_STOPS; stop++) {
    await page.keyboard.press(key);
    const { name, isSeen } = await page.evaluate(FOCUS) as { name: string; isSeen: boolean };
    assert.ok(isSeen, `the focus is not seen: ${name}`);
    passed.push(name);
    if (typeof wanted === "string" ? name === wanted : wanted.test(name)) return;
  }
  assert.fail(`${wanted} is not among: ${passed.join(" | ")}`);
}

systemTest("without a pointer: pair, search, play, stop, rename and leave a question", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withPageWorld(57, async (world) => {
      const { page, complaints } = await world.openPhone({
        ...{ isMobile: false, hasTouch: false, reducedMotion: "reduce" },
        viewport: { width: 320, height: 640 },
      });
      const { baseUrl } = world.service();
      const { pin } = await callLocal(baseUrl, "clients.pair.start", { role: "admin" }) as {
        pin: string;
      };
      await page.goto(world.pageUrl);
      await page.getByRole("heading", { name: "Pair this phone" }).waitFor();
      // Who listens hears first what this is about.
      await page.locator("h1:focus").waitFor();
      await tabTo(page, /^PIN on the device's screen/);
      await page.keyboard.type(pin);
      await page.keyboard.press("Enter");
      await page.getByText(`${world.card.titles.length} found`).waitFor();

      await tabTo(page, "Search games");
      await page.keyboard.type("lantern");
      await page.getByText("1 found").waitFor();
      await tabTo(page, /^Seven Lanterns/);
      await page.keyboard.press("Enter");
      const now = page.getByRole("region", { name: "Now playing" });
      await now.getByText("Seven Lanterns").waitFor();
      await now.locator("img").waitFor();
      // Who does not look is told.
      await page.locator(".unseen[role=status]").getByText("Seven Lanterns is playing").waitFor();
      await tabTo(page, "Stop Seven Lanterns", "Shift+Tab");
      await page.keyboard.press("Enter");
      await now.getByText("Nothing is playing").waitFor();
      // What had the focus is gone; it is still in the same place.
      await page.locator("section:focus").getByText("Nothing is playing").waitFor();

      await tabTo(page, "People");
      await page.keyboard.press("Enter");
      await page.locator("h1:focus").getByText("People").waitFor();
      await tabTo(page, /^Rename /);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("Sofa");
      await page.keyboard.press("Enter");
      await page.getByText("Sofa", { exact: true }).waitFor();
      await page.locator("li:focus").getByText("Sofa").waitFor();
      const { clients } = await callLocal(baseUrl, "clients") as {
        clients: { clientName: string }[];
      };
      assert.deepEqual(clients.map(({ clientName }) => clientName), ["Sofa"]);

      await tabTo(page, "Unpair this phone?");
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      const { name } = await page.evaluate(FOCUS) as { name: string };
      assert.equal(name, "Unpair this phone?");

      // Nothing moves for who asked for that; it does for others.
      const moving = 'getComputedStyle(document.querySelector("button")).transitionDuration';
      assert.equal(await page.evaluate(moving), "0s");
      await page.emulateMedia({ reducedMotion: "no-preference" });
      assert.notEqual(await page.evaluate(moving), "0s");
      assert.deepEqual(complaints, []);
    }),
});

systemTest("without a pointer: settings keep the focus through every save", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withService({}, ({ baseUrl }) =>
      withBrowser({}, async (browser) => {
        const context = await newContext(browser, { viewport: { width: 1024, height: 768 } });
        const { page, complaints } = await watchPage(await context.newPage());
        const isSet = async (name: string, value: unknown): Promise<void> => {
          const read = async (): Promise<unknown> =>
            (await callLocal(baseUrl, "settings") as Record<string, unknown>)[name];
          await until(`${name} is ${value}`, async () => await read() === value);
        };
        await page.goto(`${baseUrl}/app/#device`);
        await page.getByRole("switch", { name: "Keep a history" }).waitFor();
        await tabTo(page, "Keep a history");
        const history = page.locator("input[role=switch]:focus");
        for (const isOn of [false, true, false]) {
          await page.keyboard.press("Space");
          await isSet("keepHistory", isOn);
          await page.getByText(`Keep a history · ${!isOn} → ${isOn}`).first().waitFor();
          await until("the switch shows it", async () => await history.isChecked() === isOn);
        }
        await tabTo(page, "Name in the network");
        await page.keyboard.type("Den");
        await page.keyboard.press("Enter");
        await page.getByText("Name in the network: Saved").waitFor();
        await page.locator("input[id='setting-discovery.instanceName']:focus").waitFor();
        await page.getByRole("button", { name: "Save" }).waitFor({ state: "detached" });
        await tabTo(page, "Log level");
        await page.keyboard.press("w");
        await isSet("logLevel", "warn");
        await page.locator("select:focus").waitFor();
        assert.deepEqual(complaints, []);
      })),
});

systemTest("a browser that keeps nothing pairs for as long as the page is open, and says so", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withPageWorld(58, async (world) => {
      const { page, complaints } = await world.openPhone();
      await page.addInitScript(
        'indexedDB.open = () => { throw new DOMException("Not here", "SecurityError"); }',
      );
      const { pin } = await callLocal(world.service().baseUrl, "clients.pair.start") as {
        pin: string;
      };
      await page.goto(`${world.pageUrl}#pair=${pin}`);
      await page.getByRole("button", { name: "Pair this phone" }).click();
      await page.getByText("Connected", { exact: true }).waitFor();
      await page.getByText("This browser keeps nothing for this page").waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Pair this phone" }).waitFor();
      assert.deepEqual(complaints, []);
    }),
});
