// The library on the page: systems, favourites by touch, by keyboard and in German, and a refusal that
// is in sight.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  checkAccess,
  type PageWorld,
  whyNoPageWorld,
  withPageWorld,
} from "../support/page_world.ts";
import { callLocal } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

async function favorites({ service }: PageWorld): Promise<string[]> {
  const { results } = await callLocal(service().baseUrl, "media.search", {
    tags: ["user:favorite"],
  }) as { results: { name: string }[] };
  return results.map(({ name }) => name);
}

async function pairPage(world: PageWorld, page: Page, button: string): Promise<void> {
  const { baseUrl } = world.service();
  const { pin } = await callLocal(baseUrl, "clients.pair.start", { role: "member" }) as {
    pin: string;
  };
  await page.goto(`${world.pageUrl}#pair=${pin}`);
  await page.getByRole("button", { name: button }).click();
}

const whyNot = await whyNoPageWorld();

systemTest("a game becomes a favourite by a tap and by a key, and is one for everybody", {
  whyNot,
  run: () =>
    withPageWorld(53, async (world) => {
      const { page, complaints } = await world.openPhone();
      await pairPage(world, page, "Pair this phone");
      await page.getByText(`${world.card.titles.length} found`).waitFor();

      // Each system has a colour of its own.
      const covers = await page.locator(".tile .cover").evaluateAll((all) =>
        all.map(({ className }: { className: string }) => className)
      );
      assert.equal(new Set(covers).size, 2);

      // A system's games alone.
      await page.getByRole("button", { name: "Game Boy", exact: true }).tap();
      await page.getByText("5 found").waitFor();
      assert.equal(await page.getByRole("button", { pressed: true }).textContent(), "Game Boy");
      await page.getByRole("button", { name: "Favourites", exact: true }).tap();
      await page.getByText("Tap the star on a game to find it here.").waitFor();
      await checkAccess(page, "no favourites");
      await page.getByRole("button", { name: "All", exact: true }).tap();

      const star = (name: string) => page.getByRole("button", { name: `Favourite: ${name}` });
      const pressed = (name: string) =>
        page.getByRole("button", { name: `Favourite: ${name}`, pressed: true });
      await star("Moon Post").tap();
      await pressed("Moon Post").waitFor();
      // The star alone starts nothing.
      assert.equal(await callLocal(world.service().baseUrl, "media.active"), null);
      assert.deepEqual(await favorites(world), ["Moon Post"]);
      await star("Überland").focus();
      await page.keyboard.press("Space");
      await pressed("Überland").waitFor();
      assert.equal(
        await page.evaluate("document.activeElement.getAttribute('aria-label')"),
        "Favourite: Überland",
      );
      await checkAccess(page, "favourites among others");

      const second = await world.openPhone({ locale: "de-DE", colorScheme: "dark" });
      await pairPage(world, second.page, "Dieses Telefon koppeln");
      await second.page.getByRole("button", { name: "Favoriten", exact: true }).tap();
      await second.page.getByText("2 gefunden").waitFor();
      await checkAccess(second.page, "favourites in the dark");
      const german = second.page.getByRole("button", { name: "Favorit: Moon Post" });
      await german.focus();
      await second.page.keyboard.press("Enter");
      // It stays in sight until the next search, to be made one again.
      await german.and(second.page.getByRole("button", { pressed: false })).waitFor();
      assert.deepEqual(await favorites(world), ["Überland"]);
      await second.page.getByRole("searchbox").fill("o");
      await second.page.getByText("Nichts gefunden").waitFor();
      await second.page.getByRole("searchbox").fill("");
      await second.page.getByText("1 gefunden").waitFor();

      // What does not work is said where it is seen, and the star stays as it was.
      assert.deepEqual([...complaints, ...second.complaints], []);
      await world.stop();
      await page.getByText("Living room does not answer").waitFor();
      await star("Winter Garden 2").tap();
      const told = page.getByRole("alert").getByText("That did not work");
      await told.waitFor();
      const box = await told.boundingBox();
      assert.ok(box !== null && box.y >= 0 && box.y + box.height <= 780, JSON.stringify(box));
      assert.equal(await star("Winter Garden 2").getAttribute("aria-pressed"), "false");
    }),
});
