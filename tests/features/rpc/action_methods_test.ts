import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import {
  actionMethods,
  type ActionMethodsOptions,
} from "../../../src/features/rpc/methods/action_methods.ts";
import { sampleAction } from "../../support/fake_actions.ts";

const MEDIA = { systemId: "SNES", systemName: "SNES", mediaName: "Game", mediaPath: "game/a" };
const REPORT = {
  action: sampleAction("game", { system: "SNES", match: "game/(.*)" }),
  state: "ended",
  startedAtMs: 1_790_000_000_900,
  endedAtMs: 1_790_000_001_000,
  exitCode: 3,
  signal: undefined,
} as const;

interface Answer {
  result?: unknown;
  error?: { code: number; message: string; data?: { code: string } };
}

async function ask(
  method: string,
  params: unknown,
  options: {
    who?: "member" | "admin" | "device";
    actions?: Partial<ActionMethodsOptions["actions"]>;
  },
): Promise<Answer> {
  const { who = "member", actions = {} } = options;
  const unexpected = (): never => assert.fail("nobody asks");
  const dispatcher = createDispatcher({
    methods: actionMethods({
      actions: {
        active: unexpected,
        list: unexpected,
        output: unexpected,
        run: unexpected,
        stop: unexpected,
        ...actions,
      },
    }),
    roleOf: () => who === "member" ? "member" : "admin",
    log: silentLogger,
  });
  const caller = {
    isLocal: who === "device",
    address: "192.0.2.1",
    clientId: "id-1",
    requestId: "r.1",
  };
  const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return JSON.parse(await dispatcher.handle(request, caller) ?? "");
}

// Params as clients send them, and what is run.
const RUNS: [unknown, { text: string; uid: string | undefined }][] = [
  ["game/a", { text: "game/a", uid: undefined }],
  [{ text: "game/a" }, { text: "game/a", uid: undefined }],
  [{ text: "game/a", uid: "04:a2", data: "ff", unsafe: true, type: "nfc" }, {
    text: "game/a",
    uid: "04:a2",
  }],
];
for (const [params, expected] of RUNS) {
  Deno.test(`run takes ${JSON.stringify(params)}`, async () => {
    const runs: unknown[] = [];
    const run = (request: unknown): Promise<void> => {
      runs.push(request);
      return Promise.resolve();
    };
    assert.equal((await ask("run", params, { actions: { run } })).result, null);
    assert.deepEqual(runs, [expected]);
  });
}

const BAD_RUNS: [unknown, number | string][] = [
  [undefined, "bad_request"],
  [[], -32602],
  [5, -32602],
  [{ text: 5 }, -32602],
  [{ text: "a", unsafe: "yes" }, -32602],
  [{}, "bad_request"],
  [{ uid: "04:a2" }, "bad_request"],
  ["", "bad_request"],
];
for (const [params, code] of BAD_RUNS) {
  Deno.test(`run refuses ${JSON.stringify(params)}`, async () => {
    const { error } = await ask("run", params, {});
    assert.equal(error?.data?.code ?? error?.code, code);
  });
}

Deno.test("run passes on why nothing was started", async () => {
  const run = (): never => {
    throw new AppError("not_found", "No action matches this text");
  };
  const { error } = await ask("run", "x", { actions: { run } });
  assert.deepEqual([error?.code, error?.message], [1, "No action matches this text"]);
});

for (const [params, name] of [[undefined, undefined], [{ name: "fan" }, "fan"]] as const) {
  Deno.test(`stop with ${JSON.stringify(params)} ends ${name ?? "what runs"}`, async () => {
    const stops: unknown[] = [];
    const stop = (which?: string): Promise<void> => {
      stops.push(which);
      return Promise.resolve();
    };
    assert.equal((await ask("stop", params, { actions: { stop } })).result, null);
    assert.deepEqual(stops, [name]);
  });
}

Deno.test("media.active tells what runs, with its time, or null", async () => {
  const active = (): { media: typeof MEDIA; startedAtMs: number } => ({
    media: MEDIA,
    startedAtMs: 1_790_000_000_900,
  });
  assert.deepEqual((await ask("media.active", undefined, { actions: { active } })).result, {
    started: "2026-09-21T14:13:20.900Z",
    ...MEDIA,
  });
  const none = { active: () => undefined };
  assert.equal((await ask("media.active", undefined, { actions: none })).result, null);
});

Deno.test("actions lists states and times, and to the device itself what is started", async () => {
  const list = (): (typeof REPORT)[] => [REPORT];
  const shown = {
    name: "game",
    system: "SNES",
    exclusive: true,
    state: "ended",
    startedAt: 1_790_000_000,
    endedAt: 1_790_000_001,
    exitCode: 3,
    signal: null,
  };
  const remote = await Promise.all(
    (["member", "admin"] as const).map((who) =>
      ask("actions", undefined, { who, actions: { list } })
    ),
  );
  for (const { result } of remote) assert.deepEqual(result, { actions: [shown] });
  const { result } = await ask("actions", undefined, { who: "device", actions: { list } });
  assert.deepEqual(result, {
    actions: [{ ...shown, match: "game/(.*)", command: ["run-game"] }],
  });
});

Deno.test("actions.output is for admins", async () => {
  const output = (name: string): string => `output of ${name}`;
  const params = { name: "game" };
  const member = await ask("actions.output", params, { actions: { output } });
  assert.equal(member.error?.data?.code, "forbidden");
  const admin = await ask("actions.output", params, { who: "admin", actions: { output } });
  assert.deepEqual(admin.result, { name: "game", output: "output of game" });
  const nameless = await ask("actions.output", {}, { who: "admin", actions: { output } });
  assert.equal(nameless.error?.code, -32602);
});
