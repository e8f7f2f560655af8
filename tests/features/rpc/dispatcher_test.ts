import assert from "node:assert/strict";
import * as v from "valibot";
import { AppError } from "../../../src/base/app_error.ts";
import { type LogFields, type Logger, silentLogger } from "../../../src/base/log.ts";
import type { Role } from "../../../src/features/access/client.ts";
import type { Caller } from "../../../src/features/rpc/caller.ts";
import { createDispatcher, type Dispatcher } from "../../../src/features/rpc/dispatcher.ts";
import {
  defineMethod,
  type MethodAccess,
  type RpcMethod,
} from "../../../src/features/rpc/method.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const MEMBER = callerOf({ clientId: "member" });
const ADMIN = callerOf({ clientId: "admin" });
const REMOVED = callerOf({ clientId: "removed" });
const LOCAL = callerOf({ isLocal: true });
const SECRET = "sesame";

const PARAMS = v.strictObject({
  name: v.pipe(v.string(), v.nonEmpty(), v.maxLength(8)),
  role: v.optional(v.picklist(["admin", "member"])),
  size: v.optional(v.pipe(v.number(), v.integer())),
  labels: v.optional(v.record(v.string(), v.number())),
  marks: v.optional(v.record(v.picklist(["x", "y"]), v.number())),
  steps: v.optional(v.array(v.strictObject({ key: v.string() }))),
  place: v.optional(v.nullable(v.object({ x: v.number() }))),
});
const echo = defineMethod({
  name: "Echo.it",
  access: "anyone",
  params: PARAMS,
  result: v.unknown(),
  run: (p) => p,
});
const quiet = methodOf(() => undefined);

const ROWS: [string, string, unknown][] = [
  ["text that is not JSON", "{", { id: null, code: -32700 }],
  ["an array", "[]", { id: null, code: -32600 }],
  ["another jsonrpc", '{"jsonrpc":"1","method":"m","id":4}', { id: 4, code: -32600 }],
  ["a notification", '{"jsonrpc":"2.0","method":"m"}', undefined],
  ["a request", '{"jsonrpc":"2.0","method":"m","id":null}', { id: null, result: null }],
  ["an id that is an object", '{"jsonrpc":"2.0","method":"m","id":{}}', { id: null, code: -32600 }],
  ["a response", '{"jsonrpc":"2.0","id":4,"result":1}', undefined],
  ["a method it does not know", requestOf(SECRET), { id: 4, code: -32601 }],
  ["a name of every object", requestOf("toString"), { id: 4, code: -32601 }],
  ["bad params", requestOf("echo.it", "[]"), { id: 4, code: -32602 }],
];
for (const [name, text, expected] of ROWS) {
  Deno.test(`handle() answers ${name}`, async () => {
    const dispatcher = dispatcherOf([echo, quiet]);
    const answer = await dispatcher.handle(text, LOCAL);
    assert.deepEqual(answer === undefined ? undefined : gist(answer), expected);
    assert.ok(!answer?.includes(SECRET));
  });
}

Deno.test("handle() runs a method once for a request and never for anything else", async () => {
  let runs = 0;
  const dispatcher = dispatcherOf([methodOf(() => runs += 1)]);
  await dispatcher.handle('{"jsonrpc":"2.0","method":"m"}', LOCAL);
  await dispatcher.handle('{"jsonrpc":"1.0","method":"m","id":1}', LOCAL);
  await dispatcher.handle('{"jsonrpc":"2.0","method":"m","id":[]}', LOCAL);
  dispatcher.busyAnswer(requestOf("m"));
  assert.equal(runs, 0);
  await dispatcher.handle(requestOf("m"), LOCAL);
  assert.equal(runs, 1);
});

