// What the page says when pairing does not work, in a real browser over the device's own routes and
// window; its clock is the test's.

import assert from "node:assert/strict";
import type { Browser, Page, Route } from "playwright-core";
import { MAX_CLIENT_NAME_BYTES } from "../../src/features/access/client.ts";
import { PIN_LIFETIME_MS } from "../../src/features/pairing/pairing_limits.ts";
import { type Device, LOCAL, openDevice } from "../edges/http/device.ts";
import { burnPin, setUp } from "../features/pairing/pairing_fixture.ts";
import {
  checkAccess,
  newContext,
  watchPage,
  whyNoPageWorld,
  withBrowser,
} from "../support/page_world.ts";
import { systemTest } from "../support/system_test.ts";

const BURNED_PINS = 5;
/** Until "01:05" as until "22:05", with the day where it is tomorrow. */
const CLOSED_UNTIL =
  /^Pairing is closed until (\d{1,2} \w+ \d{4}, )?\d\d:\d\d, because of too many wrong PINs/;

interface Served {
  readonly device: Device;
  readonly url: string;
  readonly browser: Browser;
  /** Nobody answers any more. */
  stop(): Promise<void>;
}

async function withServedDevice(test: (served: Served) => Promise<void>): Promise<void> {
  const settings = { allowedOrigins: [] as string[] };
  const device = openDevice({ settings, maxClients: 2 });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    // Who is local has no limits of requests, which the test's clock would never lift.
    const { method, headers, body } = request;
    return device.fetch(pathname, { method, headers, body, peer: LOCAL });
  });
  // To the browser this is not the device itself, which would not have to pair.
  const url = `http://phone.test:${server.addr.port}`;
  settings.allowedOrigins.push(url);
  try {
    const args = ["--host-resolver-rules=MAP phone.test 127.0.0.1"];
    await withBrowser(
      { args },
      (browser) => test({ device, url, browser, stop: () => server.shutdown() }),
    );
  } finally {
    device.pairing.close();
    await server.shutdown();
  }
}

async function pairWith(page: Page, pin: string): Promise<void> {
  await page.getByRole("textbox", { name: "PIN" }).fill(pin);
  await page.getByRole("button", { name: "Pair this phone" }).click();
}

async function hasSaid(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole("alert").getByText(text).waitFor();
}

function otherPin(pin: string): string {
  return pin === "000000" ? "000001" : "000000";
}

systemTest("the page says why a phone cannot pair", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withServedDevice(async ({ device, url, browser, stop }) => {
      const { pairing, clock, clients } = device;
      const { page, complaints } = await watchPage(await (await newContext(browser)).newPage());

      // A code of yesterday.
      await page.goto(`${url}/app/#pair=123456`);
      await page.getByRole("button", { name: "Pair this phone" }).click();
      await hasSaid(page, "Pairing is closed. Open it on the device");
      await checkAccess(page, "closed pairing");

      await pairWith(page, "12345");
      await hasSaid(page, "The PIN has 6 digits.");

      const { pin } = pairing.open();
      await pairWith(page, otherPin(pin));
      await hasSaid(page, "Wrong PIN. One try is left.");
      await checkAccess(page, "a wrong PIN");
      await pairWith(page, otherPin(pin));
      await hasSaid(page, "Wrong PIN. No try is left for this phone");
      await pairWith(page, pin);
      await hasSaid(page, "Too many wrong PINs. Pairing is closed for this phone");
      assert.equal(clients.length, 0);
      pairing.cancel();

      // Scanned in time, tapped too late.
      await page.goto(`${url}/app/#pair=${pairing.open().pin}`);
      await page.getByText("There is nothing to type").waitFor();
      clock.advance(PIN_LIFETIME_MS);
      await page.getByRole("button", { name: "Pair this phone" }).click();
      await hasSaid(page, "The PIN has expired");

      const opened = pairing.open();
      clients.push(...setUpClients(2));
      await pairWith(page, opened.pin);
      await hasSaid(page, "The device has no place for another phone");
      clients.splice(0);
      pairing.cancel();

      for (let i = 0; i < BURNED_PINS; i++) burnPin({ ...setUp(), window: pairing });
      await pairWith(page, "123456");
      await hasSaid(page, CLOSED_UNTIL);

      await stop();
      await pairWith(page, "123456");
      await hasSaid(page, "The device does not answer");
      // Chromium itself writes down each answer that is none.
      assert.deepEqual(complaints.filter((text) => !text.startsWith("Failed to load")), []);
    }),
});

