// Real programs, started and ended as the runner does it.

import assert from "node:assert/strict";
import type { ActionProcess } from "../../../src/features/actions/action_process.ts";
import {
  createActionStarter,
  LATE_OUTPUT_MS,
  READ_BYTES,
} from "../../../src/edges/platform/action_starter.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { until } from "../../support/until.ts";

const STARTER = import.meta.resolve("../../../src/edges/platform/action_starter.ts");
/** Variables that a service may well have and that are nobody else's. */
const SECRETS = {
  LATCHKEY_PASSPHRASE: "secret",
  PGPASSWORD: "secret",
  AWS_SECRET_ACCESS_KEY: "secret",
  NOTIFY_SOCKET: "secret",
  INVOCATION_ID: "secret",
  LD_PRELOAD_TOLD: "secret",
  HTTPS_PROXY: "secret",
  XDGX: "secret",
};

/** Variables that every program inherits. */
const HARMLESS = {
  HOME: "/home/player",
  USER: "player",
  LANG: "de_DE.UTF-8",
  LC_TIME: "C",
  TZ: "Europe/Berlin",
  XDG_RUNTIME_DIR: "/run/user/7",
  DISPLAY: ":1",
  WAYLAND_DISPLAY: "wayland-1",
  SDL_VIDEODRIVER: "kmsdrm",
  PULSE_SERVER: "unix:/p",
  PIPEWIRE_REMOTE: "pipe",
  DBUS_SESSION_BUS_ADDRESS: "unix:/d",
};

const ENVIRONMENT = {
  ...SECRETS,
  ...HARMLESS,
  PATH: Deno.env.get("PATH") ?? "",
  KEPT: "yes",
};

interface Started extends ActionProcess {
  output(): string;
}

function start(
  argv: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; passEnv?: readonly string[] } = {},
): Started {
  const { env = {}, cwd, passEnv = ["KEPT"] } = options;
  let output = "";
  const decoder = new TextDecoder();
  const process = createActionStarter(ENVIRONMENT)(argv, {
    cwd,
    env,
    passEnv,
    onOutput: (chunk) => {
      output += decoder.decode(chunk, { stream: true });
    },
  });
  return { ...process, output: () => output };
}

Deno.test("a program gets its arguments, variables and folder, and its output is read", async () => {
  const script = 'pwd; env | grep -E "KEPT|MINE|LATCHKEY"; echo "$#:$1"; echo err >&2; exit 7';
  const process = start(["sh", "-c", script, "sh", "a  b"], { env: { MINE: "too" }, cwd: "/" });
  assert.deepEqual(await process.ended, { exitCode: 7, signal: null });
  await process.finish();
  const lines = process.output().split("\n");
  assert.equal(lines[0], "/");
  for (const line of ["KEPT=yes", "MINE=too", "1:a  b", "err"]) assert.ok(lines.includes(line));
  assert.doesNotMatch(process.output(), /secret/);
  assert.equal(process.isAlive(), false);
  assert.equal(process.signal("SIGTERM"), false);
});

Deno.test("all output of a program arrives once and in order, in chunks that are read at once", async () => {
  const bytes = 3 * READ_BYTES + 17;
  let sum = 0;
  let longest = 0;
  const process = createActionStarter(ENVIRONMENT)(
    ["sh", "-c", `head -c ${bytes} /dev/zero | tr '\\0' a`],
    {
      cwd: undefined,
      env: {},
      passEnv: [],
      onOutput: (chunk) => {
        assert.ok(chunk.every((byte) => byte === 0x61));
        sum += chunk.length;
        longest = Math.max(longest, chunk.length);
      },
    },
  );
  await process.ended;
  await process.finish();
  assert.equal(sum, bytes);
  assert.ok(longest <= READ_BYTES);
});

Deno.test("a program inherits what is harmless, its own variables and what it asks for", async () => {
  const process = start(["env"], { env: { MINE: "too", LANG: "C" }, passEnv: ["KEPT", "ABSENT"] });
  await process.ended;
  await process.finish();
  const expected = {
    ...HARMLESS,
    PATH: ENVIRONMENT.PATH,
    LANG: "C",
    KEPT: "yes",
    MINE: "too",
  };
  assert.deepEqual(
    process.output().trim().split("\n").sort(),
    Object.entries(expected).map(([name, value]) => `${name}=${value}`).sort(),
  );
});

