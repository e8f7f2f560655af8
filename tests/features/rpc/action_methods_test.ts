import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import {
  actionMethods,
  type ActionMethodsOptions,
} from "../../../src/features/rpc/methods/action_methods.ts";
import type { ScreenUse } from "../../../src/features/actions/exclusive_screen.ts";
import type { RunOrigin, RunToken } from "../../../src/features/library/text_runner.ts";
import { sampleAction } from "../../support/fake_actions.ts";

const MEDIA = {
  systemId: "SNES",
  systemName: "SNES",
  mediaName: "Game",
  mediaPath: "game/a",
  launcherId: "game",
  zapScript: "game/a",
};
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
    run?: ActionMethodsOptions["run"];
    current?: ActionMethodsOptions["screen"]["current"];
  },
): Promise<Answer> {
  const unexpected = (): never => assert.fail("nobody asks");
  const { who = "member", actions = {}, run = unexpected, current = unexpected } = options;
  const dispatcher = createDispatcher({
    methods: actionMethods({
      actions: {
        list: unexpected,
        output: unexpected,
        stop: unexpected,
        ...actions,
      },
      run,
      screen: { current, look: () => Promise.resolve() },
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

const BARE = { text: "game/a", uid: undefined, type: undefined, data: undefined };

// Params as clients send them, and what is run.
const RUNS: [unknown, RunToken][] = [
  ["game/a", BARE],
  [{ text: "game/a" }, BARE],
  [{ text: "game/a", uid: "04:a2", data: "ff", unsafe: true, type: "nfc" }, {
    text: "game/a",
    uid: "04:a2",
    type: "nfc",
    data: "ff",
  }],
];
for (const [params, expected] of RUNS) {
  Deno.test(`run takes ${JSON.stringify(params)}`, async () => {
    const runs: unknown[] = [];
    const run = (token: RunToken, { by }: RunOrigin): Promise<void> => {
      runs.push(token, by);
      return Promise.resolve();
    };
    assert.equal((await ask("run", params, { run })).result, null);
    assert.deepEqual(runs, [expected, "id-1"]);
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
  const { error } = await ask("run", "x", { run });
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
  const current = (): ScreenUse => ({
    media: MEDIA,
    startedAtMs: 1_790_000_000_900,
    begun: Promise.resolve(),
    isOver: false,
    over: new Promise(() => {}),
    endWithin: () => Promise.resolve(),
  });
  assert.deepEqual((await ask("media.active", undefined, { current })).result, {
    started: "2026-09-21T14:13:20.900Z",
    ...MEDIA,
  });
  const none = { current: () => undefined };
  assert.equal((await ask("media.active", undefined, none)).result, null);
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
