import assert from "node:assert/strict";
import {
  createCommandDisplay,
  type StartProgram,
} from "../../../src/features/screen/command_display.ts";

const VIEW = {
  pin: "012345",
  expiresAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  deviceName: "Living room",
  url: "http://10.0.0.5:7497/app/#pair=012345",
};

interface Started {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  input: string;
  killed: boolean;
}

function setUp(): { start: StartProgram; started: Started[] } {
  const started: Started[] = [];
  return {
    started,
    start: (argv, { env, input }) => {
      const program = { argv, env, input, killed: false };
      started.push(program);
      return {
        ended: Promise.resolve(),
        kill: () => {
          program.killed = true;
        },
      };
    },
  };
}

Deno.test("the program is told of a PIN in its environment and on its input", () => {
  const { start, started } = setUp();
  createCommandDisplay({ argv: ["show-pin", "--big"], start }).show(VIEW);
  const [program] = started;
  assert.deepEqual(program?.argv, ["show-pin", "--big"]);
  assert.deepEqual(program?.env, {
    LATCHKEY_EVENT: "show",
    LATCHKEY_PIN: "012345",
    LATCHKEY_EXPIRES_AT: "2026-01-02T03:04:05.000Z",
    LATCHKEY_URL: VIEW.url,
    LATCHKEY_DEVICE: "Living room",
  });
  assert.ok(program?.input.endsWith("}\n") && program.input.indexOf("\n") > 0);
  assert.equal(JSON.parse(program?.input ?? "").pin, "012345");
});

Deno.test("the program of the last event is ended by the next, and by the clear", () => {
  const { start, started } = setUp();
  const display = createCommandDisplay({ argv: ["show-pin"], start });
  display.show(VIEW);
  display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
  display.clear({ kind: "expired" });
  display.close();
  assert.deepEqual(started.map(({ env }) => env["LATCHKEY_EVENT"]), ["show", "warn", "expired"]);
  assert.ok(started.every(({ killed }) => killed));
  assert.equal(started[1]?.env["LATCHKEY_FAILURES"], "1");
  assert.equal(started[2]?.env["LATCHKEY_PIN"], undefined);
});

Deno.test("a client's name reaches the environment harmless and the input whole", () => {
  const { start, started } = setUp();
  const display = createCommandDisplay({ argv: ["show-pin"], start });
  display.clear({ kind: "paired", clientName: "a\u0000b\nLATCHKEY_PIN=1\u202e" });
  assert.equal(started[0]?.env["LATCHKEY_CLIENT"], "a\ufffdb\ufffdLATCHKEY_PIN=1\ufffd");
  assert.equal(started[0]?.input.trimEnd().includes("\n"), false);
  assert.equal(JSON.parse(started[0]?.input ?? "").client, "a\u0000b\nLATCHKEY_PIN=1\u202e");
});