Deno.test("handle() begins calls in the order of their texts", async () => {
  const begun: unknown[] = [];
  const note = defineMethod({
    name: "note",
    access: "anyone",
    params: v.object({ n: v.number() }),
    result: v.unknown(),
    run: ({ n }) => begun.push(n),
  });
  const dispatcher = dispatcherOf([note]);
  const answers = [1, 2, 3].map((n) => dispatcher.handle(requestOf("note", `{"n":${n}}`), LOCAL));
  assert.deepEqual(begun, [1, 2, 3]);
  await Promise.all(answers);
});

Deno.test("handle() answers at once where the method does, and later where it does", async () => {
  const now = dispatcherOf([methodOf(() => 1)]).handle(requestOf("m"), LOCAL);
  assert.deepEqual(typeof now === "string" && gist(now), { id: 4, result: 1 });
  const refusal = dispatcherOf([methodOf(() => {
    throw new AppError("conflict", "No");
  })]).handle(requestOf("m"), LOCAL);
  assert.deepEqual(typeof refusal === "string" && gist(refusal), {
    id: 4,
    code: 1,
    data: { code: "conflict" },
  });
  const later = dispatcherOf([methodOf(() => Promise.resolve(2))]).handle(requestOf("m"), LOCAL);
  assert.ok(later instanceof Promise);
  assert.deepEqual(gist(await later), { id: 4, result: 2 });
  const never = dispatcherOf([methodOf(() => Promise.resolve(() => {}))]);
  assert.deepEqual(gist(await never.handle(requestOf("m"), LOCAL)), { id: 4, code: -32603 });
});

Deno.test("handle() compares method names without case", async () => {
  const answers = await Promise.all(["Echo.it", "echo.it", "ECHO.IT"].map((name) => {
    return dispatcherOf([echo]).handle(requestOf(name, '{"name":"a"}'), LOCAL);
  }));
  for (const answer of answers) assert.deepEqual(gist(answer), { id: 4, result: { name: "a" } });
});

Deno.test("createDispatcher() refuses two methods of one name", () => {
  const twin = defineMethod({ ...echo, name: "echo.IT" });
  assert.throws(() => dispatcherOf([echo, twin]), TypeError);
});

const ACCESS: [MethodAccess, string, Caller, string | undefined][] = [
  ["anyone", "a member", MEMBER, undefined],
  ["anyone", "an admin", ADMIN, undefined],
  ["anyone", "the device itself", LOCAL, undefined],
  ["anyone", "a client that was removed", REMOVED, "unauthorized"],
  ["admin", "a member", MEMBER, "forbidden"],
  ["admin", "an admin", ADMIN, undefined],
  ["admin", "the device itself", LOCAL, undefined],
  ["admin", "a client that was removed", REMOVED, "unauthorized"],
  ["local", "a member", MEMBER, "forbidden"],
  ["local", "an admin", ADMIN, "forbidden"],
  ["local", "the device itself", LOCAL, undefined],
  ["local", "a client that was removed", REMOVED, "unauthorized"],
];
for (const [access, who, caller, code] of ACCESS) {
  const verb = code === undefined ? "lets" : "keeps";
  Deno.test(`handle() ${verb} ${who} ${code ? "out of" : "into"} methods for ${access}`, async () => {
    let ran = false;
    const method = methodOf(() => ran = true, access);
    const answer = gist(await dispatcherOf([method]).handle(requestOf("m"), caller));
    assert.equal(ran, code === undefined);
    assert.deepEqual(answer, code ? { id: 4, code: 1, data: { code } } : { id: 4, result: true });
  });
}

Deno.test("handle() asks who may before it looks at params", async () => {
  const method = defineMethod({ ...echo, access: "local" });
  const answer = await dispatcherOf([method]).handle(requestOf("echo.it", "[]"), ADMIN);
  assert.deepEqual(gist(answer), { id: 4, code: 1, data: { code: "forbidden" } });
});

