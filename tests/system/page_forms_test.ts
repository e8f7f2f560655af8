// What the page sends to its device and makes of refusals: settings, who is paired, the records. The
// test plays the device.

import assert from "node:assert/strict";
import { checkAccess, PATIENCE_MS, whyNoPageWorld } from "../support/page_world.ts";
import {
  callsOf,
  type ScriptedAnswer,
  scriptedMedia,
  withScriptedDevice,
} from "../support/scripted_device.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoPageWorld();
const LIMIT = { limitMs: PATIENCE_MS };
const WIDE = { viewport: { width: 1024, height: 768 } };

const SETTINGS = {
  keepHistory: true,
  allowedIps: ["10.0.0.1"],
  limits: { waitingConnections: 256 },
  discovery: { instanceName: "Toy" },
  logLevel: "info",
};

systemTest("a setting is sent as what it is, and what the device says of it is shown", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      let needsRestart: string[] = [];
      let settings: Record<string, unknown> = SETTINGS;
      answers["settings"] = () => settings;
      const take: ScriptedAnswer = (change) => {
        const isBack = Object.hasOwn(change, "discovery");
        if (!isBack) settings = { ...settings, ...change };
        return { changed: isBack ? [] : Object.keys(change), needsRestart };
      };
      answers["settings.update"] = take;
      await page.goto(`${device.url()}#device`);
      const save = page.getByRole("button", { name: "Save" });
      const sent = async (count: number): Promise<unknown> => {
        await until("it is sent", () => callsOf(device, "settings.update").length === count, LIMIT);
        return callsOf(device, "settings.update").at(-1)?.params;
      };
      const addresses = page.getByLabel("Allowed addresses");
      await addresses.fill("10.0.0.1\n\n 192.0.2.0/24 \n");
      await save.click();
      assert.deepEqual(await sent(1), { allowedIps: ["10.0.0.1", "192.0.2.0/24"] });
      await page.locator(".unseen[role=status]").getByText("Allowed addresses: Saved").waitFor();
      // Left without saving.
      await addresses.fill("x");
      await page.getByRole("button", { name: "Cancel" }).click();
      assert.equal(await addresses.inputValue(), "10.0.0.1\n192.0.2.0/24");
      assert.equal(await save.count(), 0);

      const name = page.getByLabel("Name in the network");
      await name.fill("  ");
      await name.press("Enter");
      assert.deepEqual(await sent(2), { discovery: { instanceName: null } });
      // Where the owner's file says the same, the field shows it again.
      await save.waitFor({ state: "detached" });
      assert.equal(await name.inputValue(), "Toy");

      needsRestart = ["limits.waitingConnections"];
      const waiting = page.getByLabel("Waiting connections");
      await waiting.fill("12");
      await waiting.press("Enter");
      assert.deepEqual(await sent(3), { limits: { waitingConnections: 12 } });
      await page.getByRole("alert").getByText("Takes effect at the next start").waitFor();
      await page.getByLabel("Log level").selectOption("warn");
      assert.deepEqual(await sent(4), { logLevel: "warn" });
      // The note of another field stays.
      await page.getByRole("alert").getByText("Takes effect at the next start").first().waitFor();

      // Nothing is not 0, which would be no limit.
      const alert = page.getByRole("alert");
      for (const typed of ["", "  ", "twelve"]) {
        await waiting.fill(typed);
        await waiting.press("Enter");
        await alert.getByText("A number belongs here.").waitFor();
        await page.getByRole("button", { name: "Cancel" }).click();
        await alert.getByText("A number belongs here.").waitFor({ state: "detached" });
        assert.equal(await waiting.inputValue(), "12");
      }
      assert.equal(callsOf(device, "settings.update").length, 4);

      answers["settings.update"] = () => new Error("Cannot change x: expected 1 to 60");
      await waiting.fill("99");
      await waiting.press("Enter");
      await alert.getByText("That did not work: Cannot change x: expected 1 to 60").waitFor();
      assert.equal(await waiting.inputValue(), "99");
      await checkAccess(page, "a refused setting");
      await page.getByLabel("Keep a history").click();
      await alert.getByText("expected 1 to 60").nth(1).waitFor();
      await page.getByRole("switch", { name: "Keep a history", checked: true }).waitFor();

      // Somebody else changes it.
      settings = { ...settings, keepHistory: false, limits: { waitingConnections: 7 } };
      device.notify("settings.changed", {});
      await page.getByRole("switch", { name: "Keep a history", checked: false }).waitFor();
      await until("the field shows it", async () => await waiting.inputValue() === "7", LIMIT);
      await alert.getByText("expected 1 to 60").first().waitFor({ state: "detached" });
      assert.equal(await save.count(), 0);
      assert.deepEqual(complaints, []);
    }),
});

