// From a JSON-RPC text to its answer (docs/protocol.md §7): finds the method, asks whether the
// caller may, checks params, runs, and turns whatever is thrown into an error of the table. A method
// that returns no promise is answered at once.

import * as v from "valibot";
import { AppError, asError } from "../../base/app_error.ts";
import type { Eventual } from "../../base/eventual.ts";
import { closestWord } from "../../base/closest_word.ts";
import { asJsonObject, type JsonObject } from "../../base/json.ts";
import type { Logger } from "../../base/log.ts";
import type { Role } from "../access/client.ts";
import type { Caller } from "./caller.ts";
import {
  APP_ERROR_CODE,
  encodeError,
  encodeResult,
  parseRpcMessage,
  RPC_ERRORS,
  type RpcErrorObject,
} from "./message.ts";
import type { MethodAccess, ParamsSchema, RpcMethod } from "./method.ts";

/** Options of {@linkcode createDispatcher}. */
export interface DispatcherOptions {
  /** All methods; no two may share a name. */
  methods: readonly RpcMethod[];
  /** What a caller may do now; undefined where its pairing is gone. */
  roleOf: (caller: Caller) => Role | undefined;
  /**
   * Resolves once all that methods have kept is on the disk.
   * @default it is there when they return
   */
  durable?: () => Promise<void>;
  /** Hears of our own mistakes in full. */
  log: Logger;
}

/** Answers JSON-RPC texts. */
export interface Dispatcher {
  /** The answer to a text, or undefined where there is none. Never throws or rejects. */
  handle(text: string, caller: Caller): Eventual<string | undefined>;
  /** The answer to a text that there is no room for. */
  busyAnswer(text: string): string | undefined;
}

/** A dispatcher over a table of methods; TypeError where two share a name. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { methods, roleOf, durable = () => Promise.resolve(), log } = options;
  const byName = new Map(methods.map((method) => [method.name.toLowerCase(), method]));
  if (byName.size !== methods.length) throw new TypeError("Two methods share a name");

  function call(method: RpcMethod, params: unknown, caller: Caller): unknown {
    const role = roleOf(caller);
    if (role === undefined) throw new AppError("unauthorized", "This client is no longer paired");
    checkAccess(method.access, caller, role);
    const result = method.run(parseParams(method, params), { caller, role });
    return method.waitsForDisk ? whenOnDisk(result) : result;
  }

  async function whenOnDisk(result: unknown): Promise<unknown> {
    const value = await result;
    await durable();
    return value;
  }

  function toErrorObject(thrown: unknown, method: string, caller: Caller): RpcErrorObject {
    if (thrown instanceof ParamsError) {
      return { code: RPC_ERRORS.invalidParams.code, message: thrown.message };
    }
    if (thrown instanceof AppError && thrown.code !== "internal") {
      const { code, message, retryAfterS } = thrown;
      return { code: APP_ERROR_CODE, message, data: { code, retryAfter: retryAfterS } };
    }
    const { requestId } = caller;
    log.error("Method failed", { method, requestId, error: asError(thrown) });
    return RPC_ERRORS.internal;
  }

  return {
    handle(text: string, caller: Caller): Eventual<string | undefined> {
      const message = parseRpcMessage(text);
      if (message.kind === "invalid") return encodeError(message.id, message.error);
      if (message.kind !== "request") return undefined;
      const { id } = message;
      const method = byName.get(message.method.toLowerCase());
      if (method === undefined) return encodeError(id, RPC_ERRORS.methodNotFound);
      const refuse = (thrown: unknown): string =>
        encodeError(id, toErrorObject(thrown, method.name, caller));
      try {
        const result = call(method, message.params, caller);
        if (!(result instanceof Promise)) return encodeResult(id, result);
        return result.then((value) => encodeResult(id, value)).catch(refuse);
      } catch (thrown) {
        return refuse(thrown);
      }
    },
    busyAnswer(text: string): string | undefined {
      const message = parseRpcMessage(text);
      return message.kind === "request" ? encodeError(message.id, RPC_ERRORS.busy) : undefined;
    },
  };
}

class ParamsError extends Error {}

function checkAccess(access: MethodAccess, caller: Caller, role: Role): void {
  if (access === "local" && !caller.isLocal) {
    throw new AppError("forbidden", "Allowed only on the device itself");
  }
  if (access === "admin" && role !== "admin") throw new AppError("forbidden", "Only for admins");
}

// One problem at a time: a list of a million wrong items must not become a million issues.
function parseParams(method: RpcMethod, params: unknown): unknown {
  const schema = method.params;
  if (Array.isArray(params)) throw new ParamsError("Invalid params: expected an object");
  const result = v.safeParse(schema, params ?? {}, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const explained = issue.expected === "never" ? method.explainUnknownKey(params) : undefined;
  throw new ParamsError(`Invalid params: ${explained ?? describeIssue(schema, issue)}`);
}

// Names keys of ours and what they must be, never what was sent.
function describeIssue(schema: ParamsSchema, issue: v.BaseIssue<unknown>): string {
  const { name, node } = ownPlace(schema, issue.path ?? []);
  const prefix = name === "" ? "" : `${name}: `;
  if (issue.expected === "never") {
    const known = Object.keys(asJsonObject(node?.["entries"]) ?? {});
    const guess = closestWord(String(issue.path?.at(-1)?.key), known);
    return `${prefix}unknown key${guess === undefined ? "" : ` (did you mean "${guess}"?)`}`;
  }
  const isMissing = issue.path?.at(-1)?.origin === "key" && issue.input === undefined;
  if (isMissing) return `${prefix}missing`;
  if (issue.type === "non_empty") return `${prefix}expected not empty`;
  const expected = issue.expected ?? issue.type;
  return `${prefix}expected ${expected.replace(/^\((.*)\)$/, "$1")}`;
}

// The part of a path that the schema itself names, and the schema there: the keys of a record are text
// of the peer.
function ownPlace(
  schema: ParamsSchema,
  path: readonly v.IssuePathItem[],
): { name: string; node: JsonObject | undefined } {
  const names: string[] = [];
  let node = asJsonObject(schema);
  const unwrap = (): void => {
    while (node?.["wrapped"] !== undefined) node = asJsonObject(node["wrapped"]);
  };
  for (const item of path) {
    const key = String(item.key);
    unwrap();
    const entries = asJsonObject(node?.["entries"]);
    const isIndex = typeof item.key === "number";
    if (!isIndex && (entries === undefined || !Object.hasOwn(entries, key))) break;
    names.push(key);
    node = asJsonObject(isIndex ? node?.["item"] : entries?.[key]);
  }
  unwrap();
  return { name: names.join("."), node };
}