Deno.test("handle() asks for the role at every request and tells the method", async () => {
  let role: Role = "admin";
  const tell = defineMethod({
    name: "m",
    access: "anyone",
    params: v.object({}),
    result: v.unknown(),
    run: (_params, call) => ({ role: call.role, clientId: call.caller.clientId }),
  });
  const dispatcher = createDispatcher({ methods: [tell], roleOf: () => role, log: silentLogger });
  const first = await dispatcher.handle(requestOf("m"), MEMBER);
  assert.deepEqual(gist(first), { id: 4, result: { role: "admin", clientId: "member" } });
  role = "member";
  const second = await dispatcher.handle(requestOf("m"), MEMBER);
  assert.deepEqual(gist(second), { id: 4, result: { role: "member", clientId: "member" } });
});

const REFUSALS: [string, AppError, unknown][] = [
  ["its code", new AppError("conflict", "Taken", { cause: SECRET }), { code: "conflict" }],
  [
    "when to try again",
    new AppError("rate_limited", "Wait", { retryAfterS: 3 }),
    { code: "rate_limited", retryAfter: 3 },
  ],
];
for (const [name, error, data] of REFUSALS) {
  Deno.test(`handle() tells of a refusal with ${name}, and logs nothing`, async () => {
    const { log, lines } = recordingLogger();
    const answer = await dispatcherOf([methodOf(() => Promise.reject(error))], log)
      .handle(requestOf("m"), MEMBER) ?? "";
    assert.deepEqual(gist(answer), { id: 4, code: 1, data });
    assert.equal(JSON.parse(answer).error.message, error.message);
    assert.ok(!answer.includes(SECRET));
    assert.deepEqual(lines, []);
  });
}

const cycle: unknown[] = [];
cycle.push(cycle);
const MISTAKES: [string, () => unknown][] = [
  ["that throws", () => assert.fail(SECRET)],
  ["that rejects", () => Promise.reject(new Error(SECRET))],
  ["that throws a text", () => Promise.reject(SECRET)],
  ["that throws an internal AppError", () => Promise.reject(new AppError("internal", SECRET))],
  ["whose result is a cycle", () => cycle],
  ["whose result is a bigint", () => 1n],
  ["whose result is a function", () => () => SECRET],
];
for (const [name, run] of MISTAKES) {
  Deno.test(`handle() leaks nothing of a method ${name}, and logs it in full`, async () => {
    const { log, lines } = recordingLogger();
    const method = { ...methodOf(run), name: "Own.name" };
    const answer = await dispatcherOf([method], log).handle(requestOf("OWN.NAME"), MEMBER);
    assert.deepEqual(gist(answer), { id: 4, code: -32603 });
    assert.ok(!answer?.includes(SECRET));
    const [line] = lines;
    assert.equal(lines.length, 1);
    assert.ok(line?.["error"] instanceof Error);
    assert.deepEqual([line["method"], line["requestId"]], ["Own.name", MEMBER.requestId]);
  });
}

Deno.test("handle() answers where the role cannot be looked up", async () => {
  const { log, lines } = recordingLogger();
  const roleOf = (): never => assert.fail(SECRET);
  const dispatcher = createDispatcher({ methods: [quiet], roleOf, log });
  assert.deepEqual(gist(await dispatcher.handle(requestOf("m"), MEMBER)), { id: 4, code: -32603 });
  assert.equal(lines.length, 1);
});

