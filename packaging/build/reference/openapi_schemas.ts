// The bodies of HTTP requests and answers as JSON Schema, for docs/api/openapi.json.

import { STATUS_OF_CODE } from "../../../src/edges/http/error_response.ts";
import { PAIRING_REFUSALS } from "../../../src/features/pairing/pairing_refusals.ts";
import { MAX_CLIENT_NAME_BYTES } from "../../../src/features/access/client.ts";

const UUID = { type: "string", format: "uuid" } as const;
const BASE64 = {
  type: "string",
  contentEncoding: "base64",
  minLength: 4,
  pattern: "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
} as const;

const CODES = Object.keys(STATUS_OF_CODE);

function object(
  properties: Readonly<Record<string, unknown>>,
  { optional = [], isOpen = false }: { optional?: readonly string[]; isOpen?: boolean } = {},
): Readonly<Record<string, unknown>> {
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    ...(isOpen ? {} : { additionalProperties: false }),
  };
}

const PUBLIC_ERROR = object({
  error: object({ code: { enum: CODES }, message: { type: "string" }, request_id: UUID }),
});

/** The schemas, by name. */
export const OPENAPI_SCHEMAS: Readonly<Record<string, unknown>> = {
  ServiceState: object({
    status: { const: "ok" },
    state: { enum: ["starting", "ready", "failed"] },
  }),
  Accepted: object({ status: { const: "accepted" } }),
  PairStart: object({
    pake: { ...BASE64, description: "msgA of the key exchange, docs/protocol.md §2" },
    name: {
      type: "string",
      minLength: 1,
      maxLength: MAX_CLIENT_NAME_BYTES,
      description: `The client's name; at most ${MAX_CLIENT_NAME_BYTES} bytes of UTF-8`,
    },
  }, { isOpen: true }),
  PairStarted: object({ session: UUID, pake: BASE64 }),
  PairFinish: object({
    session: { type: "string" },
    confirm: { ...BASE64, description: "The client's confirm, 32 bytes" },
  }, { isOpen: true }),
  PairFinished: object({ authToken: UUID, clientId: UUID, confirm: BASE64 }),
  RpcRequest: object({
    jsonrpc: { const: "2.0" },
    id: { type: ["string", "number", "boolean", "null"] },
    method: { type: "string" },
    params: {},
  }, { optional: ["id", "params"], isOpen: true }),
  RpcAnswer: {
    type: "object",
    properties: {
      jsonrpc: { const: "2.0" },
      id: { type: ["string", "number", "boolean", "null"] },
      result: {},
      error: object(
        { code: { type: "integer" }, message: { type: "string" }, data: { type: "object" } },
        { optional: ["data"] },
      ),
    },
    required: ["jsonrpc", "id"],
    oneOf: [{ required: ["result"] }, { required: ["error"] }],
    additionalProperties: false,
  },
  ModelRequest: object({ model: { type: "string", minLength: 1 } }, { isOpen: true }),
  Error: PUBLIC_ERROR,
  ModelError: {
    description: "As everywhere else, or with `[models] error_style` as each API's clients read it",
    anyOf: [
      PUBLIC_ERROR,
      object({ error: { type: "string" }, code: { enum: CODES }, request_id: UUID }),
      object({ error: { type: "object" } }),
      object({ type: { const: "error" }, error: { type: "object" }, request_id: UUID }),
    ],
  },
  PairingError: object({
    error: {
      type: "string",
      description: "A text that apps compare, or why the policy refused",
      examples: Object.keys(PAIRING_REFUSALS),
    },
  }),
};
