// The commands as their users run them: what they print, what they answer, how they exit.

import assert from "node:assert/strict";
import { atTerminal, whyNoTerminal } from "../support/at_terminal.ts";
import { freePort } from "../support/free_port.ts";
import { connectPhone, pairPhone } from "../support/reference_phone.ts";
import {
  callLocal,
  openPairing,
  runLatchkey,
  startService,
  withDataDir,
  withService,
} from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("demo plays the main job and cleans up", async () => {
  const { code, stdout } = await runLatchkey("demo");
  assert.equal(code, 0);
  assert.match(stdout, /phone\s+paired as client [0-9a-f-]{36}/);
  assert.match(stdout, /device\s+answers \{"version":"latchkey-\d+\.\d+\.\d+","platform":"linux"/);
  assert.match(stdout, /^ {2}PIN \d{3} \d{3}$/m);
  assert.match(stdout, /its folder is removed/);
});

Deno.test("every command has --help and --version, and wrong usage exits with 2", async () => {
  const commands = [
    ...["serve", "pair", "clients", "keys", "audit", "call", "demo", "run", "stop", "actions"],
    ...["config", "doctor", "backup", "restore", "usage", "status", "settings", "logs"],
    ...["completion", "remote", "conform"],
  ];
  const helps = await Promise.all(commands.map((name) => runLatchkey(name, "--help")));
  for (const [i, { code, stdout }] of helps.entries()) {
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`Usage: latchkey ${commands[i]}`));
  }
  const versions = await Promise.all([runLatchkey("--version"), runLatchkey("pair", "--version")]);
  for (const { code, stdout } of versions) {
    assert.equal(code, 0);
    assert.match(stdout, /^latchkey \d+\.\d+\.\d+\n$/);
  }
  const wrong = [
    [],
    ["nonsense"],
    ["serve", "extra"],
    ["pair", "--role", "king"],
    ["call"],
    ["clients", "delete"],
    ["keys", "add", "x"],
    ["keys", "add", "x", "--scope", "rpc", "--expires", "soon"],
    ["audit", "--nonsense"],
  ];
  const results = await Promise.all(wrong.map((args) => runLatchkey(...args)));
  for (const [i, { code, stderr }] of results.entries()) {
    assert.equal(code, 2, String(wrong[i]));
    assert.match(stderr, /Usage: latchkey/);
  }
});

Deno.test("commands say when no service runs, and exit with 1", async () => {
  await withDataDir(async (dataDir) => {
    await Deno.writeTextFile(`${dataDir}.toml`, '[service]\nlisten = "127.0.0.1:9"\n');
    const commands = [["clients"], ["call", "version"], ["pair"], ["keys"], ["audit"]];
    const results = await Promise.all(
      commands.map((args) => runLatchkey(...args, "--config", `${dataDir}.toml`)),
    );
    for (const { code, stderr } of results) {
      assert.equal(code, 1);
      assert.match(stderr, /Cannot reach the service at http:\/\/127\.0\.0\.1:9: is it running\?/);
    }
  });
});

Deno.test("a configuration with a mistake is refused with file, line and key", async () => {
  await withDataDir(async (dataDir) => {
    const file = `${dataDir}.toml`;
    await Deno.writeTextFile(file, "[service]\n\nencrpytion = true\n");
    const { code, stderr } = await runLatchkey("serve", "--config", file);
    assert.equal(code, 1);
    assert.equal(
      stderr,
      `Cannot read ${file}: line 3: unknown key "encrpytion" in [service] ` +
        '(did you mean "encryption"?)\n',
    );
    const missing = await runLatchkey("serve", "--config", `${dataDir}-none.toml`);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /no such file/);
  });
});

Deno.test("serve says where it listens and what to do next", async () => {
  await withService({}, (service, config) => {
    const output = service.output();
    assert.match(output, /Latchkey listens on http:\/\/127\.0\.0\.1:\d+/);
    assert.ok(output.includes(`latchkey pair --config ${config}`));
    assert.ok(!output.includes("without encryption"));
    return Promise.resolve();
  });
});

Deno.test("serve warns once when other hosts may talk in plaintext", async () => {
  await withService({ listen: "[::]:0" }, (service) => {
    assert.equal(service.output().split("Serving other hosts without encryption").length, 2);
    return Promise.resolve();
  });
});