const BAD_PARAMS: [string, string][] = [
  ["[]", "expected an object"],
  [`"${SECRET}"`, "expected Object"],
  ["5", "expected Object"],
  ["{}", "name: missing"],
  ["null", "name: missing"],
  ['{"name":5}', "name: expected string"],
  ['{"name":""}', "name: expected not empty"],
  [`{"name":"${SECRET.repeat(2)}"}`, "name: expected <=8"],
  [`{"name":"a","role":"${SECRET}"}`, 'role: expected "admin" | "member"'],
  ['{"name":"a","size":1.5}', "size: expected integer"],
  [`{"name":"a","${SECRET}":1}`, "unknown key"],
  [`{"name":"a","__proto__":{"${SECRET}":1}}`, "unknown key"],
  ['{"name":"a","rolle":"member"}', 'unknown key (did you mean "role"?)'],
  [`{"name":"a","labels":{"${SECRET}":"${SECRET}"}}`, "labels: expected number"],
  [`{"name":"a","marks":{"${SECRET}":1}}`, 'marks: expected "x" | "y"'],
  [`{"name":"a","steps":[{"key":"a"},{"key":7}]}`, "steps.1.key: expected string"],
  [`{"name":"a","steps":[{"${SECRET}":7}]}`, "steps.0.key: missing"],
  [`{"name":"a","place":{"x":"${SECRET}"}}`, "place.x: expected number"],
];
for (const [params, problem] of BAD_PARAMS) {
  Deno.test(`handle() says of params ${params}: ${problem}`, async () => {
    const answer = await dispatcherOf([echo]).handle(requestOf("echo.it", params), MEMBER) ?? "";
    const error = { code: -32602, message: `Invalid params: ${problem}` };
    assert.deepEqual(JSON.parse(answer), { jsonrpc: "2.0", id: 4, error });
  });
}

Deno.test("handle() takes params absent and null for an empty object", async () => {
  const method = defineMethod({ ...echo, name: "m", params: v.strictObject({}) });
  const texts = [requestOf("m"), requestOf("m", "null"), requestOf("m", "{}")];
  const answers = await Promise.all(
    texts.map((text) => dispatcherOf([method]).handle(text, LOCAL)),
  );
  for (const answer of answers) assert.deepEqual(gist(answer), { id: 4, result: {} });
});

Deno.test("handle() looks no further than the first problem", async () => {
  let looks = 0;
  const item = v.custom<string>(() => (looks += 1) === 0);
  const params = v.object({ items: v.array(item) });
  const method = defineMethod({ ...echo, name: "m", params });
  const text = requestOf("m", `{"items":[${Array(10_000).fill(5)}]}`);
  const answer = await dispatcherOf([method]).handle(text, MEMBER);
  assert.deepEqual([gist(answer), looks], [{ id: 4, code: -32602 }, 1]);
});

const BUSY: [string, string, unknown][] = [
  ["a request", requestOf("m"), { id: 4, code: -32000 }],
  ["a request of no known method", requestOf(SECRET), { id: 4, code: -32000 }],
  ["a request with the id null", requestOf("m").replace("4", "null"), { id: null, code: -32000 }],
  ["a notification", '{"jsonrpc":"2.0","method":"m"}', undefined],
  ["a response", '{"jsonrpc":"2.0","id":4}', undefined],
  ["ping", "ping", undefined],
];
for (const [name, text, expected] of BUSY) {
  Deno.test(`busyAnswer() to ${name}`, () => {
    const answer = dispatcherOf([quiet]).busyAnswer(text);
    assert.deepEqual(answer === undefined ? undefined : gist(answer), expected);
  });
}

Deno.test("busyAnswer() echoes the exact text of the id", () => {
  const answer = dispatcherOf([]).busyAnswer('{"jsonrpc":"2.0","method":"m","id":1.0}');
  const error = '{"code":-32000,"message":"Server busy"}';
  assert.equal(answer, `{"jsonrpc":"2.0","id":1.0,"error":${error}}`);
});

const FUZZ_ROUNDS = 5000;
const SEEDS = [
  requestOf("echo.it", '{"name":"a","role":"admin","steps":[{"key":"k"}],"place":null}'),
  '{"id":"\\u0041","jsonrpc":"2.0","method":"m","params":{}}',
  '{"jsonrpc":"2.0","id":-1.50e3,"method":"ECHO.IT","params":{"name":"b","labels":{"x":1}}}',
  '{"jsonrpc":"2.0","id":null,"result":[{}]}',
];
const SPLINTERS = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "null", "1e999", "-0", '"id":1.0,', "\\u0000"],
  ...['"__proto__":{},', "😀", "\ud800", "[".repeat(70), "true", " ", '"method":5,'],
];

