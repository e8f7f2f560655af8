import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { dayOf, type UsageEntry } from "../../../src/features/models/usage.ts";
import { createDispatcher } from "../../../src/features/rpc/dispatcher.ts";
import {
  DEFAULT_USAGE_DAYS,
  MAX_USAGE_DAYS,
  usageMethods,
  type UsageReader,
} from "../../../src/features/rpc/methods/usage_methods.ts";

const NOON = Date.UTC(2026, 0, 31, 12);

async function ask(
  params: unknown,
  options: { isLocal?: boolean; hasGateway?: boolean; entries?: UsageEntry[] } = {},
): Promise<{ answer: Record<string, unknown>; asked: unknown[] }> {
  const { isLocal = true, hasGateway = true, entries = [] } = options;
  const asked: unknown[] = [];
  const reader: UsageReader = {
    flush: () => {
      asked.push("flush");
      return Promise.resolve();
    },
    list: (wanted) => {
      asked.push(wanted);
      return Promise.resolve(entries);
    },
  };
  const dispatcher = createDispatcher({
    methods: usageMethods({
      usage: hasGateway ? () => reader : undefined,
      wallMs: () => NOON,
      dayOf,
    }),
    roleOf: () => "admin",
    log: silentLogger,
  });
  const caller = { isLocal, address: "192.0.2.1", clientId: "id-1", requestId: "r.1" };
  const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "usage", params });
  return { answer: JSON.parse(await dispatcher.handle(request, caller) ?? ""), asked };
}

const ASKED: [unknown, object][] = [
  [undefined, { sinceDay: "2026-01-25", keyId: undefined }],
  [{}, { sinceDay: "2026-01-25", keyId: undefined }],
  [{ days: 1 }, { sinceDay: "2026-01-31", keyId: undefined }],
  [{ days: 31, keyId: "abcdefgh" }, { sinceDay: "2026-01-01", keyId: "abcdefgh" }],
  [{ days: MAX_USAGE_DAYS }, { sinceDay: "2025-01-31", keyId: undefined }],
];
for (const [params, expected] of ASKED) {
  Deno.test(`usage with ${JSON.stringify(params)} writes what is new, then reads`, async () => {
    assert.equal(DEFAULT_USAGE_DAYS, 7);
    const { answer, asked } = await ask(params);
    assert.deepEqual(asked, ["flush", expected]);
    const { sinceDay } = expected as { sinceDay: string };
    assert.deepEqual(answer["result"], { sinceDay, usage: [] });
  });
}

const BAD = [
  { by: [] },
  { by: ["colour"] },
  { by: ["day", "day"] },
  { by: "day" },
  { days: 0 },
  { days: 1.5 },
  { days: MAX_USAGE_DAYS + 1 },
  { keyId: "" },
  { x: 1 },
];
for (const params of BAD) {
  Deno.test(`usage refuses ${JSON.stringify(params)}`, async () => {
    const { answer, asked } = await ask(params);
    assert.equal((answer["error"] as { code: number }).code, -32602);
    assert.deepEqual(asked, []);
  });
}

Deno.test("usage is told to the device itself only, and where there is a gateway", async () => {
  const remote = await ask({}, { isLocal: false });
  assert.match(JSON.stringify(remote.answer["error"]), /forbidden/);
  const off = await ask({}, { hasGateway: false });
  assert.match(JSON.stringify(off.answer["error"]), /unavailable/);
});

Deno.test("usage is added up by day and key, or by what is asked for", async () => {
  const numbers = { requests: 1, promptTokens: 2, outputTokens: 3, errors: 0, durationMs: 4 };
  const of = (day: string, keyId: string, model: string): UsageEntry => ({
    day,
    keyId,
    model,
    ...numbers,
  });
  const entries = [of("2026-01-30", "a", "x:1"), of("2026-01-30", "a", "y:1")];
  const twice = { requests: 2, promptTokens: 4, outputTokens: 6, errors: 0, durationMs: 8 };
  const told = async (params: object): Promise<unknown> => {
    const { answer } = await ask(params, { entries });
    return (answer["result"] as { usage: unknown }).usage;
  };
  assert.deepEqual(await told({}), [{ day: "2026-01-30", keyId: "a", ...twice }]);
  assert.deepEqual(await told({ by: ["model"] }), [
    { model: "x:1", ...numbers },
    { model: "y:1", ...numbers },
  ]);
});