Deno.test("a second instance is refused by folder and by port", async () => {
  await withService({}, async (service, config) => {
    const second = await runLatchkey("serve", "--config", config);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /another latchkey \(process \d+\) is running on it/);
    const { port } = new URL(service.baseUrl);
    const other = await Deno.makeTempDir({ prefix: "latchkey_test_" });
    await Deno.writeTextFile(
      `${other}/config.toml`,
      `[service]\nlisten = "127.0.0.1:${port}"\ndata_dir = "${other}/data"\n`,
    );
    const third = await runLatchkey("serve", "--config", `${other}/config.toml`);
    assert.equal(third.code, 1);
    assert.match(third.stderr, /another program listens there already/);
    await Deno.remove(other, { recursive: true });
  });
});

Deno.test("pair shows the PIN, waits, and says who paired", async () => {
  await withService({}, async (service, config) => {
    const command = spawn("pair", "--name", "Kitchen tablet", "--config", config);
    await command.waitFor(/left/);
    const { pin } = await callLocal(service.baseUrl, "clients.pair.current") as { pin: string };
    assert.ok(command.output().split("\n").includes(`  PIN ${pin.slice(0, 3)} ${pin.slice(3)}`));
    const pairing = await pairPhone(service.baseUrl, { pin, name: "\u202eevil\u0007" });
    assert.equal(await command.code, 0);
    // Where no terminal is, nothing is written over.
    assert.match(
      command.output(),
      /^ {2}Waiting for the phone, [45]:\d\d left\n {2}Paired with \ufffdevil\ufffd\n$/m,
    );
    assert.ok(!command.output().includes("\r"));
    const { stdout } = await runLatchkey("clients", "--config", config);
    assert.match(stdout, new RegExp(`${pairing.clientId}  admin .*Kitchen tablet`));
  });
});

systemTest("pair counts down in one line where the terminal is wide enough, and else not at all", {
  whyNot: whyNoTerminal(),
  run: () =>
    withService({}, async ({ baseUrl }, config) => {
      for (const [columns, isCounting] of [[40, true], [34, false]] as const) {
        const pair = `${Deno.execPath()} run -A ${ROOT}src/main.ts pair --config ${config}`;
        const shown = atTerminal(["sh", "-c", `stty cols ${columns}; exec ${pair}`], {
          typed: [],
          questions: /nothing is asked/g,
        });
        await until("the PIN is shown", async () =>
          await callLocal(baseUrl, "clients.pair.current") !== null);
        await new Promise((resolve) =>
          setTimeout(resolve, 2500)
        );
        await callLocal(baseUrl, "clients.pair.cancel");
        const text = (await shown).shown;
        const steps = text.match(/\r {2}Waiting for the phone, \d:\d\d left/g) ?? [];
        assert.equal(steps.length >= 2, isCounting, text);
        assert.equal(text.match(/Waiting/g)?.length === 1, !isCounting, text);
        assert.match(text, /Pairing was cancelled/);
      }
    }),
});

Deno.test("no command writes a name of others that drives the terminal", async () => {
  await withService({}, async (service, config) => {
    const name = "\u202eevil\u009b31m";
    await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl), name });
    const results = await Promise.all([
      runLatchkey("clients", "--config", config),
      runLatchkey("call", "clients", "--config", config),
      runLatchkey("audit", "--config", config),
    ]);
    for (const { stdout } of results) assert.match(stdout, /^[ -~\ufffd\n]*$/);
    const { clients } = JSON.parse(results[1]?.stdout ?? "") as {
      clients: { clientName: string }[];
    };
    assert.equal(clients[0]?.clientName, name);
    const refused = await runLatchkey("call", "\u202eno", "--config", config);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^[ -~\ufffd\n]*$/);
  });
});

