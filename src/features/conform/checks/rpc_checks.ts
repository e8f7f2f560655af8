// JSON-RPC 2.0 as docs/protocol.md §7 has it, over whatever carries it: rows of a text and of what has
// to come back.

import { asJsonObject, parseJsonObject, rawMember } from "../../../base/json.ts";
import type { ConformCheck } from "../conform_check.ts";
import type { ConformStage } from "../conform_stage.ts";
import { demand, demandStatus, Deviation, quoted } from "../deviation.ts";
import { type SessionPeer, VERSION_REQUEST, withSession } from "../session_peer.ts";
import { postRpc } from "./http_checks.ts";

/** Sends texts, and returns what answers each: undefined where nothing does. */
export type RpcExchange = (stage: ConformStage, text: string) => Promise<string | undefined>;

type Expected =
  | { readonly code: number; readonly id: string }
  | { readonly result: (result: unknown) => boolean; readonly id: string }
  | "no answer";

interface RpcRow {
  readonly title: string;
  readonly text: string;
  readonly expected: Expected;
  readonly isOurs?: true;
}

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const UNKNOWN_METHOD = -32601;
const INVALID_PARAMS = -32602;
const MAX_DEPTH = 64;

const ID = "3f0b6e5c-5a3d-4a63-9f3a-1f2b3c4d5e6f";

function call(method: string, { id = `"${ID}"`, params = "" } = {}): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}"${params && `,"params":${params}`}}`;
}

const isVersion = (result: unknown): boolean => {
  const { version, platform } = asJsonObject(result) ?? {};
  return typeof version === "string" && typeof platform === "string";
};

function echoed(id: string, isOurs?: true): RpcRow {
  return {
    title: `the id ${id} comes back as it was written`,
    text: call("version", { id }),
    expected: { result: isVersion, id },
    ...(isOurs && { isOurs }),
  };
}

function malformed(title: string, text: string): RpcRow {
  return { title, text, expected: { code: INVALID_REQUEST, id: "null" } };
}

const ROWS: readonly RpcRow[] = [
  {
    title: "version tells a version and a platform",
    text: call("version"),
    expected: { result: isVersion, id: `"${ID}"` },
  },
  {
    title: "version tells the versions of the encryption",
    text: call("version"),
    expected: {
      result: (result) => String(asJsonObject(result)?.["encryption"]) === "1",
      id: `"${ID}"`,
    },
    isOurs: true,
  },
  {
    title: "health tells that the service lives",
    text: call("health"),
    expected: { result: (result) => asJsonObject(result)?.["status"] === "ok", id: `"${ID}"` },
    isOurs: true,
  },
  {
    title: "names of methods compare without case",
    text: call("VERSION"),
    expected: { result: isVersion, id: `"${ID}"` },
    isOurs: true,
  },
  echoed(`"${ID}"`),
  echoed("7"),
  echoed("1.0", true),
  echoed("1E5", true),
  echoed("-0", true),
  echoed("12345678901234567890", true),
  echoed("true", true),
  echoed("null", true),
  {
    title: "what is no JSON is a parse error",
    text: "{",
    expected: { code: PARSE_ERROR, id: "null" },
  },
  {
    title: "an empty text is a parse error",
    text: "",
    expected: { code: PARSE_ERROR, id: "null" },
  },
  {
    title: `what is nested deeper than ${MAX_DEPTH} is a parse error`,
    text: call("version", { params: "[".repeat(MAX_DEPTH + 1) + "]".repeat(MAX_DEPTH + 1) }),
    expected: { code: PARSE_ERROR, id: "null" },
    isOurs: true,
  },
  malformed("an array is no request: there is no batch", `[${call("version")}]`),
  malformed("a number is no request", "7"),
  malformed("a string is no request", '"version"'),
  malformed("null is no request", "null"),
  {
    title: 'a request whose jsonrpc is not "2.0" is none, and keeps its id',
    text: call("version").replace('"2.0"', '"1.0"'),
    expected: { code: INVALID_REQUEST, id: `"${ID}"` },
  },
  malformed("an id that is an object makes no request", call("version", { id: '{"a":1}' })),
  malformed("an id that is an array makes no request", call("version", { id: "[1]" })),
  malformed("neither a method nor an id is no request", '{"jsonrpc":"2.0"}'),
  {
    title: "a request without an id is not answered",
    text: '{"jsonrpc":"2.0","method":"version"}',
    expected: "no answer",
  },
  {
    title: "a response is not answered",
    text: `{"jsonrpc":"2.0","id":"${ID}","result":null}`,
    expected: "no answer",
  },
  {
    title: "an unknown method is called one",
    text: call("no.such.method"),
    expected: { code: UNKNOWN_METHOD, id: `"${ID}"` },
  },
  {
    title: "wrong params are called that",
    text: call("media.search", { params: '{"maxResults":"many"}' }),
    expected: { code: INVALID_PARAMS, id: `"${ID}"` },
    isOurs: true,
  },
];

