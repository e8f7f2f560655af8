// `latchkey conform` as people and scripts run it.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import type { ConformResult } from "../../src/features/conform/conformance.ts";
import { atTerminal, whyNoTerminal } from "../support/at_terminal.ts";
import { TIMED_TITLE } from "../support/conformance_run.ts";
import { callLocal, openPairing, runLatchkey, withService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

const LINE = /^§\d+ +(.+?) {2,}(ok|FAILED|note|skipped)(?:: .*)?$/;

// The outcomes of the lines, but of the one about time.
function outcomesIn(stdout: string): string[] {
  return stdout.split("\n").flatMap((line) => {
    const [, title, outcome = ""] = LINE.exec(line) ?? [];
    return title === undefined || title === TIMED_TITLE ? [] : [outcome];
  });
}

Deno.test("conform opens pairing on the device itself, passes, and leaves nothing", async () => {
  await withService({}, async ({ baseUrl }) => {
    await openPairing(baseUrl);
    const { code, stdout, stderr } = await runLatchkey("conform", baseUrl, "--open");
    assert.equal(code, 0, stdout + stderr);
    const outcomes = outcomesIn(stdout);
    assert.ok(outcomes.length > 180, stdout);
    assert.deepEqual(outcomes.filter((outcome) => outcome !== "ok"), ["skipped"]);
    assert.match(stdout, /\nTIMES IN MS +N +P50 +P99\npairing: finish +1 /);
    assert.match(stdout, /\ncall: version in a session +300 +\d+\.\d +\d+\.\d\n/);
    assert.match(stdout, /\n\d+ ok, 0 failed, [01] notes, 1 skipped\n$/);
    assert.deepEqual(await callLocal(baseUrl, "clients"), { clients: [] });
    assert.equal(await callLocal(baseUrl, "clients.pair.current"), null);
  });
});

Deno.test("conform makes do with one PIN, and writes one object where asked", async () => {
  await withService({}, async ({ baseUrl }) => {
    const pin = await openPairing(baseUrl);
    const { code, stdout } = await runLatchkey("conform", baseUrl, "--pin", pin, "--json");
    assert.equal(code, 0, stdout);
    const report = JSON.parse(stdout);
    assert.equal(report.url, baseUrl);
    assert.match(report.serverVersion, /^latchkey-/);
    const results: ConformResult[] = report.results;
    assert.equal(report.failed, 0);
    assert.equal(report.ok + report.note + report.skipped, results.length);
    const reasons = results.filter(({ outcome }) => outcome === "skipped")
      .map(({ detail }) => detail);
    assert.deepEqual([...new Set(reasons)], [
      "judged from another host only",
      "no second PIN",
      "no third PIN",
    ]);
    assert.deepEqual(report.leftClients, []);
    assert.ok(report.times.length > 0);
  });
});

Deno.test("conform reads each PIN from standard input when it is needed", async () => {
  await withService({}, async ({ baseUrl }) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT}src/main.ts`, "conform", baseUrl, "--pin", "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const keyboard = child.stdin.getWriter();
    const nextPin = async (): Promise<void> => {
      await keyboard.write(utf8(`${await openPairing(baseUrl)}\n`));
    };
    let stdout = "";
    const collected = (async () => {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) stdout += text;
    })();
    await nextPin();
    await until("the session is judged", () => /session: wrong params/.test(stdout), {
      limitMs: 120_000,
    });
    await nextPin();
    await until("the second pairing is judged", () => /msgA counts byte for byte/.test(stdout));
    // There is no third one.
    await keyboard.close();
    assert.equal((await child.status).code, 0, stdout);
    await collected;
    assert.match(stdout, /msgA counts byte for byte.* ok\n/);
    assert.match(stdout, /the third guess .* skipped: no third PIN\n/);
  });
});

systemTest("conform asks for more PINs at a terminal, and Enter leaves them out", {
  whyNot: whyNoTerminal(),
  run: () =>
    withService({}, async ({ baseUrl }) => {
      const pin = await openPairing(baseUrl);
      const command = ["run", "-A", `${ROOT}src/main.ts`, "conform", baseUrl, "--pin", pin];
      const { code, shown } = await atTerminal([Deno.execPath(), ...command], {
        typed: ["\r", "\r"],
        questions: /\(Enter leaves them out\): /g,
      });
      assert.equal(code, 0, shown);
      assert.match(shown, /msgA counts byte for byte.* skipped: no second PIN\r\n/);
      assert.match(shown, /the third guess .* skipped: no third PIN\r\n/);
    }),
});

Deno.test("conform exits with 1 where a check fails, and skips what that makes senseless", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("{}"),
  );
  try {
    const { code, stdout } = await runLatchkey(
      "conform",
      `127.0.0.1:${server.addr.port}`,
      "--pin",
      "123456",
    );
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^§10 +GET \/health says .* FAILED: answered \{\}, expected the status "ok"$/m,
    );
    // It does not call itself Latchkey.
    assert.match(stdout, /^§8 +a foreign Origin is refused over HTTP +note: answered 200 \{\}/m);
    assert.match(stdout, /^§3 +start answers a session .* FAILED: session is no UUID$/m);
    assert.match(stdout, /^§5 +a first frame opens a session.* skipped: not paired$/m);
    assert.ok(!stdout.includes("TIMES"));
    assert.match(stdout, /\n\d+ ok, [1-9]\d* failed, [1-9]\d* notes, [1-9]\d* skipped\n$/);
  } finally {
    await server.shutdown();
  }
});

Deno.test("conform says whom it cannot reach", async () => {
  const away = await runLatchkey("conform", "http://127.0.0.1:9");
  assert.equal(away.code, 1);
  assert.match(away.stderr, /^Cannot reach http:\/\/127\.0\.0\.1:9: /);
});
