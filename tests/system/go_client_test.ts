// The Go client: the reference implementation of the key exchange against the service.

import assert from "node:assert/strict";
import { isPrepared, preparedClients } from "../clients/prepare.ts";
import { firstProgram, listeningProgram, manyPairings } from "../support/client_journey.ts";
import { codeBlocks, runProgram } from "../support/client_program.ts";
import { withService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const CLIENT = new URL("../../clients/go/", import.meta.url).pathname;
const { ownGo } = await preparedClients();
const whyNot = await isPrepared(ownGo) ? undefined : "needs the Go client: deno task clients";

Deno.test("the programs in the Go client's README are its examples", async () => {
  const blocks = codeBlocks(await Deno.readTextFile(`${CLIENT}README.md`), "go");
  const examples = ["first", "listen"].map((name) => `${CLIENT}examples/${name}/main.go`);
  assert.deepEqual(blocks, await Promise.all(examples.map((file) => Deno.readTextFile(file))));
});

systemTest("the Go client passes its own tests, vectors and a device's errors included", {
  whyNot,
  async run(): Promise<void> {
    await withService({}, async ({ baseUrl }) => {
      const { code, stdout, stderr } = await runProgram([`${ownGo}/tests`, "-test.v"], {
        cwd: CLIENT,
        env: { LATCHKEY_URL: baseUrl },
      });
      assert.equal(code, 0, `${stdout}${stderr}`);
      assert.doesNotMatch(stdout, /^--- SKIP/m);
      assert.ok([...stdout.matchAll(/^--- PASS/gm)].length >= 9, stdout);
    });
  },
});

systemTest("the examples of the Go client pair, call and listen", {
  whyNot,
  async run(): Promise<void> {
    const program = (name: string) => (baseUrl: string): Promise<readonly string[]> =>
      Promise.resolve([`${ownGo}/${name}`, baseUrl]);
    await firstProgram(program("first"));
    await listeningProgram(program("first"), program("listen"));
  },
});

systemTest("200 pairings of the Go client, in both envelopes, without a failure", {
  whyNot,
  run: () => manyPairings(() => [`${ownGo}/tests`, "-test.run", "^TestPairings$"]),
});