function judge(answer: string | undefined, expected: Expected): void {
  if (expected === "no answer") {
    demand(answer === undefined, `answered ${quoted(answer ?? "")}`);
    return;
  }
  demand(answer !== undefined, "was not answered");
  const object = parseJsonObject(answer);
  demand(object?.["jsonrpc"] === "2.0", `answered ${quoted(answer)}, which is no JSON-RPC`);
  const id = rawMember(answer, "id");
  demand(id === expected.id, `answered with the id ${id}, expected ${expected.id}`);
  const error = asJsonObject(object["error"]);
  if ("result" in expected) {
    demand(error === undefined, `was refused: ${quoted(answer)}`);
    demand(expected.result(object["result"]), `answered ${quoted(answer)}`);
    return;
  }
  demand(error !== undefined, `answered ${quoted(answer)}, expected an error`);
  const { code, message } = error;
  demand(typeof message === "string" && message !== "", "the error has no message");
  if (code !== expected.code) {
    throw new Deviation(`answered the code ${code}, expected ${expected.code}`);
  }
}

/** Checks of JSON-RPC over an exchange, which has to be named in each title. */
export function rpcChecks(over: string, exchange: RpcExchange): ConformCheck[] {
  return ROWS.map(({ title, text, expected, isOurs }) => ({
    section: "§7",
    title: `${over}: ${title}`,
    ...(isOurs && { isOurs }),
    run: async (stage) => judge(await exchange(stage, text), expected),
  }));
}

/** A text as the body of a POST; an answer without a body is none. */
export async function exchangeByPost(
  stage: ConformStage,
  text: string,
): Promise<string | undefined> {
  const answer = await postRpc(stage, text);
  if (answer.text === "") {
    demand(answer.status >= 200 && answer.status < 300, `answered ${answer.status}`);
    return undefined;
  }
  demandStatus(answer, 200);
  return answer.text;
}

/** A text in a session of its own; what only answers the next request is no answer. */
export async function exchangeInSession(
  stage: ConformStage,
  text: string,
): Promise<string | undefined> {
  return await withSession(stage, (session) => askOnce(session, text));
}

async function askOnce(session: SessionPeer, text: string): Promise<string | undefined> {
  await session.send(text);
  await session.send(VERSION_REQUEST);
  const first = await session.answer();
  return parseJsonObject(first)?.["id"] === "v" ? undefined : first;
}

/** Checks of what is asked of a POST itself. */
export const POST_CHECKS: readonly ConformCheck[] = [
  {
    section: "§7",
    title: "POST wants the Content-Type application/json",
    run: async (stage) =>
      demandStatus(await postRpc(stage, VERSION_REQUEST, { "Content-Type": "text/plain" }), 415),
  },
  {
    section: "§7",
    title: "POST takes at most 1 MiB",
    run: async (stage) => {
      const params = `{"filling":"${"x".repeat(1024 * 1024)}"}`;
      demandStatus(await postRpc(stage, call("version", { params })), 413);
    },
  },
];