Deno.test(`handle() answers ${FUZZ_ROUNDS} mutations with JSON-RPC and without a crash ${SEED_NOTE}`, async () => {
  const { log, lines } = recordingLogger();
  const dispatcher = dispatcherOf([echo, quiet], log);
  const texts = mutations(FUZZ_ROUNDS);
  const answers = await Promise.all(texts.map((text) => dispatcher.handle(text, MEMBER)));
  const seen = new Set<unknown>();
  texts.forEach((text, i) => {
    const answer = answers[i];
    seen.add(answer === undefined ? "none" : JSON.parse(answer).error?.code ?? "result");
    if (answer !== undefined) checkAnswer(text, answer);
    const busy = dispatcher.busyAnswer(text);
    if (busy !== undefined) checkAnswer(text, busy);
  });
  assert.deepEqual(lines, []);
  const outcomes = ["none", "result", -32700, -32600, -32601, -32602];
  assert.deepEqual(new Set(outcomes), seen, "the mutations reach every outcome");
});

function checkAnswer(text: string, answer: string): void {
  const { jsonrpc, id, result, error, ...rest } = JSON.parse(answer);
  assert.deepEqual([jsonrpc, rest], ["2.0", {}]);
  assert.notEqual(result === undefined, error === undefined, text);
  if (error?.code === -32700) {
    assert.equal(id, null);
    assert.ok(text.includes("[".repeat(60)) || !isJson(text), text);
  } else {
    const sent = JSON.parse(text)?.id;
    assert.deepEqual(id, typeof sent === "object" || sent === undefined ? null : sent, text);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// One to three cuts, copies or splinters at random places of a valid message.
function mutations(count: number): string[] {
  const random = seededRandom(FUZZ_SEED);
  const below = (limit: number): number =>
    random(4).reduce((value, byte) => value * 256 + byte, 0) % limit;
  return Array.from({ length: count }, () => {
    let text = SEEDS[below(SEEDS.length)] ?? "";
    for (let edits = 1 + below(3); edits > 0; edits--) {
      const at = below(text.length + 1);
      const end = at + below(6);
      const middle = [
        "",
        SPLINTERS[below(SPLINTERS.length)] ?? "",
        text.slice(at, end).repeat(2),
        String.fromCharCode(below(128)),
      ][below(4)];
      text = `${text.slice(0, at)}${middle}${text.slice(end)}`;
    }
    return text;
  });
}

function dispatcherOf(methods: readonly RpcMethod[], log: Logger = silentLogger): Dispatcher {
  const roles = new Map<string | undefined, Role>([["member", "member"], ["admin", "admin"]]);
  const roleOf = (caller: Caller): Role | undefined =>
    caller.isLocal ? "admin" : roles.get(caller.clientId);
  return createDispatcher({ methods, roleOf, log });
}

function methodOf(run: () => unknown, access: MethodAccess = "anyone"): RpcMethod {
  return defineMethod({ name: "m", access, params: v.object({}), result: v.unknown(), run });
}

function callerOf(change: Partial<Caller>): Caller {
  return { isLocal: false, address: "192.0.2.1", clientId: undefined, requestId: "r.1", ...change };
}

function requestOf(method: string, params?: string): string {
  const tail = params === undefined ? "" : `,"params":${params}`;
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"id":4${tail}}`;
}

// What a program looks at in an answer.
function gist(answer: string | undefined): unknown {
  const { id, result, error } = JSON.parse(answer ?? "null");
  if (error === undefined) return { id, result };
  const { code, data } = error;
  return data === undefined ? { id, code } : { id, code, data };
}

function recordingLogger(): { log: Logger; lines: LogFields[] } {
  const lines: LogFields[] = [];
  const record = (_message: string, fields: LogFields = {}): void => {
    lines.push(fields);
  };
  return { log: { debug: record, info: record, warn: record, error: record }, lines };
}