Deno.test("pair tells of wrong guesses and why nobody paired", async () => {
  await withService({}, async (service, config) => {
    const command = spawn("pair", "--config", config);
    await command.waitFor(/left/);
    const { pin } = await callLocal(service.baseUrl, "clients.pair.current") as { pin: string };
    const wrong = pin === "000000" ? "000001" : "000000";
    for (const status of [/401/, /401/, /403/]) {
      await assert.rejects(pairPhone(service.baseUrl, { pin: wrong }), status);
    }
    // One address alone cannot burn the PIN.
    assert.notEqual(await callLocal(service.baseUrl, "clients.pair.current"), null);
    await callLocal(service.baseUrl, "clients.pair.cancel");
    assert.equal(await command.code, 1);
    const told = /Wrong PIN entered: 1 of 3, from 127\.0\.0\.1[^]*2 of 3, from 127\.0\.0\.1/;
    assert.match(command.output(), told);
    assert.match(command.output(), /Pairing was cancelled/);
  });
});

for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) {
  Deno.test(`pair shows a PIN that is already valid, and cancels it on ${signal}`, async () => {
    await withService({}, async (service, config) => {
      await openPairing(service.baseUrl);
      const command = spawn("pair", "--config", config);
      await command.waitFor(/left/);
      assert.match(command.output(), /It was valid already/);
      command.kill(signal);
      assert.equal(await command.code, 1);
      assert.match(command.output(), /Pairing was cancelled/);
      assert.equal(await callLocal(service.baseUrl, "clients.pair.current"), null);
    });
  });
}

Deno.test("pair --role never shows a PIN of another role, and says who the first client is", async () => {
  await withService({}, async (service, config) => {
    const { baseUrl } = service;
    await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
    const first = await callLocal(baseUrl, "clients.pair.start", { role: "admin" }) as {
      pin: string;
    };
    const command = spawn("pair", "--role", "member", "--config", config);
    await command.waitFor(/left/);
    assert.match(
      command.output(),
      /for an admin, is cancelled\. Who pairs with it will be a member/,
    );
    const { pin, role } = await callLocal(baseUrl, "clients.pair.current") as {
      pin: string;
      role: string;
    };
    assert.equal(role, "member");
    assert.notEqual(pin, first.pin);
    await pairPhone(baseUrl, { pin });
    assert.equal(await command.code, 0);
    const { clients } = await callLocal(baseUrl, "clients") as { clients: { role: string }[] };
    assert.deepEqual(clients.map((client) => client.role).sort(), ["admin", "member"]);
  });
  await withService({}, async (_service, config) => {
    const command = spawn("pair", "--role", "member", "--config", config);
    await command.waitFor(/left/);
    assert.match(command.output(), /will be an admin, as the first client always is/);
    command.kill("SIGTERM");
    assert.equal(await command.code, 1);
  });
});

Deno.test("clients delete asks before it removes the last admin", async () => {
  await withService({}, async (service, config) => {
    const { baseUrl } = service;
    const { clientId } = await pairPhone(baseUrl, { pin: await openPairing(baseUrl) });
    const refused = await runLatchkey("clients", "delete", clientId, "--config", config);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /Nothing was deleted/);
    const sure = await runLatchkey("clients", "delete", clientId, "--yes", "--config", config);
    assert.equal(sure.code, 0);
    const again = await runLatchkey("clients", "delete", clientId, "--yes", "--config", config);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /No client with this id/);
  });
});

Deno.test("keys are added, listed and revoked, and the audit log tells of it", async () => {
  await withService({}, async (_service, config) => {
    const added = await runLatchkey(
      ...["keys", "add", "My script", "--scope", "rpc,run", "--expires", "30d", "--config", config],
    );
    assert.match(added.stdout, /^lk_[a-z0-9]{8}_[A-Za-z0-9_-]{43}\n$/);
    assert.match(added.stderr, /From now on other hosts need a key of scope rpc for POST/);
    assert.match(added.stderr, /Paired phones go on without one\./);
    assert.match(added.stderr, /From now on other hosts need a key of scope run to run anything/);
    const another = await runLatchkey("keys", "add", "b", "--scope", "run", "--config", config);
    assert.doesNotMatch(another.stderr, /From now on/);
    await runLatchkey("keys", "revoke", another.stdout.slice(3, 11), "--config", config);
    const keyId = added.stdout.slice(3, 11);
    const listed = await runLatchkey("keys", "--config", config);
    assert.match(listed.stdout, new RegExp(`${keyId}  rpc,run .*My script`));
    assert.ok(!listed.stdout.includes(added.stdout.slice(12).trim()));
    assert.equal((await runLatchkey("keys", "revoke", keyId, "--config", config)).code, 0);
    assert.equal((await runLatchkey("keys", "revoke", keyId, "--config", config)).code, 1);
    for (const text of ["2 revoked keys", "0 revoked keys"]) {
      const { stdout } = await runLatchkey("keys", "purge", "--config", config);
      assert.equal(stdout, `Purged ${text}.\n`);
    }
    const audit = await runLatchkey("audit", "--config", config);
    assert.match(audit.stdout, /key_added[^]*key_revoked/);
    const verified = await runLatchkey("audit", "--verify", "--config", config);
    assert.equal(verified.code, 0);
    assert.equal(verified.stdout, "Verified: 4 entries, hash chain intact\n");
  });
});

