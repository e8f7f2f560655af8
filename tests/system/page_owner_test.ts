// The page in a browser on the device itself, which is local: nothing to pair, and all that the owner
// may do.

import assert from "node:assert/strict";
import { FakeOllama, PROMPT_TOKENS, WORDS } from "../support/fake_ollama.ts";
import {
  checkAccess,
  newContext,
  watchPage,
  whyNoPageWorld,
  withBrowser,
} from "../support/page_world.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import { callLocal, withService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

interface Clients {
  clients: { clientName: string; role: string }[];
}

const ACTION = '[[action]]\nname = "film-night"\nmatch = "film:(\\\\w+)"\n' +
  'command = ["sleep", "600"]\nexclusive = true\ntitle = "The $1 film"\n';

systemTest("the owner at the device manages who is paired, runs actions and reads the records", {
  whyNot: await whyNoPageWorld(),
  run: () =>
    withService({ tables: ACTION }, ({ baseUrl }) =>
      withBrowser({}, async (browser) => {
        const context = await newContext(browser, { viewport: { width: 1280, height: 800 } });
        const { page, complaints } = await watchPage(await context.newPage());
        const people = async (): Promise<Clients["clients"]> =>
          (await callLocal(baseUrl, "clients") as Clients).clients;

        await page.goto(`${baseUrl}/app/`);
        await page.getByText("Connected", { exact: true }).waitFor();

        // Who has no pointer gets past the sections with one key.
        await page.getByRole("link", { name: "Skip to the content" }).focus();
        await page.keyboard.press("Enter");
        await page.locator("main:focus").waitFor();

        // Without a library there are the actions.
        await page.getByLabel("Text to run").fill("film:second");
        await page.getByRole("button", { name: "Run", exact: true }).click();
        const now = page.getByRole("region", { name: "Now playing" });
        await now.getByText("The second film").waitFor();
        await page.getByText("running", { exact: true }).waitFor();
        await checkAccess(page, "the actions");
        await page.getByRole("button", { name: "Stop film-night" }).click();
        await now.getByText("Nothing is playing").waitFor();
        await page.getByRole("button", { name: "Run film:second again" }).click();
        await now.getByText("The second film").waitFor();
        await page.getByLabel("Text to run").fill("opera:second");
        await page.getByRole("button", { name: "Run", exact: true }).click();
        await page.getByRole("alert").getByText("That did not work").waitFor();

        // A phone pairs with the PIN that the page shows.
        await page.getByRole("link", { name: "People" }).click();
        await page.getByText("Nobody is paired yet").waitFor();
        await page.getByText("The first phone becomes admin.").waitFor();
        await page.getByRole("button", { name: "Open pairing" }).click();
        await page.getByText(/valid until/).waitFor();
        await page.getByText("The next phone becomes: Admin").waitFor();
        const shown = await page.locator(".shownpin").textContent() ?? "";
        await checkAccess(page, "open pairing");
        const credentials = await pairPhone(baseUrl, { pin: shown.replace(/\D/g, "") });
        const [{ clientName } = { clientName: "" }] = await people();
        const person = page.getByRole("listitem").filter({ hasText: clientName });
        await person.waitFor();
        await page.getByRole("button", { name: "Open pairing" }).waitFor();
        const phone = await connectPhone(baseUrl, credentials);

        await page.getByRole("button", { name: `Rename ${clientName}` }).click();
        await page.getByLabel("New name").fill("Kitchen phone");
        await page.keyboard.press("Enter");
        await page.getByText("Kitchen phone").waitFor();
        await page.getByLabel("Role of Kitchen phone").selectOption("member");
        await page.getByLabel("Role of Kitchen phone").and(page.locator(":enabled")).waitFor();
        await checkAccess(page, "who is paired");

        await page.getByRole("link", { name: "Device" }).click();
        await page.getByText("The model gateway is off.").waitFor();
        await page.getByText("Pairing opened").first().waitFor();
        await page.getByRole("listitem").filter({ hasText: "Paired Kitchen phone" }).waitFor();
        await page.getByText("You are at the device itself").waitFor();
        await page.getByRole("switch", { name: "Encryption for everybody" }).click();
        await page.getByText("Encryption for everybody · false → true · at the device").waitFor();
        await checkAccess(page, "the records");
        const settings = await callLocal(baseUrl, "settings") as { encryption: boolean };
        assert.equal(settings.encryption, true);

        await page.getByRole("link", { name: "People" }).click();
        assert.deepEqual((await people()).map(({ clientName, role }) => [clientName, role]), [
          ["Kitchen phone", "member"],
        ]);
        await page.getByRole("button", { name: "Remove Kitchen phone?" }).click();
        const dialog = page.getByRole("dialog");
        await checkAccess(page, "a question");
        await dialog.getByRole("button", { name: "Cancel" }).click();
        assert.equal((await people()).length, 1);
        await page.getByRole("button", { name: "Remove Kitchen phone?" }).click();
        await dialog.getByRole("button", { name: "Remove" }).click();
        await page.getByText("Nobody is paired yet").waitFor();
        assert.deepEqual(await people(), []);
        await phone.close();

        // What happens elsewhere is seen at once: pairing in a terminal, a removal, a setting.
        const { pin } = await callLocal(baseUrl, "clients.pair.start") as { pin: string };
        await page.getByLabel(`PIN ${pin}`).waitFor();
        await callLocal(baseUrl, "clients.pair.cancel");
        await page.getByText("The first phone becomes admin.").waitFor();
        const second = await callLocal(baseUrl, "clients.pair.start") as { pin: string };
        const { clientId } = await pairPhone(baseUrl, second);
        await page.getByRole("button", { name: /^Remove / }).waitFor();
        await callLocal(baseUrl, "clients.update", { clientId, clientName: "Attic" });
        await page.getByText("Attic", { exact: true }).waitFor();
        await callLocal(baseUrl, "clients.delete", { clientId });
        await page.getByText("Nobody is paired yet").waitFor();
        await page.getByRole("link", { name: "Device" }).click();
        await page.getByRole("switch", { name: "Keep a history", checked: true }).waitFor();
        await callLocal(baseUrl, "settings.update", { keepHistory: false });
        await page.getByRole("switch", { name: "Keep a history", checked: false }).waitFor();
        assert.deepEqual(complaints, []);
      })),
});

