// The bundled program under this machine's own runtime: what it loads only when it is needed is there
// and works, after the service gave up its rights and without a word of the runtime.

import assert from "node:assert/strict";
import { allDone } from "../support/all_done.ts";
import { bundle, MAIN_FILE, PERMISSIONS, UNSTABLE } from "../../packaging/build/deno.ts";
import { startPostgres, whyNoPostgres } from "../support/postgres_server.ts";
import { startRedis, whyNoRedis } from "../support/redis_server.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import { callLocal, openPairing, startService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const RUNTIME_ARGS = [...PERMISSIONS, ...UNSTABLE, "--quiet", "--no-config", "--no-lock"]
  .concat("--no-remote", "--no-npm", "--cached-only");

async function withBundle(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_bundle_" });
  try {
    for (const [name, bytes] of await bundle()) await Deno.writeFile(`${folder}/${name}`, bytes);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

systemTest("the bundled service loads what it does not start with when it is needed", {
  whyNot: undefined,
  run: () =>
    withBundle(async (folder) => {
      const service = await startService({
        dataDir: `${folder}/data`,
        program: `${folder}/${MAIN_FILE}`,
        runtimeArgs: RUNTIME_ARGS,
        listen: "0.0.0.0:0",
        tables: [
          `[display]\nkind = "file"\nfile = "${folder}/pin.png"`,
          "[discovery]\nenabled = true",
          '[[action]]\nname = "a"\nmatch = "say:(.*)"\ncommand = ["sh", "-c", "sleep 60"]',
        ].join("\n"),
      });
      try {
        const pin = await openPairing(service.baseUrl);
        await until("the picture is there", () => isThere(`${folder}/pin.json`));
        assert.equal(
          new TextDecoder().decode((await Deno.readFile(`${folder}/pin.png`)).subarray(1, 4)),
          "PNG",
        );
        const page = await (await fetch(`${service.baseUrl}/app/`)).text();
        const [, script] = / src="([^"]+)"/.exec(page) ?? [];
        const served = await fetch(`${service.baseUrl}/app/${script}`);
        assert.match(served.headers.get("Content-Type") ?? "", /^text\/javascript/);
        assert.match(await served.text(), /getElementById\("page"\)/);
        const metrics = await (await fetch(`${service.baseUrl}/metrics`)).text();
        assert.match(metrics, /^latchkey_connections\{/m);
        const { openrpc, methods } = await callLocal(service.baseUrl, "rpc.discover") as {
          openrpc: string;
          methods: unknown[];
        };
        assert.match(openrpc, /^1\./);
        assert.ok(methods.length > 40);
        const phone = await connectPhone(
          service.baseUrl,
          await pairPhone(service.baseUrl, { pin }),
        );
        assert.deepEqual((await phone.call("version") as { encryption: unknown }).encryption, [1]);
        await phone.close();
        await callLocal(service.baseUrl, "run", { text: "say:hello" });
        await callLocal(service.baseUrl, "stop");
        assert.match(await judge(folder, service.baseUrl), /\n\d+ ok, 0 failed, /);
      } finally {
        assert.equal(await service.stop(), 0, service.output());
      }
      assert.doesNotMatch(service.output(), / (WARN|ERROR) .*([Mm]odule|not a |load|announce)/);
    }),
});

// The checks of docs/protocol.md are loaded by the one command that needs them.
async function judge(folder: string, baseUrl: string): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...RUNTIME_ARGS, `${folder}/${MAIN_FILE}`, "conform", baseUrl],
  }).output();
  return new TextDecoder().decode(stdout);
}

async function doctor(folder: string, models: string): Promise<string> {
  await Deno.writeTextFile(
    `${folder}/doctor.toml`,
    `[service]\ndata_dir = "${folder}/data"\n[discovery]\nenabled = false\n` +
      `[models]\nenabled = true\n${models}`,
  );
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...RUNTIME_ARGS, `${folder}/${MAIN_FILE}`, "doctor"]
      .concat("--config", `${folder}/doctor.toml`),
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

systemTest("the bundled program reaches both stores that gateways share", {
  whyNot: await whyNoPostgres() ?? await whyNoRedis(),
  run: () =>
    withBundle(async (folder) => {
      const postgres = await startPostgres();
      const redis = await startRedis();
      const upstream = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        () => Response.json({ models: [], version: "0.11.0" }),
      );
      try {
        const database = await postgres.createDatabase("bundled");
        const models = `upstream = "http://127.0.0.1:${upstream.addr.port}"\n`;
        const urls = (at: string): string =>
          `${models}database_url = "${database}"\nredis_url = "${at}"\n`;
        assert.doesNotMatch(await doctor(folder, urls(redis.url)), /shared (store|limits)/);
        const nowhere = urls("redis://127.0.0.1:1");
        assert.match(await doctor(folder, nowhere), /the shared limits cannot be reached/);
        assert.match(
          await doctor(folder, nowhere.replace(database, "postgres://127.0.0.1:1/x")),
          /the shared store cannot be reached/,
        );
      } finally {
        await allDone([redis.stop(), postgres.stop(), upstream.shutdown()]);
      }
    }),
});