Deno.test("commands ask from another address where 127.0.0.1 is a trusted proxy's", async () => {
  await withDataDir(async (dataDir) => {
    const tables = '[security]\ntrusted_proxies = ["127.0.0.1"]';
    const service = await startService({ dataDir, listen: `127.0.0.1:${freePort()}`, tables });
    try {
      await assert.rejects(callLocal(service.baseUrl, "clients"));
      const { code, stdout } = await runLatchkey("clients", "--config", `${dataDir}.toml`);
      assert.deepEqual([code, stdout], [0, "No client is paired. Pair one with: latchkey pair\n"]);
      const pairing = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", `${ROOT}src/main.ts`, "pair", "--json", "--config", `${dataDir}.toml`],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const reader = pairing.stdout.getReader();
      const { value } = await reader.read();
      assert.match(new TextDecoder().decode(value), /^\{"event":"pin","pin":"\d{6}"/);
      pairing.kill("SIGINT");
      await reader.cancel();
      await pairing.status;
    } finally {
      await service.stop();
    }
  });
});

Deno.test("SIGHUP takes new settings and keeps the old ones when the file is bad", async () => {
  await withDataDir(async (dataDir) => {
    const service = await startService({ dataDir });
    const pairing = await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    const phone = await connectPhone(service.baseUrl, pairing);
    await phone.request("version");
    const file = `${dataDir}.toml`;
    const good = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, `${good}\n[security]\nallow_run = ["a.*"]\n`);
    await service.reload();
    assert.match(service.output(), /Settings reloaded changed=\["allowRun"\]/);
    await Deno.writeTextFile(file, `${good}\n[security]\nallow_run = ["("]\n`);
    await service.reload();
    assert.match(service.output(), /Settings unchanged: .*allow_run/);
    assert.ok("result" in await phone.request("version"), "the session was dropped");
    await phone.close();
    assert.equal(await service.stop("SIGINT"), 0);
  });
});

interface Spawned {
  output(): string;
  waitFor(pattern: RegExp): Promise<void>;
  kill(signal: Deno.Signal): void;
  readonly code: Promise<number>;
}

function spawn(...args: readonly string[]): Spawned {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}src/main.ts`, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let written = "";
  let onText = (): void => {};
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      written += text;
      onText();
    }
  })();
  return {
    output: () => written,
    async waitFor(pattern: RegExp): Promise<void> {
      while (!pattern.test(written)) {
        await new Promise<void>((resolve) => {
          onText = resolve;
        });
      }
    },
    kill: (signal) => child.kill(signal),
    code: (async () => {
      await reading;
      return (await child.status).code;
    })(),
  };
}

Deno.test("a proxy in the environment is not asked, and actions that name it have it", async () => {
  const tables = [
    "[[action]]",
    'name = "env"',
    'match = "env"',
    'command = ["sh", "-c", "echo proxy=$$HTTP_PROXY,$$http_proxy."]',
    'pass_env = ["HTTP_PROXY"]',
    "exclusive = false",
  ].join("\n");
  const env = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
  await withService({ tables, env }, async ({ baseUrl }, configFile) => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "src/main.ts", "call", "version", "--config", configFile],
      cwd: new URL("../../", import.meta.url),
      env,
    }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /"version"/);
    await callLocal(baseUrl, "run", { text: "env" });
    await until("the action has the proxy", async () => {
      const shown = await callLocal(baseUrl, "actions.output", { name: "env" });
      return JSON.stringify(shown).includes("proxy=http://127.0.0.1:9,.");
    });
  });
});
