// What a method of the API is. Each file under methods/ exports its part of the table.

import type * as v from "valibot";
import type { Eventual } from "../../base/eventual.ts";
import type { Role } from "../access/client.ts";
import type { Caller } from "./caller.ts";
import type { Unwritten } from "./shapes.ts";

/** Who may call a method: everybody let in, admins, or the device itself alone. */
export type MethodAccess = "anyone" | "admin" | "local";

/** What a method knows of its call. */
export interface RpcCall {
  /** Who is calling. */
  readonly caller: Caller;
  /** What the caller may do at this moment. */
  readonly role: Role;
}

/** The shape of params: an object schema. */
export type ParamsSchema = v.GenericSchema<unknown, unknown>;

/** The shape of a result. */
export type ResultSchema = v.GenericSchema;

/** A method in the table, its params not yet validated. */
export interface RpcMethod {
  /** The name; compared without case. */
  readonly name: string;
  /** Who may call it. */
  readonly access: MethodAccess;
  /** What its params must be. */
  readonly params: ParamsSchema;
  /** What its result is; nothing is checked by it at run time. */
  readonly result: ResultSchema;
  /** Whether it is answered only when what it kept is on the disk. */
  readonly waitsForDisk: boolean;
  /** Words of ours about params with a key that the schema does not know; undefined for none. */
  readonly explainUnknownKey: (params: unknown) => string | undefined;
  /** Runs it with params that the schema has passed; the result, or a promise of it. */
  run(params: unknown, call: RpcCall): unknown;
}

/** A method whose `run` has its params and its result typed by their schemas. */
export interface MethodDefinition<Params extends ParamsSchema, Result extends ResultSchema> {
  /** The name; compared without case. */
  readonly name: string;
  /** Who may call it. */
  readonly access: MethodAccess;
  /** What its params must be. */
  readonly params: Params;
  /** What its result is: the type of what `run` returns, and the reference for clients. */
  readonly result: Result;
  /**
   * Whether it is answered only when what it kept is on the disk.
   * @default false
   */
  readonly waitsForDisk?: boolean;
  /**
   * Words of ours about params with a key that the schema does not know. They name keys of ours and
   * nothing of the caller's text.
   * @default none
   */
  readonly explainUnknownKey?: (params: unknown) => string | undefined;
  /** Runs it, at once or by a promise; an AppError refuses, any other throw is a mistake of ours. */
  run(
    params: v.InferOutput<Params>,
    call: RpcCall,
  ): Eventual<Unwritten<v.InferOutput<Result>>>;
}

/** Puts a definition into the table's form. */
export function defineMethod<Params extends ParamsSchema, Result extends ResultSchema>(
  definition: MethodDefinition<Params, Result>,
): RpcMethod {
  const { name, access, params, result, run } = definition;
  const { waitsForDisk = false, explainUnknownKey = () => undefined } = definition;
  return {
    name,
    access,
    params,
    result,
    waitsForDisk,
    explainUnknownKey,
    run: (parsed, call) => run(parsed as v.InferOutput<Params>, call),
  };
}
