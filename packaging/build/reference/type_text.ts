// JSON Schemas as types of TypeScript, for the SDK and for people.

import type {
  DescribedMethod,
  OpenRpcDocument,
} from "../../../src/features/rpc/reference/openrpc.ts";
import type { JsonSchemaNode } from "../../../src/features/rpc/reference/json_schemas.ts";

/**
 * A schema as a type; named shapes by their names and `suffix`. TypeError for what is not known here.
 */
export function typeText(node: JsonSchemaNode, suffix = ""): string {
  const { $ref, anyOf, type, not } = node;
  if ($ref !== undefined) return `${$ref.slice($ref.lastIndexOf("/") + 1)}${suffix}`;
  if ("const" in node) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf !== undefined) {
    return [...new Set(anyOf.map((node) => typeText(node, suffix)))].join(" | ");
  }
  if (not !== undefined) return "never";
  switch (type) {
    case "string":
    case "boolean":
    case "null":
    case "number":
      return type;
    case "integer":
      return "number";
    case "array":
      return arrayText(typeText(node.items ?? {}, suffix));
    case "object":
      return objectText(node, suffix);
    case undefined:
      return "unknown";
    default:
      throw new TypeError(`Cannot write the type ${type}`);
  }
}

function arrayText(item: string): string {
  return /[ |{]/.test(item) ? `(${item})[]` : `${item}[]`;
}

function objectText(
  { properties = {}, required = [], additionalProperties }: JsonSchemaNode,
  suffix: string,
): string {
  const members = Object.entries(properties).map(([name, schema]) =>
    `${name}${required.includes(name) ? "" : "?"}: ${typeText(schema, suffix)}`
  );
  if (members.length > 0) {
    const others = additionalProperties === undefined || additionalProperties === false
      ? []
      : ["[name: string]: unknown"];
    return `{ ${[...members, ...others].join("; ")} }`;
  }
  if (typeof additionalProperties === "object") {
    return `Record<string, ${typeText(additionalProperties, suffix)}>`;
  }
  return "Record<string, never>";
}

/** The params of a method as an object's type. */
export function paramsTypeText({ params }: DescribedMethod, suffix = ""): string {
  if (params.length === 0) return "Record<string, never>";
  return `{ ${
    params.map(({ name, required, schema }) =>
      `${name}${required ? "" : "?"}: ${typeText(schema, suffix)}`
    )
      .join("; ")
  } }`;
}

/** Every named shape as a declaration. */
export function namedTypes(document: OpenRpcDocument, suffix = ""): string[] {
  return Object.entries(document.components.schemas)
    .map(([name, schema]) => `interface ${name}${suffix} ${typeText(schema, suffix)}`);
}
