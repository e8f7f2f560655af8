// Schemathesis, a fuzzer of another make, asks the real service everything that docs/api/openapi.json
// allows and much that it does not, and finds no answer that the document does not tell of.

import assert from "node:assert/strict";
import { isPrepared, preparedClients } from "../clients/prepare.ts";
import { FakeOllama } from "../support/fake_ollama.ts";
import {
  callLocal,
  type ServiceProcess,
  startService,
  withDataDir,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const DOCUMENT = new URL("../../docs/api/openapi.json", import.meta.url).pathname;
const CONFIG = new URL("../clients/schemathesis/schemathesis.toml", import.meta.url).pathname;
/** The paths of the event stream, which do not end. */
const STREAMS = 3;

const { schemathesis } = await preparedClients();
const whyNot = await isPrepared(schemathesis.whole)
  ? undefined
  : "Schemathesis is not there: deno task clients";

interface Fuzzed {
  readonly code: number;
  readonly text: string;
}

async function fuzz(
  { baseUrl }: ServiceProcess,
  { document, key, more = [] }: { document: string; key: string; more?: readonly string[] },
): Promise<Fuzzed> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(
      `${schemathesis.folder}/bin/schemathesis`,
      {
        args: [
          ...["--config-file", CONFIG, "run", document, "--url", baseUrl],
          ...["--header", `Authorization: Bearer ${key}`],
          ...["--phases", "coverage,fuzzing", "--max-examples", "8", "--seed", "1"],
          ...["--max-redirects", "0", "--request-timeout", "30", "--suppress-health-check", "all"],
          ...["--continue-on-failure", "--no-color", "--warnings", "off", ...more],
        ],
        cwd: folder,
      },
    ).output();
    const text = new TextDecoder();
    return { code, text: text.decode(stdout) + text.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withGateway(
  test: (service: ServiceProcess, key: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    new FakeOllama().handle,
  );
  try {
    await withDataDir(async (dataDir) => {
      const upstream = `http://127.0.0.1:${server.addr.port}`;
      const tables = `[models]\nenabled = true\nupstream = "${upstream}"\nallow = ["llama3.1:8b"]`;
      const service = await startService({ dataDir, tables });
      try {
        const made = await callLocal(service.baseUrl, "keys.new", {
          name: "fuzzer",
          scopes: ["models"],
        }) as { key: string };
        await test(service, made.key);
      } finally {
        assert.equal(await service.stop(), 0);
      }
      assert.doesNotMatch(service.output(), / ERROR /);
    });
  } finally {
    await server.shutdown();
  }
}

systemTest("the service answers as docs/api/openapi.json says, whatever it is asked", {
  whyNot,
  run: () =>
    withGateway(async (service, key) => {
      const { code, text } = await fuzz(service, { document: DOCUMENT, key });
      assert.equal(code, 0, text);
      const { paths } = JSON.parse(await Deno.readTextFile(DOCUMENT)) as {
        paths: Record<string, object>;
      };
      const operations = Object.values(paths).flatMap((item) => Object.keys(item)).length;
      assert.match(text, new RegExp(`Tested: ${operations - STREAMS}\\b`));

      // What the fuzzer would say of a document that is wrong.
      const wrong = (await Deno.readTextFile(DOCUMENT)).replace('"const": "ok"', '"const": "fine"');
      const document = await Deno.makeTempFile({ suffix: ".json" });
      try {
        await Deno.writeTextFile(document, wrong);
        const judged = await fuzz(service, {
          document,
          key,
          more: ["--include-path", "/health"],
        });
        assert.equal(judged.code, 1, judged.text);
        assert.match(judged.text, /"fine" was expected|violates schema/i);
      } finally {
        await Deno.remove(document);
      }
    }),
});
