// docs/api/errors.md: every error that a client may meet, over JSON-RPC, HTTP and in the SDK.

import type { ErrorCode } from "../../../src/base/app_error.ts";
import { STATUS_OF_CODE } from "../../../src/edges/http/error_response.ts";
import { PAIRING_REFUSALS } from "../../../src/features/pairing/pairing_refusals.ts";
import {
  APP_ERROR_CODE,
  ENCRYPTION_REQUIRED_MESSAGE,
  RPC_ERRORS,
  UNSUPPORTED_VERSION_MESSAGE,
} from "../../../src/features/rpc/message.ts";
import type { OpenRpcDocument } from "../../../src/features/rpc/reference/openrpc.ts";
import { MADE } from "./method_page.ts";

const RPC_TEXTS: Readonly<Record<keyof typeof RPC_ERRORS, string>> = {
  parse: "The text is no JSON, or nests too deep",
  invalidRequest: "The JSON is no request; there are no batches",
  methodNotFound: "There is no such method",
  invalidParams: "The message names the first problem, and never what was sent",
  internal: "A mistake of the device's, logged there in full",
  busy: "Too much waits on this connection; ask again when answers have come",
};

/** What each code means, and what a client does about it. */
export const CODE_TEXTS: Readonly<Record<ErrorCode, readonly [meaning: string, advice: string]>> = {
  bad_request: [
    "What was asked for cannot be",
    "Ask otherwise; the message says what was expected",
  ],
  unauthorized: ["A valid API key is required, or the client was removed", "Get a key, or pair"],
  forbidden: ["The caller, its address or its page may not do this", "None by the client alone"],
  not_found: ["There is no such thing, or no such route", "Look at what there is"],
  conflict: ["Something stands against it at this moment", "End that first"],
  gone: ["Pairing has expired", "Begin anew with a new PIN"],
  too_large: ["More bytes than are taken or given", "Send less"],
  rate_limited: ["Too many requests", "Wait as long as `Retry-After` or `retryAfter` says"],
  unavailable: ["Not possible at this time", "Wait, then ask again"],
  model_not_allowed: ["The key may not use this model", "Name another model"],
  unsupported_feature: ["The gateway does not pass this on", "Leave it out"],
  upstream_unavailable: ["The model server cannot be reached", "Wait, then ask again"],
  upstream_timeout: ["The model server took too long", "Ask again, for less"],
  upstream_failed: ["The model server failed", "Ask again"],
  internal: ["A mistake of the device's", "Report it, with the request's id"],
};

/** The kinds of the SDK's errors, with what the source says of each. */
export function clientErrors(source: string): Map<string, string> {
  const [, union = ""] = /export type ClientErrorCode =\n(.*?);\n/s.exec(source) ?? [];
  return new Map(
    [...union.matchAll(/\/\*\*(.*?)\*\/\s*\| "(\w+)"/gs)].map(([, text = "", code = ""]) => [
      code,
      text.replace(/\s*\n\s*\* ?/g, " ").trim().replace(/\.$/, ""),
    ]),
  );
}

/** The page; not yet formatted. `clientErrorSource` is the text of src/sdk/client_error.ts. */
export function errorPage(document: OpenRpcDocument, clientErrorSource: string): string {
  const rpcRows = Object.entries(RPC_ERRORS).map(([name, { code, message }]) =>
    `| ${code} | ${message} | ${RPC_TEXTS[name as keyof typeof RPC_ERRORS]} |`
  );
  const codeRows = Object.entries(CODE_TEXTS).map(([code, [meaning, advice]]) =>
    `| \`${code}\` | ${STATUS_OF_CODE[code as ErrorCode]} | ${meaning} | ${advice} |`
  );
  const pairingRows = Object.entries(PAIRING_REFUSALS).map(([text, code]) =>
    `| \`${text}\` | ${STATUS_OF_CODE[code]} | \`${code}\` |`
  );
  const clientRows = [...clientErrors(clientErrorSource)].map(([code, text]) =>
    `| \`${code}\` | ${text} |`
  );
  const refused = document.methods.filter((method) => Object.keys(method["x-refusals"]).length > 0);
  const refusalRows = refused.map(({ name, "x-refusals": refusals }) =>
    `| \`${name}\` | ${Object.keys(refusals).map((code) => `\`${code}\``).join(" ")} |`
  );
  return `# Errors

${MADE}

## Over JSON-RPC

| code | message | when |
| ---- | ------- | ---- |
${rpcRows.join("\n")}
| ${APP_ERROR_CODE} | one sentence for people | The call was refused or failed: \`data.code\` says why |

A refused call carries \`data.retryAfter\`, in seconds, where waiting helps:

\`\`\`json
${
    JSON.stringify(
      {
        jsonrpc: "2.0",
        id: 1,
        error: {
          code: APP_ERROR_CODE,
          message: "No client with this id",
          data: { code: "not_found" },
        },
      },
      null,
      2,
    )
  }
\`\`\`

Before a session two more come in plaintext, then the connection is closed
([protocol.md](../protocol.md), §4): the first to who must encrypt, or was removed; the second to who
speaks another version of the encryption.

\`\`\`json
${ENCRYPTION_REQUIRED_MESSAGE}
\`\`\`

\`\`\`json
${UNSUPPORTED_VERSION_MESSAGE}
\`\`\`

## Codes

Over JSON-RPC as \`data.code\`; over HTTP as \`error.code\` with this status
([protocol.md](../protocol.md), §10). Statuses 405, 415, 421 and 426 go under \`bad_request\`.

| code | status | meaning | what a client does |
| ---- | ------ | ------- | ------------------ |
${codeRows.join("\n")}

\`\`\`json
${
    JSON.stringify(
      {
        error: {
          code: "forbidden",
          message: "Not allowed from this address",
          request_id: "8f14e45f-ceea-467f-9e2b-0f4e5f6a7b8c",
        },
      },
      null,
      2,
    )
  }
\`\`\`

## Pairing

Below \`/api/pair/\` an error is a text, which apps compare ([protocol.md](../protocol.md), §3):

\`\`\`json
{ "error": "wrong PIN" }
\`\`\`

| text | status | code |
| ---- | ------ | ---- |
${pairingRows.join("\n")}

## By method

Beside -32602 for params that cannot be. [methods.md](methods.md) says when.

| method | codes |
| ------ | ----- |
${refusalRows.join("\n")}

## In the SDK

Every error is a \`ClientError\` with one of these as its \`code\`.

| code | when |
| ---- | ---- |
${clientRows.join("\n")}
`;
}
