// `latchkey remote` as people and scripts run it, against a service of another process.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import { readModes, withTempFolder } from "../edges/sqlite/temp_folder.ts";
import { atTerminal, whyNoTerminal } from "../support/at_terminal.ts";
import {
  callLocal,
  openPairing,
  type ServiceProcess,
  startService,
  withDataDir,
  withService,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user with a folder of their own. */
interface User {
  /** Where their devices lie. */
  readonly folder: string;
  /** Runs `latchkey remote`, with a text for its standard input. */
  remote(args: readonly string[], input?: string): Promise<Ran>;
  /** The words of its command line. */
  command(...args: string[]): string[];
  /** Starts it. */
  spawn(...args: string[]): Deno.ChildProcess;
}

async function withUser(test: (user: User) => Promise<void>): Promise<void> {
  await withTempFolder(async (home) => {
    const words = ["run", "-A", `${ROOT}src/main.ts`, "remote"];
    const command = (args: readonly string[], stdin: "piped" | "null"): Deno.Command =>
      new Deno.Command(Deno.execPath(), {
        args: [...words, ...args],
        env: { XDG_STATE_HOME: home },
        stdin,
        stdout: "piped",
        stderr: "piped",
      });
    await test({
      folder: `${home}/latchkey-remotes`,
      command: (...args) => [Deno.execPath(), ...words, ...args],
      spawn: (...args) => command(args, "null").spawn(),
      async remote(args, input = ""): Promise<Ran> {
        const child = command(args, "piped").spawn();
        const keyboard = child.stdin.getWriter();
        await keyboard.write(utf8(input)).catch(() => {});
        await keyboard.close().catch(() => {});
        const { code, stdout, stderr } = await child.output();
        const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
        return { code, stdout: decode(stdout), stderr: decode(stderr) };
      },
    });
  });
}

Deno.test("remote pairs by a PIN from standard input, calls, lists and forgets", async () => {
  await withUser(async ({ remote, folder }) => {
    await withService({}, async ({ baseUrl }) => {
      const pin = await openPairing(baseUrl);
      const grouped = `${pin.slice(0, 3)} ${pin.slice(3)}\n`;
      const paired = await remote(["pair", baseUrl, "--name", "den", "--as", "My desk"], grouped);
      assert.equal(paired.code, 0, paired.stderr);
      assert.match(paired.stdout, /^Paired with http:\S+ as "My desk"\. Try:\n/);
      assert.deepEqual(readModes(folder), { "den.json": "600" });

      const version = await remote(["call", "den", "version"]);
      assert.match(JSON.parse(version.stdout).version, /^latchkey-/);
      const found = await remote(["call", "den", "systems", '{"all":true}']);
      assert.deepEqual(JSON.parse(found.stdout), { systems: [] });
      const refused = await remote(["call", "den", "nonsense"]);
      assert.deepEqual([refused.code, refused.stdout], [1, ""]);
      assert.match(refused.stderr, /^Refused: /);

      const { clients: [client] } = await callLocal(baseUrl, "clients") as {
        clients: { clientId: string; clientName: string }[];
      };
      assert.equal(client?.clientName, "My desk");
      const listed = JSON.parse((await remote(["list", "--json"])).stdout);
      assert.deepEqual(
        listed.remotes.map(({ pairedAt: _, ...rest }: object & { pairedAt: 1 }) => rest),
        [
          {
            name: "den",
            url: baseUrl,
            ...client && { clientId: client.clientId },
            clientName: "My desk",
          },
        ],
      );
      assert.match(
        (await remote([])).stdout,
        new RegExp(`^NAME.*\nden +${baseUrl} .*${client?.clientId}\n$`),
      );

      // Its place stays taken until it is forgotten.
      const other = await remote(["pair", "192.0.2.1", "--name", "den", "--pin", "123456"]);
      assert.equal(other.code, 1);
      assert.match(other.stderr, /^den is http:\S+ already: /);

      await callLocal(baseUrl, "clients.delete", { clientId: client?.clientId });
      const removed = await remote(["call", "den", "version"]);
      assert.equal(removed.code, 1);
      assert.ok(
        removed.stderr.includes(`Pair again with: latchkey remote pair ${baseUrl} --name den`),
      );

      const forgotten = await remote(["forget", "den"]);
      assert.ok(forgotten.stdout.endsWith(`  latchkey clients delete ${client?.clientId}\n`));
      assert.deepEqual(readModes(folder), {});
      assert.match((await remote(["list"])).stdout, /^There are no devices\./);
      const gone = await remote(["call", "den", "version"]);
      assert.deepEqual([gone.code, gone.stdout], [1, ""]);
      assert.match(gone.stderr, /^There is no den: /);
    });
  });
});

Deno.test("remote keeps nothing where pairing fails, and the old pairing until the new one is done", async () => {
  await withUser(async ({ remote, folder }) => {
    await withService({}, async ({ baseUrl }) => {
      const pair = (...more: string[]): Promise<Ran> =>
        remote(["pair", baseUrl, "--name", "den", ...more]);
      const closed = await pair("--pin", "123456");
      assert.deepEqual([closed.code, closed.stderr], [
        1,
        "den: No pairing is open on the device\n",
      ]);
      const pin = await openPairing(baseUrl);
      // Where it could not be kept, the PIN is not used up.
      await Deno.remove(folder).catch(() => {});
      await Deno.symlink(`${folder}.nowhere/x`, folder);
      const unkept = await pair("--pin", pin);
      assert.deepEqual([unkept.code, unkept.stdout], [1, ""]);
      assert.match(unkept.stderr, /^Cannot keep devices in /);
      assert.deepEqual(await callLocal(baseUrl, "clients"), { clients: [] });
      await Deno.remove(folder);
      assert.equal((await pair("--pin", pin)).code, 0);
      const before = await Deno.readTextFile(`${folder}/den.json`);
      const next = await openPairing(baseUrl);
      const wrong = await pair("--pin", next === "000000" ? "000001" : "000000");
      assert.deepEqual([wrong.code, wrong.stderr], [1, "den: The PIN was wrong\n"]);
      assert.equal(await Deno.readTextFile(`${folder}/den.json`), before);
      assert.equal((await remote(["call", "den", "health"])).code, 0);
      assert.equal((await pair("--pin", next)).code, 0);
      assert.notEqual(await Deno.readTextFile(`${folder}/den.json`), before);
      assert.deepEqual(readModes(folder), { "den.json": "600" });
    });
  });
});

systemTest("remote asks for the PIN at a terminal, and once more after a slip", {
  whyNot: whyNoTerminal(),
  run: () =>
    withUser(async ({ folder, command }) => {
      await withService({}, async ({ baseUrl }) => {
        const pin = await openPairing(baseUrl);
        const wrong = pin === "000000" ? "000001" : "000000";
        const { code, shown } = await atTerminal(command("pair", baseUrl, "--name", "den"), {
          typed: [`${wrong}\r`, `${pin.slice(0, 3)} ${pin.slice(3)}\r`],
          questions: /PIN on the device's screen: /g,
          env: { XDG_STATE_HOME: folder.replace(/\/latchkey-remotes$/, "") },
        });
        assert.equal(code, 0, shown);
        assert.match(shown, /The PIN was wrong\. Once more:\r\nPIN on the device's screen: /);
        assert.match(shown, /\r\nPaired with /);
        assert.deepEqual(readModes(folder), { "den.json": "600" });
      });
    }),
});

Deno.test("remote says whom it cannot reach, and that it needs a PIN", async () => {
  await withUser(async ({ remote, folder }) => {
    const away = await remote(["pair", "http://127.0.0.1:9", "--pin", "123456"]);
    assert.equal(away.code, 1);
    assert.match(away.stderr, /^Cannot reach http:\/\/127\.0\.0\.1:9: /);
    const nobody = await remote(["pair", "http://127.0.0.1:9"]);
    assert.deepEqual([nobody.code, nobody.stderr], [
      1,
      "PIN required: type it, pipe it in, or use --pin\n",
    ]);
    assert.deepEqual(readModes(folder), {});
  });
});

/** A running `latchkey remote listen`. */
interface Listener {
  /** How often it has said that it listens. */
  sessions(): number;
  /** The names of the clients of whose pairing it heard. */
  paired(): unknown[];
  /** What it wrote for people. */
  told(): string;
  /** Resolves with its exit code. */
  readonly ended: Promise<number>;
  /** Asks it to end. */
  stop(): void;
}

function listen(child: Deno.ChildProcess): Listener {
  let written = "";
  let told = "";
  const collect = async (
    stream: ReadableStream<Uint8Array>,
    take: (text: string) => void,
  ): Promise<void> => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
  };
  const collected = Promise.all([
    collect(child.stdout, (text) => written += text),
    collect(child.stderr, (text) => told += text),
  ]);
  return {
    sessions: () => told.split("Listening to http").length - 1,
    paired: () =>
      // What comes in pieces is no line yet.
      written.split("\n").slice(0, -1).map((line) => JSON.parse(line))
        .filter(({ method }) => method === "clients.paired")
        .map(({ params }) => params.clientName),
    told: () => told,
    ended: collected.then(async () => (await child.status).code),
    stop: () => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended by itself.
      }
    },
  };
}

