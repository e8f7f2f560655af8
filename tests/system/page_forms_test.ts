// What the page sends to its device and makes of refusals: settings, who is paired, the records. The
// test plays the device.

import assert from "node:assert/strict";
import { checkAccess, PATIENCE_MS, whyNoPageWorld } from "../support/page_world.ts";
import { callsOf, withScriptedDevice } from "../support/scripted_device.ts";
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
      answers["settings"] = () => SETTINGS;
      answers["settings.update"] = () => ({ needsRestart });
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
      assert.equal(await addresses.inputValue(), "10.0.0.1");
      assert.equal(await save.count(), 0);

      const name = page.getByLabel("Name in the network");
      await name.fill("  ");
      await name.press("Enter");
      assert.deepEqual(await sent(2), { discovery: { instanceName: null } });
      await page.getByRole("button", { name: "Cancel" }).click();

      needsRestart = ["limits.waitingConnections"];
      const waiting = page.getByLabel("Waiting connections");
      await waiting.fill("12");
      await waiting.press("Enter");
      assert.deepEqual(await sent(3), { limits: { waitingConnections: 12 } });
      await page.getByRole("alert").getByText("Takes effect at the next start").waitFor();
      await page.getByLabel("Log level").selectOption("warn");
      assert.deepEqual(await sent(4), { logLevel: "warn" });

      answers["settings.update"] = () => new Error("expected a number");
      await waiting.fill("twelve");
      await waiting.press("Enter");
      await page.getByRole("alert").getByText("That did not work: expected a number").waitFor();
      await checkAccess(page, "a refused setting");
      assert.deepEqual(complaints, []);
    }),
});

const PERSON = {
  ...{ clientId: "11112222", clientName: "Sofa", createdAt: 1_700_000_000 },
  ...{ lastSeenAt: 1_700_000_000, role: "member" },
};

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
      const pairing = (): unknown => pin === undefined ? null : { pin, expiresAt: nowS + 300 };
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
