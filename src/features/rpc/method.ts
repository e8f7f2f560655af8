// What a method of the API is. Each file under methods/ exports its part of the table.

import type * as v from "valibot";
import type { Role } from "../access/client.ts";
import type { Caller } from "./caller.ts";

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

/** A method in the table, its params not yet validated. */
export interface RpcMethod {
  /** The name; compared without case. */
  readonly name: string;
  /** Who may call it. */
  readonly access: MethodAccess;
  /** What its params must be. */
  readonly params: ParamsSchema;
  /** Whether it is answered only when what it kept is on the disk. */
  readonly waitsForDisk: boolean;
  /** Runs it with params that the schema has passed; the result, or a promise of it. */
  run(params: unknown, call: RpcCall): unknown;
}

/** A method whose `run` gets its params typed by their schema. */
export interface MethodDefinition<Schema extends ParamsSchema> {
  /** The name; compared without case. */
  readonly name: string;
  /** Who may call it. */
  readonly access: MethodAccess;
  /** What its params must be. */
  readonly params: Schema;
  /**
   * Whether it is answered only when what it kept is on the disk.
   * @default false
   */
  readonly waitsForDisk?: boolean;
  /** Runs it, at once or by a promise; an AppError refuses, any other throw is a mistake of ours. */
  run(params: v.InferOutput<Schema>, call: RpcCall): unknown;
}

/** Puts a definition into the table's form. */
export function defineMethod<Schema extends ParamsSchema>(
  definition: MethodDefinition<Schema>,
): RpcMethod {
  const { name, access, params, waitsForDisk = false, run } = definition;
  return {
    name,
    access,
    params,
    waitsForDisk,
    run: (parsed, call) => run(parsed as v.InferOutput<Schema>, call),
  };
}
