// Actions as their users see them: real programs, started over encrypted sessions and over REST, seen
// by other clients, replaced, and ended with everything that they started.

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { allDone } from "../support/all_done.ts";
import { connectPhone, pairPhone, type ReferencePhone } from "../support/reference_phone.ts";
import {
  callLocal,
  openPairing,
  runLatchkey,
  type ServiceProcess,
  withService,
} from "../support/service_process.ts";
import { until } from "../support/until.ts";

const GONE_LIMIT_MS = 6000;

const MARK = crypto.randomUUID();

const TABLES = `
[[action]]
name = "player"
match = "play/(?P<file>.+)"
command = ["sh", "-c", "echo playing \\"$$1\\"; exec sleep 60", "player", "\${file}"]
system = "Video"
title = "\${file}"
env = { MARK = "${MARK}" }

[[action]]
name = "stubborn"
match = "stubborn"
command = ["sh", "-c", "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & while :; do sleep 1; done"]
env = { MARK = "${MARK}" }

[[action]]
name = "print"
match = "print (.*)"
command = ["printf", "<%s>", "$1"]
exclusive = false
env = { MARK = "${MARK}" }

[security]
allow_run = ["print .*"]
`;

async function pairedPhone({ baseUrl }: ServiceProcess): Promise<ReferencePhone> {
  const pin = await openPairing(baseUrl);
  const phone = await connectPhone(baseUrl, await pairPhone(baseUrl, { pin }));
  // Until its first frame a local peer is told everything in plaintext.
  await phone.call("version");
  return phone;
}

interface Notification {
  method: string;
  params: Record<string, unknown>;
}

function mediaSeenBy(phone: ReferencePhone): string[] {
  return phone.received.map((text) => JSON.parse(text) as Notification)
    .filter(({ method }) => method?.startsWith("media."))
    .map(({ method, params }) => `${method} ${params["systemId"]} ${params["mediaPath"]}`);
}

// The processes of an action, by their environment; those of other services do not count.
async function processesOf(action: string): Promise<number> {
  let count = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = await Deno.readTextFile(`/proc/${name}/environ`);
      const isOurs = environment.includes(`MARK=${MARK}\0`);
      if (isOurs && environment.includes(`LATCHKEY_ACTION=${action}\0`)) count += 1;
    } catch {
      // It has ended meanwhile.
    }
  }
  return count;
}

Deno.test("an encrypted run starts a program that others see begin, be replaced and end", async () => {
  await withService({ tables: TABLES }, async (service) => {
    const runner = await pairedPhone(service);
    const watcher = await pairedPhone(service);
    try {
      assert.equal(await runner.call("run", { text: "play/a film.mkv" }), null);
      assert.equal(await processesOf("player"), 1);
      const active = await watcher.call("media.active") as Record<string, unknown>;
      assert.deepEqual(
        [active["systemId"], active["mediaName"], active["mediaPath"]],
        ["Video", "a film.mkv", "play/a film.mkv"],
      );
      assert.equal(await runner.call("run", "play/another"), null);
      assert.equal(await processesOf("player"), 1);
      const written = async (): Promise<unknown> =>
        await callLocal(service.baseUrl, "actions.output", { name: "player" });
      const expected = { name: "player", output: "playing another\n" };
      await until("it has written", async () => isDeepStrictEqual(await written(), expected));
      assert.equal(await runner.call("stop"), null);
      assert.equal(await processesOf("player"), 0);
      assert.equal(await watcher.call("media.active"), null);
      assert.deepEqual(mediaSeenBy(watcher), [
        "media.started Video play/a film.mkv",
        "media.stopped Video play/a film.mkv",
        "media.started Video play/another",
        "media.stopped Video play/another",
      ]);
      assert.deepEqual(await written(), expected);
    } finally {
      await allDone([runner.close(), watcher.close()]);
    }
  });
});

Deno.test("a program that ignores SIGTERM is gone with its children within 6 s", async () => {
  await withService({ tables: TABLES }, async (service) => {
    await callLocal(service.baseUrl, "run", { text: "stubborn" });
    await until("all have started", async () => await processesOf("stubborn") >= 3);
    const stopped = callLocal(service.baseUrl, "stop");
    await until("all are gone", async () => await processesOf("stubborn") === 0, {
      limitMs: GONE_LIMIT_MS,
    });
    await stopped;
  });
});

Deno.test("a stop of the service ends what runs", async () => {
  await withService({ tables: TABLES }, async (service) => {
    await callLocal(service.baseUrl, "run", { text: "stubborn" });
    await until("all have started", async () => await processesOf("stubborn") >= 3);
    assert.equal(await service.stop(), 0);
    assert.equal(await processesOf("stubborn"), 0);
  });
});

