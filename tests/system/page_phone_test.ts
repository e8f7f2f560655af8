// A phone's whole life with the page, in a real browser on another host over plain http.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  checkAccess,
  type PageWorld,
  PATIENCE_MS,
  ROUTER_NAME,
  whyNoPageWorld,
  withPageWorld,
} from "../support/page_world.ts";
import { callLocal, openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoPageWorld();
const LIMIT = { limitMs: PATIENCE_MS };

async function scan({ pageUrl, service }: PageWorld, page: Page): Promise<void> {
  await page.goto(`${pageUrl}#pair=${await openPairing(service().baseUrl)}`);
}

async function pairPage(world: PageWorld, page: Page): Promise<void> {
  await scan(world, page);
  await page.getByRole("button", { name: "Pair this phone" }).click();
  await page.getByText("Connected", { exact: true }).waitFor();
}

async function clientIds({ service }: PageWorld): Promise<string[]> {
  const { clients } = await callLocal(service().baseUrl, "clients") as {
    clients: { clientId: string }[];
  };
  return clients.map(({ clientId }) => clientId);
}

systemTest("scan, tap, play: a phone from its first scan to its removal", {
  whyNot,
  run: () =>
    withPageWorld(50, async (world) => {
      const { page, complaints } = await world.openPhone();
      const { card } = world;
      await scan(world, page);
      await page.getByRole("heading", { name: "Pair this phone" }).waitFor();
      await page.getByText("with Living room").waitFor();
      // The PIN stands in no address any more, and nobody types it.
      assert.equal(page.url(), world.pageUrl);
      assert.equal(await page.getByRole("textbox", { name: "PIN" }).count(), 0);
      assert.equal(await page.evaluate("isSecureContext"), false);
      await checkAccess(page, "the view that pairs");
      await page.getByRole("button", { name: "Pair this phone" }).click();

      await page.getByText("Connected", { exact: true }).waitFor();
      await page.getByText(`${card.titles.length} found`).waitFor();
      await page.getByText("Nothing is playing").waitFor();
      assert.equal(await page.locator(".tile").count(), card.titles.length);
      await page.locator(".tile img").first().waitFor();
      await checkAccess(page, "the library");

      // Found while it is typed, and started by a tap.
      await page.getByRole("searchbox").fill("lantern");
      await page.getByText("1 found").waitFor();
      await page.getByRole("button", { name: "Seven Lanterns Super Nintendo Start" }).tap();
      const now = page.getByRole("region", { name: "Now playing" });
      await now.getByText("Seven Lanterns").waitFor();
      const playing = await callLocal(world.service().baseUrl, "media.active") as {
        mediaName: string;
      };
      assert.equal(playing.mediaName, "Seven Lanterns");
      await checkAccess(page, "what plays");
      await page.getByRole("button", { name: "Stop Seven Lanterns" }).tap();
      await page.getByText("Nothing is playing").waitFor();

      // What others start is there by itself.
      await callLocal(world.service().baseUrl, "run", { text: "@Gameboy/Moon Post" });
      await now.getByText("Moon Post").waitFor();
      await callLocal(world.service().baseUrl, "run", { text: "**stop" });
      await page.getByText("Nothing is playing").waitFor();
      assert.deepEqual(complaints, []);

      // The device restarts; the page comes back by itself.
      await world.stop();
      await page.getByText("Living room does not answer").waitFor();
      await checkAccess(page, "a device that is away");
      await world.start();
      await page.getByText("Connected", { exact: true }).waitFor();
      assert.equal(await page.getByText("does not answer").count(), 0);
      await callLocal(world.service().baseUrl, "run", { text: "@Gameboy/Moon Post" });
      await now.getByText("Moon Post").waitFor();

      // A page that is opened again needs no PIN.
      await page.reload();
      await now.getByText("Moon Post").waitFor();

      // Somebody at the device removes the phone: the page says so and offers to pair.
      const [clientId = ""] = await clientIds(world);
      await callLocal(world.service().baseUrl, "clients.delete", { clientId });
      await page.getByRole("heading", { name: "This phone was removed" }).waitFor();
      await checkAccess(page, "a removed phone");
      await page.reload();
      await page.getByRole("heading", { name: "This phone was removed" }).waitFor();
      const pin = await openPairing(world.service().baseUrl);
      await page.getByRole("textbox", { name: "PIN" }).fill(pin);
      await page.getByRole("button", { name: "Pair this phone" }).tap();
      await now.getByText("Moon Post").waitFor();
      assert.notDeepEqual(await clientIds(world), [clientId]);

      // All that is on the console are the connections of the time without a device.
      const others = complaints.filter((text) => !/ERR_CONNECTION_REFUSED|WebSocket/.test(text));
      assert.deepEqual(others, []);
    }),
});

systemTest("two tabs are one phone, and a phone without network says so", {
  whyNot,
  run: () =>
    withPageWorld(51, async (world) => {
      const { page, complaints } = await world.openPhone();
      const second = await page.context().newPage();
      await second.goto(world.pageUrl);
      await second.getByRole("textbox", { name: "PIN" }).waitFor();
      await pairPage(world, page);
      // The other tab follows by itself.
      await second.getByText("Connected", { exact: true }).waitFor();
      assert.equal((await clientIds(world)).length, 1);
      await page.getByRole("button", { name: /^Amber Falls/ }).click();
      await second.getByRole("region", { name: "Now playing" }).getByText("Amber Falls").waitFor();

      const { service, host } = world;
      const link = `${host.namespace}b`;
      await host.run("ip", "link", "set", link, "down");
      await page.getByText("This phone is offline").waitFor();
      await callLocal(service().baseUrl, "run", { text: "@SNES/Comet Rally" });
      await host.run("ip", "link", "set", link, "up");
      for (const tab of [page, second]) {
        await tab.getByText("Connected", { exact: true }).waitFor();
        await tab.getByRole("region", { name: "Now playing" }).getByText("Comet Rally").waitFor();
      }

      await page.getByRole("link", { name: "People" }).click();
      await page.getByText("Android phone (Chrome)").waitFor();
      await checkAccess(page, "the phone's own entry");
      await page.getByRole("button", { name: "Unpair this phone?" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Unpair this phone" }).click();
      for (const tab of [page, second]) {
        await tab.getByRole("heading", { name: "Pair this phone" }).waitFor();
      }
      const others = complaints.filter((text) => !/ERR_|WebSocket/.test(text));
      assert.deepEqual(others, []);
    }),
});

systemTest("a member sees what it may, an admin changes settings, and each hears of it", {
  whyNot,
  run: () =>
    withPageWorld(52, async (world) => {
      const admin = await world.openPhone({ colorScheme: "dark", locale: "de-DE" });
      await scan(world, admin.page);
      await admin.page.getByRole("button", { name: "Dieses Telefon koppeln" }).click();
      await admin.page.getByText("Verbunden", { exact: true }).waitFor();
      await checkAccess(admin.page, "the library in the dark");
      await admin.page.getByRole("link", { name: "Gerät" }).click();
      await admin.page.getByLabel("Name im Netz").fill("Küche");
      await admin.page.getByRole("button", { name: "Speichern" }).click();
      await until("the setting is kept", async () => {
        const settings = await callLocal(world.service().baseUrl, "settings") as {
          discovery: { instanceName: string | null };
        };
        return settings.discovery.instanceName === "Küche";
      }, LIMIT);
      assert.ok(await admin.page.getByRole("switch", { name: "Verschlüsselung" }).isDisabled());
      await checkAccess(admin.page, "the settings in the dark");

      const member = await world.openPhone({
        viewport: { width: 320, height: 640 },
        reducedMotion: "reduce",
      });
      await pairPage(world, member.page);
      await member.page.locator(".device").getByText("Küche").waitFor();
      await checkAccess(member.page, "the library at 320 pixels");
      await member.page.getByRole("link", { name: "Device" }).click();
      await member.page.getByText("An admin can change these.").waitFor();
      assert.ok(await member.page.getByRole("switch", { name: "Visible" }).isDisabled());
      assert.equal(await member.page.getByLabel("Allowed addresses").count(), 0);
      await checkAccess(member.page, "the settings of a member");

      // Under a name that is not the device's own, the page leads to its address, PIN and all.
      const lost = await world.openPhone();
      const pin = await openPairing(world.service().baseUrl);
      await lost.page.goto(
        world.pageUrl.replace(world.host.deviceAddress, ROUTER_NAME) +
          `#pair=${pin}`,
      );
      await lost.page.getByText("The device does not take connections").waitFor();
      assert.equal(await lost.page.getByText("Küche").count(), 0);
      await checkAccess(lost.page, "a page under a router's name");
      await lost.page.getByRole("link", { name: /^Go to http/ }).click();
      await lost.page.getByRole("button", { name: "Pair this phone" }).click();
      await lost.page.getByText("Connected", { exact: true }).waitFor();
      assert.equal(lost.page.url(), world.pageUrl);
      const complaints = [admin, member, lost].flatMap(({ complaints }) => complaints);
      assert.deepEqual(complaints, []);
    }),
});