/** Today, as the device counts days and the page writes them. */
function dayText(): string {
  return new Intl.DateTimeFormat("en-GB", {
    ...{ weekday: "short", day: "numeric", month: "long", timeZone: "UTC" },
  }).format(new Date());
}

const MODEL = "llama3.1:8b";
const CALLS = 2;
// Of words as long as German has them.
const KEY_NAME = "Rechtschreibprüfungsdienstleistung Küche";

systemTest("the owner reads who used the models, by the names of their keys", {
  whyNot: await whyNoPageWorld(),
  run: async () => {
    const ollama = new FakeOllama();
    const upstream = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ollama.handle,
    );
    const tables = `[models]\nenabled = true\nallow = ["${MODEL}"]\n` +
      `upstream = "http://127.0.0.1:${upstream.addr.port}"`;
    try {
      await withService({ tables }, ({ baseUrl }) =>
        withBrowser({}, async (browser) => {
          // With a model gateway too, a browser is led to the page.
          const context = await newContext(browser, { viewport: { width: 320, height: 640 } });
          const { page, complaints } = await watchPage(await context.newPage());
          await page.goto(`${baseUrl}/#device`);
          await page.getByText("No key has used a model.").waitFor();

          const firstDay = dayText();
          const { key } = await callLocal(baseUrl, "keys.new", {
            name: KEY_NAME,
            scopes: ["models"],
          }) as { key: string };
          for (let call = 0; call < CALLS; call++) {
            const response = await fetch(`${baseUrl}/api/chat`, {
              method: "POST",
              headers: { Authorization: `Bearer ${key}` },
              body: JSON.stringify({ model: MODEL, messages: [], stream: false }),
            });
            assert.equal(response.status, 200, await response.text());
          }
          await page.reload();
          const row = page.getByRole("row").filter({ hasText: KEY_NAME });
          await row.waitFor();
          const cells = await row.getByRole("cell").allTextContents();
          const heading = await page.getByRole("rowheader").textContent();
          const tokens = new Intl.NumberFormat("en-GB").format(
            CALLS * (PROMPT_TOKENS + WORDS.length),
          );
          // Before midnight or after.
          assert.ok([firstDay, dayText()].includes(heading ?? ""), `${heading}`);
          assert.deepEqual(cells, [KEY_NAME, `${CALLS}`, tokens]);
          await checkAccess(page, "a table of usage at 320 pixels");
          // The numbers are in sight beside the longest name.
          const scroll = page.locator(".scroll");
          const hidden = await scroll.evaluate((
            { scrollWidth, clientWidth }: { scrollWidth: number; clientWidth: number },
          ) => scrollWidth - clientWidth);
          assert.equal(hidden, 0);
          assert.deepEqual(complaints, []);
        }));
    } finally {
      await upstream.shutdown();
    }
  },
});
