// The errors of the gateway in the form of each API's own clients.

import assert from "node:assert/strict";
import { ENDPOINTS } from "../../../src/features/models/endpoints.ts";
import { CHAT, LEAKS } from "../../features/models/gateway_world.ts";
import type { Ask } from "./device.ts";
import { AUTHORIZED, type ModelDevice, openModels, post } from "./model_device.ts";

// How each refusal looks to the clients of each API.
const STYLED: [
  what: string,
  path: string,
  ask: (device: ModelDevice) => Ask,
  status: number,
  body: object,
][] = [
  ["Ollama's", "/api/chat", () => post(CHAT, {}), 401, {
    error: "A valid API key is required",
    code: "unauthorized",
    request_id: "ID",
  }],
  ["OpenAI's", "/v1/chat/completions", () => post(CHAT, {}), 401, {
    error: {
      type: "authentication_error",
      message: "A valid API key is required",
      code: "unauthorized",
      request_id: "ID",
      param: null,
    },
  }],
  ["Anthropic's", "/v1/messages", () => post(CHAT, {}), 401, {
    type: "error",
    error: {
      type: "authentication_error",
      message: "A valid API key is required",
      code: "unauthorized",
      request_id: "ID",
    },
    request_id: "ID",
  }],
  [
    "Ollama's, of a model that is not there",
    "/api/show",
    (device) => {
      device.ollama.models = [];
      return post({ model: CHAT.model });
    },
    404,
    { error: "The model was not found", code: "not_found", request_id: "ID" },
  ],
  [
    "OpenAI's, of a model that is not there",
    "/v1/models/llama3.1:8b",
    (device) => {
      device.ollama.models = [];
      return { headers: AUTHORIZED };
    },
    404,
    {
      error: {
        type: "not_found_error",
        message: "The model was not found",
        code: "not_found",
        request_id: "ID",
        param: null,
      },
    },
  ],
  ["Ollama's, of a wrong method", "/api/tags", () => post(), 405, {
    error: "Method not allowed: expected GET",
    code: "bad_request",
    request_id: "ID",
  }],
];
for (const [what, path, ask, status, body] of STYLED) {
  Deno.test(`errors in the clients' own style: ${what}`, async () => {
    const device = openModels({ errorStyle: "client" });
    const answer = await device.fetch(path, ask(device));
    const id = answer.headers.get("X-Request-ID") ?? "";
    assert.equal(answer.status, status);
    assert.deepEqual(JSON.parse((await answer.text()).replaceAll(id, "ID")), body);
    // Only where it is asked for.
    const plain = openModels();
    assert.deepEqual(Object.keys(JSON.parse((await plain.ask(path, ask(plain))).text).error), [
      "code",
      "message",
      "request_id",
    ]);
  });
}

Deno.test("routes that are not the gateway's keep their form whatever the style", async () => {
  const device = openModels({ errorStyle: "client" });
  for (const [method, path] of [["POST", "/api/pull"], ["DELETE", "/health"]] as const) {
    const { text } = await device.ask(path, { method, headers: AUTHORIZED });
    assert.deepEqual(Object.keys(JSON.parse(text).error), ["code", "message", "request_id"]);
  }
});

Deno.test("no error in the clients' own style has anything of the server in it", async () => {
  const said = "llama runner at /root/.ollama/models on http://10.0.0.9 died: traceback";
  for (const status of [400, 401, 404, 429, 500, 503]) {
    const device = openModels({ errorStyle: "client" });
    device.ollama.script = () => Response.json({ error: said }, { status });
    for (const { method, path } of ENDPOINTS) {
      const asked = method === "GET" ? { headers: AUTHORIZED } : post();
      const answer = await device.fetch(path.replace(":model", CHAT.model), asked);
      assert.doesNotMatch(await answer.text(), LEAKS);
    }
  }
});
