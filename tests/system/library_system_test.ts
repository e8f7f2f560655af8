// The library as its users have it: the real service over a folder, a script that plays, and a phone
// over an encrypted session.

import assert from "node:assert/strict";
import { connectPhone, pairPhone, type ReferencePhone } from "../support/reference_phone.ts";
import {
  callLocal,
  openPairing,
  runLatchkey,
  type ServiceProcess,
  withService,
} from "../support/service_process.ts";
import { ODD_NAMES } from "../support/odd_names.ts";
import { until } from "../support/until.ts";

const SECRET = "a-secret-of-the-service";

interface Card {
  readonly folder: string;
  /** What the script was given, run by run. */
  runs(): Promise<string[][]>;
  /** How many players run. */
  players(): Promise<number>;
  readonly tables: string;
}

// The script writes its arguments with a NUL behind each, and a line of its environment.
async function withCard(test: (card: Card) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const folder = `${root}/roms`;
  const script = `${root}/play.sh`;
  try {
    await Deno.mkdir(folder);
    for (const name of ODD_NAMES) {
      await Deno.writeTextFile(`${folder}/${name}`, "x").catch(() => {});
    }
    await Deno.writeTextFile(
      script,
      `#!/bin/sh\nprintf '%s\\0' "$@" > "${root}/run.$$.part"\nenv > "${root}/env"\n` +
        `mv "${root}/run.$$.part" "${root}/run.$$"\n` +
        `echo $$ > "${root}/pid"\nexec sleep 60\n`,
      { mode: 0o755 },
    );
    await test({
      folder,
      async runs(): Promise<string[][]> {
        const found: string[][] = [];
        for await (const { name } of Deno.readDir(root)) {
          if (!/^run\.\d+$/.test(name)) continue;
          const text = await Deno.readTextFile(`${root}/${name}`);
          found.push(text.split("\0").slice(0, -1));
          await Deno.remove(`${root}/${name}`);
        }
        return found;
      },
      async players(): Promise<number> {
        const pid = (await Deno.readTextFile(`${root}/pid`).catch(() => "")).trim();
        const command = await Deno.readTextFile(`/proc/${pid || "0"}/cmdline`).catch(() => "");
        return command.startsWith("sleep\0") ? 1 : 0;
      },
      tables: `[[library]]\nsource = "folder"\nfolder = "${folder}"\nextensions = [".zip"]\n` +
        `system = "SNES"\ncommand = ["${script}", "--fullscreen", "--", "\${path}"]\n` +
        `[security]\nallow_run = ["@SNES/Plain", ".*stop"]\n`,
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function pairedPhone({ baseUrl }: ServiceProcess): Promise<ReferencePhone> {
  const pin = await openPairing(baseUrl);
  const phone = await connectPhone(baseUrl, await pairPhone(baseUrl, { pin }));
  await phone.call("version");
  return phone;
}

interface Result {
  path: string;
  zapScript: string;
}

async function scanned(baseUrl: string): Promise<void> {
  await until("the card is scanned", async () => {
    const { database } = await callLocal(baseUrl, "media") as {
      database: { indexing: boolean; totalMedia: number };
    };
    return !database.indexing && database.totalMedia > 20;
  });
}

Deno.test("every file of a card is found, launched exactly, stopped and launched again", async () => {
  await withCard(async (card) => {
    const env = { LATCHKEY_SECRET: SECRET, OTHER_SECRET: SECRET };
    await withService({ tables: card.tables, env }, async (service) => {
      await scanned(service.baseUrl);
      const phone = await pairedPhone(service);
      try {
        const { results } = await phone.call("media.search", { maxResults: 100 }) as {
          results: Result[];
        };
        assert.ok(results.length > 20);
        for (const { zapScript, path } of results) {
          await phone.call("run", { text: zapScript });
          let runs: string[][] = [];
          await until("it plays", async () => {
            runs = await card.runs();
            return runs.length > 0;
          });
          assert.deepEqual(runs, [["--fullscreen", "--", path]]);
        }
        await until("the last one plays", async () => await card.players() === 1);
        await phone.call("run", { text: "**stop" });
        assert.equal(await card.players(), 0);
        const { entries } = await phone.call("tokens.history") as {
          entries: { text: string; success: boolean }[];
        };
        assert.deepEqual(
          entries.map(({ text }) => text),
          results.map(({ zapScript }) => zapScript).toReversed(),
        );
        await phone.call("run", { text: entries[0]?.text });
        await until("it plays again", async () => (await card.runs()).length === 1);
      } finally {
        await phone.close();
      }
      const environment = await Deno.readTextFile(`${card.folder}/../env`);
      assert.match(environment, /^PATH=/m);
      assert.ok(!environment.includes(SECRET));
    });
    assert.equal(await card.players(), 0);
  });
});

Deno.test("a player that ends by itself is told within a second", async () => {
  await withCard(async (card) => {
    await withService({ tables: card.tables }, async (service) => {
      await scanned(service.baseUrl);
      const phone = await pairedPhone(service);
      try {
        await phone.call("run", { text: "@SNES/Plain" });
        await until("it plays", async () => await card.players() === 1);
        const pid = Number(await Deno.readTextFile(`${card.folder}/../pid`));
        const isTold = (): boolean => phone.received.some((text) => text.includes("media.stopped"));
        assert.equal(isTold(), false);
        Deno.kill(pid, "SIGKILL");
        await until("its end is told", isTold);
      } finally {
        await phone.close();
      }
    });
  });
});

Deno.test("a link that leads out is launched by nobody, and so is what is not there", async () => {
  await withCard(async (card) => {
    await withService({ tables: card.tables }, async (service) => {
      await scanned(service.baseUrl);
      const path = `${card.folder}/Plain.zip`;
      await Deno.remove(path);
      await Deno.symlink("/etc/passwd", path);
      await assert.rejects(callLocal(service.baseUrl, "run", path), /outside its system's folder/);
      await Deno.remove(path);
      await assert.rejects(callLocal(service.baseUrl, "run", path), /is not there/);
      assert.deepEqual(await card.runs(), []);
    });
  });
});

Deno.test("links and tags run what allow_run matches, and the command line all", async () => {
  await withCard(async (card) => {
    await withService({ tables: card.tables }, async (service, configFile) => {
      await scanned(service.baseUrl);
      const latchkey = (...args: string[]): ReturnType<typeof runLatchkey> =>
        runLatchkey(...args, "--config", configFile);
      assert.equal((await latchkey("run", "@SNES/Plain")).stdout, "Started.\n");
      await until("it plays", async () => (await card.runs()).length === 1);
      const response = await fetch(`${service.baseUrl}/run/**stop`);
      assert.deepEqual(await response.json(), { status: "accepted" });
      assert.equal(await card.players(), 0);
      const refused = await latchkey("run", "**execute:reboot");
      assert.equal(refused.stderr, "Refused: Not supported: **execute\n");
    });
  });
});