const INJECTIONS = [
  "$(touch INJECTED)",
  "`touch INJECTED`",
  "x; touch INJECTED",
  "../../INJECTED",
  "--help",
  "'\"",
  "$1 ${file} $$",
];
const MORE_INJECTIONS = [
  ...INJECTIONS.filter((text) => !text.startsWith("-")),
  "> INJECTED",
  "| touch INJECTED &",
  "* ? ~ {a,b} !!",
  "a  b\u00a0c",
  "%s %n \\n",
  "é🎮\u202e",
  "x".repeat(2048 - "print ".length),
];
// What cannot stand in one argument, or not in one of this length.
const IMPOSSIBLE = ["a\0b", "a\nb", "a\rb", "a\u001bb", "a\ud800b", "x".repeat(2048)];

Deno.test("a text is one argument in a session, and starts nothing but its program", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const tables = TABLES.replace('name = "print"', `name = "print"\ncwd = "${folder}"`);
  await withService({ tables }, async (service) => {
    const phone = await pairedPhone(service);
    const printed = async (): Promise<unknown> => {
      const output = await callLocal(service.baseUrl, "actions.output", { name: "print" });
      return (output as Record<string, unknown>)["output"];
    };
    try {
      for (const text of MORE_INJECTIONS) {
        assert.equal(await phone.call("run", { text: `print ${text}`, unsafe: true }), null);
        await until(`output of ${text}`, async () => await printed() === `<${text}>`);
        await until(`end of ${text}`, async () => await processesOf("print") === 0);
      }
      const before = await printed();
      for (const text of IMPOSSIBLE) {
        await assert.rejects(phone.call("run", { text: `print ${text}` }), (error) => {
          assert.match(String(error), /text: expected/);
          assert.ok(!String(error).includes(text));
          return true;
        });
      }
      await assert.rejects(phone.call("run", { text: "print --help" }), /become an option/);
      assert.equal(await printed(), before);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
    } finally {
      await phone.close();
      await Deno.remove(folder, { recursive: true });
    }
  });
});

Deno.test("a text is one argument over REST, and what cannot be one starts nothing", async () => {
  await withService({ tables: TABLES }, async (service, configFile) => {
    const get = async (text: string): Promise<number> => {
      const response = await fetch(`${service.baseUrl}/run/${text}`);
      await response.body?.cancel();
      return response.status;
    };
    const printed = async (): Promise<string> => {
      const shown = await runLatchkey("actions", "output", "print", "--config", configFile);
      return shown.stdout;
    };
    for (const text of INJECTIONS) {
      const isOption = text.startsWith("-");
      assert.equal(await get(encodeURIComponent(`print ${text}`)), isOption ? 400 : 200, text);
      if (isOption) continue;
      await until(`output of ${text}`, async () => await printed() === `<${text}>\n`);
    }
    const before = await printed();
    const refused = await Promise.all([
      get("print%20a%00b"),
      get("print%20a%0Ab"),
      get(`print%20${"x".repeat(2048)}`),
      get("unknown"),
    ]);
    assert.deepEqual(refused, [400, 400, 400, 404]);
    assert.equal(await printed(), before);
  });
});

Deno.test("latchkey run, actions and stop say what they did", async () => {
  await withService({ tables: TABLES }, async (_service, configFile) => {
    const latchkey = (...args: string[]): ReturnType<typeof runLatchkey> =>
      runLatchkey(...args, "--config", configFile);
    assert.equal((await latchkey("stop")).stdout, "Nothing was running.\n");
    assert.equal((await latchkey("run", "play/x")).stdout, "Started.\n");
    assert.match((await latchkey("actions")).stdout, /^player +running /m);
    assert.equal((await latchkey("stop")).stdout, "Stopped.\n");
    assert.match((await latchkey("actions")).stdout, /^player +ended .* SIGTERM /m);
    assert.equal((await latchkey("stop")).stdout, "Nothing was running.\n");
    const unknown = await latchkey("run", "nothing like it");
    assert.deepEqual([unknown.code, unknown.stderr], [1, "Refused: No action matches this text\n"]);
    assert.equal((await latchkey("stop", "nobody")).code, 1);
    assert.equal((await latchkey("run")).code, 2);
  });
});

Deno.test("actions are reloaded, and one that cannot be used changes nothing", async () => {
  await withService({ tables: TABLES }, async (service, configFile) => {
    const text = await Deno.readTextFile(configFile);
    await callLocal(service.baseUrl, "run", { text: "play/x" });
    await Deno.writeTextFile(
      configFile,
      text.replace('match = "print (.*)"', 'match = "say (.*)"'),
    );
    await callLocal(service.baseUrl, "settings.reload");
    assert.equal(await callLocal(service.baseUrl, "run", { text: "say hello" }), null);
    assert.equal(await processesOf("player"), 1);
    const script = text.replace('"printf", "<%s>", "$1"', '"sh", "-c", "echo $1"');
    await Deno.writeTextFile(configFile, script);
    await assert.rejects(
      callLocal(service.baseUrl, "settings.reload"),
      /action\.2\.command: the text would become part of a script/,
    );
    assert.equal(await callLocal(service.baseUrl, "run", { text: "say again" }), null);
  });
});
