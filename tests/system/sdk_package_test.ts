// The SDK's package in a newcomer's folder: what its README prints runs under every runtime that it
// names, and in a page that a bundler made.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { ROOT } from "../../packaging/build/deno.ts";
import { isPrepared, PEER_PACKAGES, preparedClients } from "../clients/prepare.ts";
import {
  firstProgram,
  listeningProgram,
  manyPairings,
  searchingProgram,
} from "../support/client_journey.ts";
import { addressed, clientsOf, codeBlocks, runProgram } from "../support/client_program.ts";
import { addRemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { openPairing, startService, withDataDir, withService } from "../support/service_process.ts";
import { withNewcomer, writeProgram } from "../support/sdk_newcomer.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const { javascript } = await preparedClients();
const whyNot = await isPrepared(javascript)
  ? undefined
  : "needs what runs JavaScript: deno task clients";
const README = Deno.readTextFileSync(`${ROOT}packaging/sdk/README.md`);
const [FIRST = "", CALLING = "", LISTENING = "", DISCOVERING = "", ...MORE] = codeBlocks(
  README,
  "js",
);
const PROGRAMS = new URL("../clients/latchkey/", import.meta.url).pathname;

// CI may be busy.
const PATIENCE_MS = 90_000;

/** What runs programs beside the machine's own Node; all of them have a WebSocket. */
const RUNTIMES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "Node 22": [`${javascript}/node_modules/node22/bin/node`],
  "Node 24": [`${javascript}/node_modules/node24/bin/node`],
  "Bun": [`${javascript}/node_modules/bun/bin/bun`],
  "Deno": [Deno.execPath(), "run", "-A", "--no-lock", "--node-modules-dir=manual"],
};

Deno.test("the program in the project's README is the first one of the package's", async () => {
  assert.deepEqual(codeBlocks(await Deno.readTextFile(`${ROOT}README.md`), "js"), [FIRST]);
});

systemTest("a newcomer's folder: the README's first program runs, with ws where Node is old", {
  whyNot,
  run: () =>
    withNewcomer(PEER_PACKAGES, async (home) => {
      await firstProgram(async (baseUrl) => [
        "node",
        await writeProgram(addressed(FIRST, baseUrl), home),
      ]);
    }),
});

systemTest("a newcomer's folder: other runtimes pair once and call again, without ws", {
  whyNot,
  run: () =>
    withNewcomer(
      [],
      (home) =>
        withService({ settings: "encryption = true" }, async ({ baseUrl }) => {
          const program = await writeProgram(addressed(FIRST, baseUrl), home);
          for (const [name, command] of Object.entries(RUNTIMES)) {
            const cwd = `${home}/${name}`;
            await Deno.mkdir(cwd);
            for (const input of [`${await openPairing(baseUrl)}\n`, ""]) {
              const { code, stdout, stderr } = await runProgram([...command, program], {
                cwd,
                input,
              });
              assert.equal(code, 0, `${name}: ${stderr}`);
              assert.match(stdout, /latchkey-\d/, name);
              assert.equal(stdout.includes("PIN"), input !== "", name);
            }
          }
          assert.equal((await clientsOf(baseUrl)).length, Object.keys(RUNTIMES).length);
        }),
    ),
});

systemTest("a newcomer's folder: the README's other programs listen and search", {
  whyNot,
  run: () =>
    withNewcomer(PEER_PACKAGES, async (home) => {
      assert.deepEqual([FIRST, CALLING, LISTENING, DISCOVERING].filter((code) => code === ""), []);
      assert.deepEqual(MORE, [], "a program of the README that no test runs");
      const program = (code: string) => async (baseUrl: string) => [
        "node",
        await writeProgram(addressed(code, baseUrl), home),
      ];
      await listeningProgram(program(FIRST), program(LISTENING));
      await searchingProgram(program(FIRST), program(CALLING));
    }),
});

systemTest(
  "the README's program on another host finds the device, whatever runs it",
  {
    whyNot: whyNot ?? await whyNoRemoteHost(),
    run: () =>
      withNewcomer(PEER_PACKAGES, async (home) => {
        const host = await addRemoteHost(74);
        try {
          await withDataDir(async (dataDir) => {
            const service = await startService({
              dataDir,
              listen: "[::]:0",
              tables: '[discovery]\ninstance_name = "Ann\'s den"',
            });
            try {
              const { port } = new URL(service.baseUrl);
              const expected = `Ann's den http://${host.deviceAddress}:${port}\n`;
              // The host has no route to the rest of the world that could choose the interface.
              const code = DISCOVERING.replace(
                "{ timeout",
                `{ interface: "${host.address}", timeout`,
              );
              const file = await writeProgram(code, home);
              const runtimes: typeof RUNTIMES = { ...RUNTIMES, "The machine's Node": ["node"] };
              await allDone(
                Object.entries(runtimes).map(([name, [program, ...args]]) =>
                  until(`${name} finds the device`, async () => {
                    const { stdout } = await host.run(program, ...args, file);
                    return stdout.includes(expected);
                  }, { limitMs: PATIENCE_MS })
                ),
              );
            } finally {
              await service.stop();
            }
          });
        } finally {
          await host.remove();
        }
      }),
  },
);

systemTest("a program of CommonJS may require the package, under each Node", {
  whyNot,
  run: () =>
    withNewcomer(PEER_PACKAGES, (home) =>
      withService({}, async ({ baseUrl }) => {
        const code = `const { connectPlain } = require("@latchkey/latchkey");
          connectPlain({ url: "${baseUrl}" }).then(async (device) => {
            console.log(await device.call("version"));
            device.close();
          });`;
        await Deno.writeTextFile(`${home}/main.cjs`, code);
        const nodes = Object.entries(RUNTIMES).filter(([name]) => name.startsWith("Node"));
        for (const command of [["node"], ...nodes.map(([, node]) => node)]) {
          const { stdout, stderr } = await runProgram([...command, "main.cjs"], { cwd: home });
          assert.match(stdout, /latchkey-\d/, stderr);
        }
      })),
});

systemTest("without ws, Node 20 is told what is missing", {
  whyNot,
  run: () =>
    withNewcomer([], async (home) => {
      const code = `import { connectPlain } from "@latchkey/latchkey";
        await connectPlain({ url: "http://127.0.0.1:9" }).catch(({ code }) => console.log(code));`;
      const { stdout } = await runProgram(["node", await writeProgram(code, home)], { cwd: home });
      const [major] = (await runProgram(["node", "-p", "process.versions.node"], { cwd: home }))
        .stdout.split(".");
      assert.equal(stdout, Number(major) < 22 ? "no_web_socket\n" : "unreachable\n");
    }),
});

systemTest("200 pairings by Node, in both envelopes, without a failure", {
  whyNot,
  run: () =>
    withNewcomer(PEER_PACKAGES, async (home) => {
      await Deno.copyFile(`${PROGRAMS}pairings.mjs`, `${home}/pairings.mjs`);
      await manyPairings(() => ["node", `${home}/pairings.mjs`]);
    }),
});
