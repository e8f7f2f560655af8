// docs/api/methods.md: every method with its params, result, refusals and an example.

import type {
  DescribedMethod,
  OpenRpcDocument,
} from "../../../src/features/rpc/reference/openrpc.ts";
import type { JsonSchemaNode } from "../../../src/features/rpc/reference/json_schemas.ts";
import { namedTypes, typeText } from "./type_text.ts";

/** The line under the title of every page that is made. */
export const MADE = "<!-- Made by `deno task reference`; what is changed here is lost. -->";

const ACCESS = {
  anyone: "anyone",
  admin: "the device itself, paired admins",
  local: "the device itself",
} as const;

/** The page; not yet formatted. */
export function methodPage(document: OpenRpcDocument): string {
  const { methods } = document;
  const rows = methods.map(({ name, summary, "x-access": access }) =>
    `| [\`${name}\`](#${anchorOf(name)}) | ${ACCESS[access]} | ${summary} |`
  );
  return `# Methods

${MADE}

JSON-RPC 2.0 over a session, over plaintext where that is allowed, and over POST
([protocol.md](../protocol.md), §7 and §8). The same as a document for programs:
[openrpc.json](openrpc.json), or the method \`rpc.discover\` of any device. Errors are in
[errors.md](errors.md), what is told without being asked in [notifications.md](notifications.md).

Params are an object; what no method knows in it is ignored or refused, and every one of them may be
left out unless the table says "yes".

| method | who may call it | what it does |
| ------ | --------------- | ------------ |
${rows.join("\n")}

${methods.map(methodText).join("\n")}
## Shapes

Names in results above. Times that are numbers are Unix seconds, those that are texts RFC 3339 in
UTC.

\`\`\`ts
${namedTypes(document).join("\n\n")}
\`\`\`
`;
}

function anchorOf(name: string): string {
  return name.toLowerCase().replaceAll(".", "");
}

function methodText(method: DescribedMethod): string {
  const { name, summary, description, params, result } = method;
  return `## ${name}

${summary}. ${description}

${params.length === 0 ? "No params." : paramTable(method)}

Result:

\`\`\`ts
type Result = ${typeText(result.schema)};
\`\`\`

${refusalList(method)}${exampleText(method)}`;
}

function paramTable({ params }: DescribedMethod): string {
  const rows = params.map(({ name, required, schema, description }) =>
    `| \`${name}\` | ${required ? "yes" : "no"} | ${valueText(schema)} | ${description} |`
  );
  return `| param | needed | value | meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}`;
}

function valueText(schema: JsonSchemaNode): string {
  const { anyOf = [], default: ordinary } = schema;
  const isNullable = anyOf.some(({ type }) => type === "null");
  const [inner = schema] = anyOf.filter(({ type }) => type !== "null");
  const words = [
    `\`${typeText(isNullable ? inner : schema).replaceAll("|", "\\|")}\``,
    ...boundsOf(isNullable ? inner : schema),
    ...(isNullable ? ["or null"] : []),
    ...(ordinary === undefined ? [] : [`else \`${JSON.stringify(ordinary)}\``]),
  ];
  return words.join(", ");
}

function boundsOf(schema: JsonSchemaNode): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, items, type } = schema;
  return [
    ...(type === "integer" ? ["whole"] : []),
    ...rangeText(minimum, maximum, ""),
    ...rangeText(minLength, maxLength, " characters"),
    ...rangeText(minItems, maxItems, " entries"),
    ...(items === undefined ? [] : boundsOf(items).map((text) => `each ${text}`)),
  ];
}

function rangeText(min: number | undefined, max: number | undefined, unit: string): string[] {
  // The range of safe integers says nothing to a reader.
  if (max === Number.MAX_SAFE_INTEGER) return [];
  if (min !== undefined && max !== undefined) return [`${min} to ${max}${unit}`];
  if (min !== undefined) return [`at least ${min}${unit}`];
  return max === undefined ? [] : [`at most ${max}${unit}`];
}

function refusalList({ "x-refusals": refusals }: DescribedMethod): string {
  const rows = Object.entries(refusals).map(([code, text]) => `| \`${code}\` | ${text} |`);
  if (rows.length === 0) return "";
  return `| refused with | when |\n| --- | --- |\n${rows.join("\n")}\n\n`;
}

/** A call and its answer, as they travel. */
export function exampleMessages(
  { name, examples }: DescribedMethod,
): { request: unknown; answer: unknown } {
  const [example] = examples as {
    params: { name: string; value: unknown }[];
    result: { value: unknown };
  }[];
  const params = Object.fromEntries((example?.params ?? []).map((param) => [
    param.name,
    param.value,
  ]));
  return {
    request: {
      jsonrpc: "2.0",
      id: 1,
      method: name,
      ...(Object.keys(params).length > 0 && { params }),
    },
    answer: { jsonrpc: "2.0", id: 1, result: example?.result.value },
  };
}

function exampleText(method: DescribedMethod): string {
  const { request, answer } = exampleMessages(method);
  return `\`\`\`json
${JSON.stringify(request)}
\`\`\`

\`\`\`json
${JSON.stringify(answer)}
\`\`\`
`;
}
