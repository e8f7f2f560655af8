// The shapes of params, results and notifications as JSON Schema (draft 7), those with a name as
// references to it.

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { ActionShape, ActiveShape, StartedShape } from "../methods/action_methods.ts";
import { AuditEntryShape } from "../methods/audit_methods.ts";
import { ClientShape, PinShape } from "../methods/client_methods.ts";
import { KeyShape } from "../methods/key_methods.ts";
import { PastRunShape, TokenShape } from "../methods/token_methods.ts";
import { UsageShape } from "../methods/usage_methods.ts";
import {
  DatabaseShape,
  MediaEntryShape,
  MediaFolderShape,
  MediaMetaShape,
  MediaResultShape,
  PaginationShape,
  PropertyShape,
  SystemShape,
  TagShape,
} from "../media_shapes.ts";

/** A JSON Schema of the kinds that come out of this file. */
export interface JsonSchemaNode {
  readonly $ref?: string;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly contentEncoding?: string;
  readonly items?: JsonSchemaNode;
  readonly not?: JsonSchemaNode;
  readonly anyOf?: readonly JsonSchemaNode[];
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchemaNode | boolean;
}

/** The shapes that have a name. */
export const NAMED_SHAPES: Readonly<Record<string, v.GenericSchema>> = {
  Action: ActionShape,
  ActiveMedia: ActiveShape,
  ApiKey: KeyShape,
  AuditEntry: AuditEntryShape,
  Client: ClientShape,
  Database: DatabaseShape,
  MediaEntry: MediaEntryShape,
  MediaFolder: MediaFolderShape,
  MediaMeta: MediaMetaShape,
  MediaResult: MediaResultShape,
  Pagination: PaginationShape,
  PastRun: PastRunShape,
  Pin: PinShape,
  Property: PropertyShape,
  StartedMedia: StartedShape,
  System: SystemShape,
  Tag: TagShape,
  Token: TokenShape,
  Usage: UsageShape,
};

/** Where references to named shapes lead. */
export const SHAPE_REFERENCE = "#/components/schemas/";

const NAMES: ReadonlyMap<unknown, string> = new Map(
  Object.entries(NAMED_SHAPES).map(([name, shape]) => [shape, name]),
);

/** A shape as JSON Schema; TypeError for one that cannot be told in it. */
export function jsonSchemaOf(shape: v.GenericSchema): JsonSchemaNode {
  const { $schema: _dialect, ...schema } = toJsonSchema(shape, {
    target: "draft-07",
    typeMode: "input",
    // The converter's own definitions would be converted anew for every shape.
    overrideSchema: ({ valibotSchema }) => {
      const name = NAMES.get(valibotSchema);
      return name === undefined ? undefined : { $ref: `${SHAPE_REFERENCE}${name}` };
    },
    // A check by a function: what it asks for is said in words.
    ignoreActions: ["check"],
  });
  return tidy(schema as JsonSchemaNode);
}

/** All named shapes. */
export function namedSchemas(): Record<string, JsonSchemaNode> {
  // A copy has no name: what stands under one must not be a reference to itself.
  return Object.fromEntries(
    Object.entries(NAMED_SHAPES).map(([name, shape]) => [name, jsonSchemaOf({ ...shape })]),
  );
}

// What the converter adds and a reader does not need.
function tidy(node: JsonSchemaNode): JsonSchemaNode {
  const { required, properties, ...rest } = node as JsonSchemaNode & { propertyNames?: unknown };
  delete rest.propertyNames;
  const { items, anyOf, additionalProperties } = rest;
  return {
    ...rest,
    ...(properties && { properties: mapValues(properties, tidy) }),
    ...(required && required.length > 0 && { required }),
    ...(items && { items: tidy(items) }),
    ...(anyOf && { anyOf: anyOf.map(tidy) }),
    ...(typeof additionalProperties === "object" &&
      { additionalProperties: tidy(additionalProperties) }),
  };
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, change(value)]),
  );
}
