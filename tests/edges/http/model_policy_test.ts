// The policy's row "models" where keys are judged elsewhere: the same steps in the same order.

import assert from "node:assert/strict";
import { toHttpError } from "../../../src/edges/http/error_response.ts";
import {
  checkModelPolicy,
  type PolicyFacts,
  type PolicyRequest,
} from "../../../src/edges/http/policy.ts";
import type { ModelKey, ModelKeyVerdict } from "../../../src/features/models/model_key.ts";

const KEY: ModelKey = { keyId: "rightkey", models: ["a"] };

async function check(
  changes: Partial<PolicyRequest> = {},
  world: { verdict?: ModelKeyVerdict; isAllowedIp?: boolean } = {},
): Promise<{ status: number; key?: ModelKey; asked: string[] }> {
  const { verdict = { kind: "accepted", key: KEY }, isAllowedIp = true } = world;
  const asked: string[] = [];
  const note = <Answer>(question: string, answer: Answer): Answer => {
    asked.push(question);
    return answer;
  };
  const facts: PolicyFacts = {
    own: { hostNames: ["handheld"], addresses: [], port: 7497 },
    encryption: false,
    allowedOrigins: [],
    isAllowedIp: () => note("ip", isAllowedIp),
    isMetricsIp: () => assert.fail(),
    isAllowedText: () => assert.fail(),
    isKeyRequired: () => assert.fail(),
    findKey: () => assert.fail(),
    admit: (limit) => note(limit, true),
  };
  const request = {
    isLocal: false,
    address: "198.51.100.1",
    headers: new Headers({ Host: "handheld:7497", Authorization: "Bearer right" }),
    ...changes,
  };
  const authenticate = (text: string | undefined): Promise<ModelKeyVerdict> =>
    Promise.resolve(note(`key ${text}`, verdict));
  try {
    return {
      status: 200,
      key: await checkModelPolicy(request, { facts, authenticate }),
      asked,
    };
  } catch (error) {
    return { status: toHttpError(error).status, asked };
  }
}

Deno.test("an accepted key is handed on, of remote and local peers alike", async () => {
  assert.deepEqual(await check(), { status: 200, key: KEY, asked: ["ip", "key right"] });
  assert.deepEqual(await check({ isLocal: true }), { status: 200, key: KEY, asked: ["key right"] });
});

Deno.test("an accepted key counts under any name, of remote and local peers alike", async () => {
  const headers = new Headers({ Host: "models.example", Authorization: "Bearer right" });
  assert.equal((await check({ headers })).status, 200);
  assert.equal((await check({ headers, isLocal: true })).status, 200);
  const wrong = { verdict: { kind: "unknown" } } as const;
  assert.equal((await check({ headers, isLocal: true }, wrong)).status, 401);
});

Deno.test("a request is refused at the first no", async () => {
  const host = new Headers({ Host: "evil.example" });
  const origin = new Headers({ Host: "handheld", Origin: "https://evil.example" });
  const none = new Headers({ Host: "handheld" });
  const query = { headers: none, queryKey: "right" };
  const unknown = { verdict: { kind: "unknown" } } as const;
  // Whatever name was asked for: a page of somebody else's has no key.
  assert.deepEqual(await check({ headers: host }, unknown), {
    status: 401,
    asked: ["ip", "key undefined"],
  });
  assert.deepEqual(await check({ headers: origin }), { status: 403, asked: [] });
  assert.deepEqual(await check({}, { isAllowedIp: false }), { status: 403, asked: ["ip"] });
  assert.deepEqual(await check({}, unknown), { status: 401, asked: ["ip", "key right"] });
  assert.deepEqual(await check(query, unknown), { status: 401, asked: ["ip", "key undefined"] });
  assert.deepEqual(await check({}, { verdict: { kind: "wrong_scope" } }), {
    status: 403,
    asked: ["ip", "key right"],
  });
});
