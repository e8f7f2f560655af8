// What a model cannot do stays recognisable: clients look for the words and ask again without it.

import assert from "node:assert/strict";
import { CHAT, openGateway, refused } from "./gateway_world.ts";

const NAME = "registry.ollama.ai/library/llama3.1:8b";
const ROWS: [what: string, status: number, body: string, code: string, message: string][] = [
  ...["tools", "thinking", "insert", "images"].map((
    feature,
  ): [string, number, string, string, string] => [
    feature,
    400,
    JSON.stringify({ error: `${NAME} does not support ${feature}` }),
    "unsupported_feature",
    `This model does not support ${feature}`,
  ]),
  [
    "an OpenAI-compatible answer",
    400,
    JSON.stringify({ error: { message: `"${NAME}" does not support tools`, type: "api_error" } }),
    "unsupported_feature",
    "This model does not support tools",
  ],
  [
    "a word that is not ours",
    400,
    JSON.stringify({ error: `${NAME} does not support /root` }),
    "bad_request",
    "The model server refused the request",
  ],
  [
    "a longer word",
    400,
    JSON.stringify({ error: "x does not support toolsets" }),
    "bad_request",
    "The model server refused the request",
  ],
  [
    "another status",
    500,
    JSON.stringify({ error: "x does not support tools" }),
    "upstream_failed",
    "The model server failed",
  ],
];
for (const [what, status, body, code, message] of ROWS) {
  Deno.test(`a refusal for what a model cannot do: ${what}`, async () => {
    const { ask, ollama } = openGateway();
    ollama.script = () => new Response(body, { status });
    const error = await refused(ask("/api/chat", { body: CHAT }), code as "bad_request");
    assert.equal(error.message, message);
  });
}