Deno.test("remote listen writes notifications, also after the device was away", async () => {
  await withUser(async ({ remote, spawn }) => {
    await withDataDir(async (dataDir) => {
      let service = await startService({ dataDir });
      const { baseUrl } = service;
      const { port } = new URL(baseUrl);
      const pin = await openPairing(baseUrl);
      assert.equal((await remote(["pair", baseUrl, "--name", "den", "--pin", pin])).code, 0);
      const listener = listen(spawn("listen", "den"));
      try {
        await until("it listens", () => listener.sessions() === 1);
        await pairOther(remote, service, "one");
        await until("the first is heard", () => listener.paired().length === 1);
        await service.stop();
        service = await startService({ dataDir, listen: `127.0.0.1:${port}` });
        await until("it listens again", () => listener.sessions() === 2, { limitMs: 90_000 });
        await pairOther(remote, service, "two");
        await until("the second is heard", () => listener.paired().length === 2);
        listener.stop();
        assert.equal(await listener.ended, 0);
        assert.deepEqual(listener.paired(), ["one", "two"]);
        assert.match(listener.told(), /; trying again in \d\.\d s\n/);
      } finally {
        listener.stop();
        await listener.ended;
        await service.stop();
      }
    });
  });
});

Deno.test("remote listen ends where the client was removed, and where nobody answers at first", async () => {
  await withUser(async ({ remote, spawn }) => {
    await withService({}, async (service) => {
      const { baseUrl } = service;
      const pin = await openPairing(baseUrl);
      assert.equal((await remote(["pair", baseUrl, "--name", "den", "--pin", pin])).code, 0);
      const listener = listen(spawn("listen", "den"));
      try {
        await until("it listens", () => listener.sessions() === 1);
        const { clients: [client] } = await callLocal(baseUrl, "clients") as {
          clients: { clientId: string }[];
        };
        await callLocal(baseUrl, "clients.delete", { clientId: client?.clientId });
        assert.equal(await listener.ended, 1);
        assert.match(
          listener.told(),
          /\nden says that it has removed this client\. Pair again with: /,
        );
      } finally {
        listener.stop();
        await listener.ended;
      }
      await service.stop();
      const away = await remote(["listen", "den"]);
      assert.deepEqual([away.code, away.stdout], [1, ""]);
      assert.match(away.stderr, /^Cannot reach http:/);
    });
  });
});

async function pairOther(
  remote: User["remote"],
  { baseUrl }: ServiceProcess,
  name: string,
): Promise<void> {
  const pin = await openPairing(baseUrl);
  const { code, stderr } = await remote([
    "pair",
    baseUrl,
    "--name",
    name,
    "--as",
    name,
    "--pin",
    pin,
  ]);
  assert.equal(code, 0, stderr);
}
