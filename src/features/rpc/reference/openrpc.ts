// The API as an OpenRPC document: what `rpc.discover` answers, and what docs/api is made of.

import { RELOADABLE_SETTINGS } from "../../settings/settings_table.ts";
import { APP_ERROR_CODE, RPC_ERRORS } from "../message.ts";
import type { MethodAccess, RpcMethod } from "../method.ts";
import { type Audience, type NotificationRow, NOTIFICATIONS } from "../notification_table.ts";
import { type JsonSchemaNode, jsonSchemaOf, namedSchemas } from "./json_schemas.ts";
import { METHOD_TEXTS } from "./method_texts.ts";
import type { MethodText, RefusalTexts } from "./method_text.ts";

/** The version of the API, as its paths have it. */
export const API_VERSION = "0.1";

/** A param, as OpenRPC describes it. */
export interface DescribedParam {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly schema: JsonSchemaNode;
}

/** An error, as OpenRPC describes it. */
export interface DescribedError {
  readonly code: number;
  readonly message: string;
}

/** A method, as OpenRPC describes it. */
export interface DescribedMethod {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paramStructure: "by-name";
  readonly params: readonly DescribedParam[];
  readonly result: { readonly name: string; readonly schema: JsonSchemaNode };
  readonly errors: readonly DescribedError[];
  readonly examples: readonly unknown[];
  readonly "x-access": MethodAccess;
  /** Why a call is refused: texts by `data.code`. OpenRPC wants each error's number once. */
  readonly "x-refusals": RefusalTexts;
}

/** A notification. */
export interface DescribedNotification {
  readonly name: string;
  readonly summary: string;
  readonly audience: Audience;
  readonly params: JsonSchemaNode;
}

/** The document. */
export interface OpenRpcDocument {
  readonly openrpc: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly methods: readonly DescribedMethod[];
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchemaNode>> };
  readonly "x-notifications": readonly DescribedNotification[];
  readonly [name: string]: unknown;
}

/** Describes methods; TypeError where one of them, or a param, has no text. */
export function describeApi(methods: readonly RpcMethod[]): OpenRpcDocument {
  return {
    openrpc: "1.3.2",
    info: {
      title: "Latchkey",
      version: API_VERSION,
      description: "JSON-RPC 2.0 over WebSocket and POST: docs/protocol.md §7",
      license: { name: "MIT" },
    },
    servers: [{ name: "WebSocket", url: "ws://127.0.0.1:7497/api/v0.1" }, {
      name: "POST",
      url: "http://127.0.0.1:7497/api/v0.1",
    }],
    methods: methods.map(describeMethod),
    components: { schemas: namedSchemas() },
    "x-notifications": Object.entries<NotificationRow>(NOTIFICATIONS).map(
      ([name, { summary, audience, params }]) => ({
        name,
        summary,
        audience,
        params: jsonSchemaOf(params),
      }),
    ),
  };
}

const WHO: Readonly<Record<MethodAccess, string>> = {
  anyone: "Anyone who is let in may call it.",
  admin: "The device itself and paired admins may call it.",
  local: "Only the device itself may call it.",
};

function describeMethod(method: RpcMethod): DescribedMethod {
  const { name, access, waitsForDisk, result } = method;
  const text = METHOD_TEXTS[name];
  if (text === undefined) throw new TypeError(`${name}: no text in METHOD_TEXTS`);
  const { summary, more, example } = text;
  const params = describeParams(method, text);
  const refusals = refusalsOf(method, text);
  return {
    name,
    summary,
    description: [
      more,
      WHO[access],
      waitsForDisk ? "It is answered when what it changed is on the disk." : undefined,
    ].filter((sentence) => sentence !== undefined).join(" "),
    tags: [{ name: name.split(".")[0] ?? name }],
    paramStructure: "by-name",
    params,
    result: { name: "result", schema: jsonSchemaOf(result) },
    errors: describeErrors(params, refusals),
    examples: [{
      name: "example",
      params: Object.entries(example.params ?? {}).map(([param, value]) => ({
        name: param,
        value,
      })),
      result: { name: "result", value: example.result },
    }],
    "x-access": access,
    "x-refusals": refusals,
  };
}

// A method that also takes a bare value (`run`) is described by its object.
function objectOf(schema: JsonSchemaNode): JsonSchemaNode {
  return schema.anyOf?.find(({ type }) => type === "object") ?? schema;
}

function describeParams({ name, params }: RpcMethod, text: MethodText): DescribedParam[] {
  const { properties = {}, required = [] } = objectOf(jsonSchemaOf(params));
  return Object.entries(properties).map(([param, schema]) => {
    const description = text.params?.[param] ?? settingText(name, param);
    if (description === undefined) throw new TypeError(`${name}: no text for ${param}`);
    return { name: param, description, required: required.includes(param), schema };
  });
}

// Those of the device's own settings are the table's.
function settingText(method: string, param: string): string | undefined {
  if (method !== "settings.update") return undefined;
  const settings = RELOADABLE_SETTINGS.filter(({ apiName }) => apiName.split(".")[0] === param);
  if (settings.length === 0) return undefined;
  return settings.map(({ path, row }) => `\`${path}\`: ${row.help.split("\n")[0]}`).join(" ");
}

function refusalsOf({ access, waitsForDisk }: RpcMethod, text: MethodText): RefusalTexts {
  return {
    ...(access === "anyone" ? {} : { forbidden: "The caller may not call it" }),
    ...(waitsForDisk ? { unavailable: "The device's storage fails" } : {}),
    ...text.refusals,
  };
}

function describeErrors(
  params: readonly DescribedParam[],
  refusals: RefusalTexts,
): DescribedError[] {
  return [
    ...(params.length > 0 ? [RPC_ERRORS.invalidParams] : []),
    ...(Object.keys(refusals).length > 0
      ? [{ code: APP_ERROR_CODE, message: "Refused or failed: data.code says why" }]
      : []),
  ];
}