const PERSON = {
  ...{ clientId: "11112222", clientName: "Sofa", createdAt: 1_700_000_000 },
  ...{ lastSeenAt: 1_700_000_000, role: "member" },
};

systemTest("what is typed after a save stays when the device tells of what was saved", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      let settings: Record<string, unknown> = SETTINGS;
      answers["settings"] = () => settings;
      answers["settings.update"] = (change) => ({ changed: Object.keys(change), needsRestart: [] });
      await page.goto(`${device.url()}#device`);
      const addresses = page.getByLabel("Allowed addresses");
      await addresses.fill("10.0.0.8");
      await page.getByRole("button", { name: "Save" }).click();
      await page.locator(".unseen[role=status]").getByText("Allowed addresses: Saved").waitFor();
      await addresses.fill("10.0.0.9");
      settings = { ...settings, allowedIps: ["10.0.0.8"], logLevel: "error" };
      device.notify("settings.changed", {});
      const level = page.getByLabel("Log level");
      await until("it is told", async () => await level.inputValue() === "error", LIMIT);
      assert.equal(await addresses.inputValue(), "10.0.0.9");
      await page.getByRole("button", { name: "Cancel" }).click();
      assert.equal(await addresses.inputValue(), "10.0.0.8");
      assert.deepEqual(complaints, []);
    }),
});

systemTest("an open pairing is closed by hand, and gone when its time is over", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      let pin: string | undefined;
      await page.clock.install();
      await page.goto(device.url());
      await page.getByText("2 found").waitFor();
      const nowS = await page.evaluate("Date.now() / 1000") as number;
      const pairing = (): unknown =>
        pin === undefined ? null : { pin, role: "admin", expiresAt: nowS + 300 };
      answers["clients.pair.current"] = pairing;
      answers["clients.pair.start"] = () => {
        pin = "012345";
        return pairing();
      };
      answers["clients.pair.cancel"] = () => {
        pin = undefined;
        return null;
      };
      answers["clients"] = () => ({ clients: [PERSON] });
      await page.getByRole("link", { name: "People" }).click();
      const open = page.getByRole("button", { name: "Open pairing" });
      await page.getByLabel("Pair the next phone as").selectOption("admin");
      await open.click();
      await page.getByLabel("PIN 012345").getByText("012 345").waitFor();
      await page.getByText("The next phone becomes: Admin").waitFor();
      assert.deepEqual(callsOf(device, "clients.pair.start")[0]?.params, { role: "admin" });
      await page.getByRole("button", { name: "Close pairing" }).click();
      await open.waitFor();
      assert.equal(callsOf(device, "clients.pair.cancel").length, 1);

      await open.click();
      await page.getByLabel("PIN 012345").waitFor();
      pin = undefined;
      await page.clock.fastForward(302_000);
      await open.waitFor();

      answers["clients.update"] = () => new Error("The last admin stays one");
      await page.getByLabel("Role of Sofa").selectOption("admin");
      await page.getByRole("alert").getByText("The last admin stays one").waitFor();
      assert.deepEqual(complaints, []);
    }),
});