Deno.test("a program has no variable of this process but those it is given", async () => {
  Deno.env.set("LATCHKEY_TEST_SECRET", "sesame");
  try {
    const process = start(["env"]);
    await process.ended;
    await process.finish();
    assert.doesNotMatch(process.output(), /sesame/);
    assert.match(process.output(), /^KEPT=yes$/m);
  } finally {
    Deno.env.delete("LATCHKEY_TEST_SECRET");
  }
});

Deno.test("a program that is not there cannot be started", () => {
  assert.throws(() => start(["/nowhere/at/all"]), { name: "NotFound" });
});

Deno.test("without the right to start programs nobody is asked for it", async () => {
  const script = `
    import { createActionStarter } from ${JSON.stringify(STARTER)};
    Deno.permissions.revokeSync({ name: "run" });
    try {
      createActionStarter({})(["true"], { env: {}, passEnv: [], onOutput: () => {} });
    } catch ({ name, message }) {
      console.log(name + ": " + message);
    }
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `data:text/javascript,${encodeURIComponent(script)}`],
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assert.equal(printed, "NotCapable: The right to start programs was given up\n");
});

Deno.test("a signal reaches the children and their children", async () => {
  const process = start(["sh", "-c", "(sleep 50; :) & sleep 50 & echo ready; wait"]);
  await until("the process has come so far", () => process.output().includes("ready"));
  assert.equal(process.signal("SIGTERM"), true);
  assert.deepEqual(await process.ended, { exitCode: null, signal: "SIGTERM" });
  await until("the process has come so far", () => !process.isAlive());
  await process.finish();
});

Deno.test("a program that became another user's is there, and out of reach", async () => {
  const refuse = (): never => {
    throw new Deno.errors.PermissionDenied("Operation not permitted");
  };
  const process = createActionStarter(ENVIRONMENT, refuse)(["true"], {
    cwd: undefined,
    env: {},
    passEnv: [],
    onOutput: () => {},
  });
  assert.equal(process.isAlive(), true);
  assert.equal(process.signal("SIGKILL"), false);
  await process.ended;
  await process.finish();
});

Deno.test("children that outlive their program are seen and can be killed", async () => {
  const process = start(["sh", "-c", "(trap '' TERM; while :; do sleep 1; done) & echo ready"]);
  assert.deepEqual(await process.ended, { exitCode: 0, signal: null });
  await until("the process has come so far", () => process.output().includes("ready"));
  assert.equal(process.isAlive(), true);
  process.signal("SIGTERM");
  assert.equal(process.isAlive(), true);
  process.signal("SIGKILL");
  await until("the process has come so far", () => !process.isAlive());
  await process.finish();
});

Deno.test("a process that left the group does not hold the run open by its output", async () => {
  const process = start(["sh", "-c", "setsid sh -c 'sleep 3' & echo ready"]);
  await process.ended;
  await until("the process has come so far", () => !process.isAlive());
  const before = performance.now();
  await process.finish();
  // It was given up, and not waited for until the process closed its output by itself.
  assert.ok(performance.now() - before < 2500);
  assert.ok(LATE_OUTPUT_MS < 2500);
});

// Whatever a text holds, it is one argument, byte for byte.
const TEXTS = [
  "$(touch INJECTED)",
  "`touch INJECTED`",
  "; touch INJECTED",
  "&& touch INJECTED",
  "| touch INJECTED",
  "> INJECTED",
  "../../../etc/passwd",
  "*",
  "~",
  "$HOME ${PATH}",
  "'\"\\",
  "-rf --help -- -",
  "a b  c\u00a0d",
  "%s%n%x",
  "é🎮\u202e",
  "x".repeat(2048),
];
const LETTERS = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ0é🎮";
const random = seededRandom(FUZZ_SEED);
for (let i = 0; i < 20; i++) {
  const letters = [...LETTERS];
  const drawn = [...random(60)].map((byte) => letters[byte % letters.length]);
  TEXTS.push(drawn.join(""));
}

Deno.test(`every text arrives as exactly one argument, and nothing else is started ${SEED_NOTE}`, async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const printed = await Promise.all(TEXTS.map(async (text) => {
      const process = start(["printf", "%s\\0", "begin", text, "end"], { cwd: folder });
      await process.ended;
      await process.finish();
      return process.output();
    }));
    assert.deepEqual(printed, TEXTS.map((text) => `begin\0${text}\0end\0`));
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