systemTest("what was wrong is put right in the same view: the name, the PIN, the device", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withServedDevice(async ({ device, url, browser }) => {
      const { pairing, clients } = device;
      const { page, complaints } = await watchPage(await (await newContext(browser)).newPage());
      const field = page.getByRole("textbox", { name: "PIN" });
      const button = page.locator("button[type=submit]");
      await page.goto(`${url}/app/`);
      const { pin } = pairing.open();
      await page.getByText(/^Name of this phone: Android phone/).click();
      const name = page.getByRole("textbox", { name: "Name of this phone" });
      // As many characters as may be, and twice as many bytes.
      await name.fill("ü".repeat(MAX_CLIENT_NAME_BYTES));
      await pairWith(page, pin);
      await hasSaid(page, "This name is too long.");
      await name.fill("  ");
      for (const said of ["One try is left", "No try is left for this phone"]) {
        await pairWith(page, otherPin(pin));
        await hasSaid(page, said);
        assert.equal(await field.inputValue(), "");
      }

      // A new PIN has all its tries, also where the page saw the half of the last one's.
      for (const _ of [1, 2]) {
        pairing.cancel();
        await pairWith(page, otherPin(pairing.open().pin));
        await hasSaid(page, "Wrong PIN. One try is left.");
      }
      // A page that was loaded anew has not.
      await page.reload();
      await pairWith(page, otherPin(pairing.current()?.pin ?? ""));
      await hasSaid(page, "Wrong PIN. No try is left for this phone");
      pairing.cancel();
      const next = pairing.open().pin;
      await pairWith(page, otherPin(next));
      await hasSaid(page, "Wrong PIN. One try is left.");

      // Somebody else answers, who has let the true device do the half of it.
      await page.route("**/api/pair/finish", async (route) => {
        const request = route.request();
        const ask = { method: "POST", headers: request.headers(), body: request.postData() };
        const told = await (await device.fetch("/api/pair/finish", { ...ask, peer: LOCAL })).json();
        await route.fulfill({ json: { ...told, confirm: new Uint8Array(32).toBase64() } });
      });
      await pairWith(page, next);
      await hasSaid(page, "Whoever answers does not know the PIN");
      await page.unrouteAll();
      clients.splice(0);
      pairing.cancel();

      // Nobody answers: what was scanned is still good. Meanwhile nobody taps twice.
      const last = pairing.open().pin;
      const held = Promise.withResolvers<Route>();
      await page.route("**/api/pair/start", (route) => held.resolve(route));
      await page.goto(`${url}/app/#pair=${last}`);
      await page.getByText("There is nothing to type").waitFor();
      await button.click();
      await button.and(page.locator(":disabled")).getByText("Pairing…").waitFor();
      await (await held.promise).abort();
      await hasSaid(page, "The device does not answer");
      await page.getByText("There is nothing to type").waitFor();
      await page.unrouteAll();

      // As people write it down.
      await page.goto("about:blank");
      await page.goto(`${url}/app/`);
      await page.getByText(/^Name of this phone: Android phone/).click();
      await name.fill("  ");
      await field.fill(`${last.slice(0, 3)} ${last.slice(3)}`);
      await button.click();
      await page.getByText("phone.test does not answer").waitFor();
      assert.deepEqual(clients.map(({ clientName }) => clientName), ["Phone"]);
      // Chromium itself writes down each answer that is none; sessions are not to be had here.
      const others = complaints.filter((text) => !/^Failed to load|WebSocket/.test(text));
      assert.deepEqual(others, []);
    }),
});

function setUpClients(count: number): Device["clients"] {
  return Array.from({ length: count }, (_, at) => ({
    clientId: `client-${at}`,
    clientName: "Another phone",
    authToken: `token-${at}`,
    role: "member",
    pairingKey: new Uint8Array(32),
    createdAtMs: 0,
    lastSeenAtMs: 0,
  }));
}