systemTest("a member may not rename itself, and what the device refuses stays as it was shown", {
  whyNot,
  run: () =>
    withScriptedDevice({ ...WIDE, locale: "de-DE" }, async (device) => {
      const { page, answers, complaints } = device;
      answers["clients.current"] = () => ({ access: "member", client: PERSON });
      await page.goto(`${device.url()}#people`);
      await page.getByText("Sofa", { exact: true }).waitFor();
      await page.getByText("Mitglied", { exact: true }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Sofa umbenennen" }).count(), 0);
      await page.getByRole("link", { name: "Gerät", exact: true }).click();
      await page.getByText("Ein Verwalter kann sie ändern.").waitFor();
      assert.deepEqual(complaints, []);
    }),
});

systemTest("records that cannot be had are told of, and those that were there stay", {
  whyNot,
  run: () =>
    withScriptedDevice({ ...WIDE, timezoneId: "America/St_Johns" }, async (device) => {
      const { page, answers, complaints } = device;
      // The device's day is that of UTC, wherever the phone is.
      const key = { keyId: "abcdefgh", requests: 1234, promptTokens: 1, outputTokens: 2 };
      answers["usage"] = () => ({ usage: [{ ...key, day: "2026-01-31" }] });
      answers["keys"] = () => ({ keys: [{ keyId: "abcdefgh", name: "Assistant" }] });
      const details = { keyId: "abcdefgh", scopes: "models" };
      answers["audit"] = () => ({
        entries: [
          { id: 0, at: "2026-01-31T11:00:00Z", event: "key_added", details },
          { id: 1, at: "2026-01-31T12:00:00Z", event: "backup_created", details: { clients: 2 } },
          { id: 2, at: "2026-01-31T12:00:00Z", event: "something_new", details: { a: 1 } },
        ],
      });
      await page.goto(`${device.url()}#device`);
      await page.getByRole("rowheader", { name: "Sat 31 January" }).waitFor();
      await page.getByRole("cell", { name: "Assistant" }).waitFor();
      assert.deepEqual(await page.getByRole("cell").allTextContents(), ["Assistant", "1,234", "3"]);
      const entries = page.locator(".log li p");
      await entries.nth(2).getByText("Assistant").waitFor();
      assert.deepEqual(await entries.allTextContents(), [
        "something new a: 1",
        "Backup made phones: 2",
        "Key added Assistant · models",
      ]);
      await checkAccess(page, "records");
      for (const method of ["usage", "audit"]) answers[method] = () => new Error("The disk fails");
      await device.close(1001);
      await page.getByText("That did not work: The disk fails").waitFor();
      await page.getByText("The model gateway is off.").waitFor();
      assert.equal(await entries.count(), 3);
      assert.equal(await page.getByRole("cell").count(), 3);
      assert.deepEqual(complaints, []);
    }),
});

systemTest(
  "what the device refused is told until it has become otherwise, in the page's language",
  {
    whyNot,
    run: () =>
      withScriptedDevice({ ...WIDE, locale: "de-DE" }, async (device) => {
        const { page, answers, complaints } = device;
        const alert = page.getByRole("alert");
        const conflict = alert.getByText("Das ging nicht: es gilt schon eine PIN");
        answers["clients"] = () => ({ clients: [PERSON] });
        answers["clients.pair.start"] = () =>
          new Error("A PIN is already valid", { cause: "conflict" });
        await page.goto(`${device.url()}#people`);
        await page.getByRole("button", { name: "Koppeln öffnen" }).click();
        await conflict.waitFor();
        const pairing = { pin: "012345", role: "member", expiresAt: Date.now() / 1000 + 300 };
        answers["clients.pair.current"] = () => pairing;
        device.notify("clients.pair.opened", {});
        await page.getByText("Das nächste Telefon wird: Mitglied").waitFor();
        await conflict.waitFor({ state: "detached" });
        answers["clients.pair.current"] = () => null;
        answers["clients"] = () => ({ clients: [] });
        device.notify("clients.changed", {});
        // Who has nobody yet is not asked what the first one is to be.
        await page.getByText("Das erste Telefon wird Verwalter.").waitFor();
        assert.equal(await page.getByRole("combobox").count(), 0);
        answers["clients.pair.start"] = () => pairing;
        await page.getByRole("button", { name: "Koppeln öffnen" }).click();
        await until("it is asked", () => callsOf(device, "clients.pair.start").length === 2, LIMIT);
        assert.deepEqual(callsOf(device, "clients.pair.start")[1]?.params, {});

        await page.getByRole("link", { name: "Spielen" }).click();
        const game = page.getByRole("button", { name: /^Game 7/ });
        answers["run"] = () => new Error("No action matches", { cause: "not_found" });
        await game.click();
        await alert.getByText("Das ging nicht: dazu gibt es nichts").waitFor();
        // What the link had to do with is over when it is there again.
        await device.close(1001);
        await alert.getByText("Das ging nicht").waitFor({ state: "detached" });

        const search = page.getByLabel("Spiele suchen");
        assert.equal(await search.getAttribute("maxlength"), "256");
        answers["media.search"] = () => new Error("No such page", { cause: "bad_request" });
        await search.fill("x");
        await alert.getByText("Das ging nicht: so lässt sich nicht suchen").waitFor();
        assert.equal(await game.count(), 1);
        answers["media.search"] = () => ({ results: [scriptedMedia(9)], pagination: {} });
        await search.fill("xy");
        await page.getByRole("button", { name: /^Game 9/ }).waitFor();
        await alert.getByText("Das ging nicht").waitFor({ state: "detached" });
        assert.deepEqual(complaints, []);
      }),
  },
);

systemTest("a page that comes into view again asks for what nobody tells", {
  whyNot,
  run: () =>
    withScriptedDevice(WIDE, async (device) => {
      const { page, answers, complaints } = device;
      answers["clients"] = () => ({ clients: [PERSON] });
      await page.goto(`${device.url()}#people`);
      await page.getByText("Sofa", { exact: true }).waitFor();
      answers["clients"] = () => ({ clients: [{ ...PERSON, clientName: "Kitchen" }] });
      await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
      await page.getByText("Kitchen", { exact: true }).waitFor();
      assert.deepEqual(complaints, []);
    }),
});
