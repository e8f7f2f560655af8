// The errors of the gateway in the form of each API's own clients.

import assert from "node:assert/strict";
import { AppError, type ErrorCode } from "../../../src/base/app_error.ts";
import type { ModelService } from "../../../src/edges/http/model_routes.ts";
import { type ClientApi, ENDPOINTS } from "../../../src/features/models/endpoints.ts";
import { CHAT, LEAKS } from "../../features/models/gateway_world.ts";
import type { Ask, DeviceOptions } from "./device.ts";
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

// What the paths of each API look like where a request does not come as far as the gateway.
const PATHS: Record<ClientApi, readonly string[]> = {
  ollama: ["/api/chat", "/api/tags", "/api/pull", "/api/blobs/sha256:12", "/api/me"],
  openai: ["/v1/chat/completions", "/v1/models/a/b", "/v1/files", "/v1/responses/resp_12"],
  anthropic: ["/v1/messages", "/v1/messages/count_tokens"],
};
const SHAPES: Record<ClientApi, { outer: string[]; inner: string[] | undefined }> = {
  ollama: { outer: ["error", "code", "request_id"], inner: undefined },
  openai: { outer: ["error"], inner: ["type", "message", "code", "request_id", "param"] },
  anthropic: {
    outer: ["type", "error", "request_id"],
    inner: ["type", "message", "code", "request_id"],
  },
};

function assertShape(text: string, api: ClientApi): void {
  const body = JSON.parse(text);
  assert.deepEqual(Object.keys(body), SHAPES[api].outer, text);
  if (SHAPES[api].inner === undefined) assert.equal(typeof body.error, "string");
  else assert.deepEqual(Object.keys(body.error), SHAPES[api].inner, text);
}

const EARLY: [what: string, options: DeviceOptions, ask: Ask, status: number | undefined][] = [
  ["a page of a foreign origin", {}, { headers: { Origin: "https://evil.example" } }, 403],
  ["a service that stops", { isStopping: () => true }, {}, 503],
  // 401 where there is a route, else 404 or, for another method, 405.
  ["no key, no route or another method", {}, { method: "PUT" }, undefined],
];
for (const [what, options, ask, status] of EARLY) {
  Deno.test(`errors in the clients' own style: ${what}`, async () => {
    for (const api of Object.keys(PATHS) as ClientApi[]) {
      for (const path of PATHS[api]) {
        const styled = await openModels({ errorStyle: "client" }, options).fetch(path, ask);
        assert.ok(status === undefined || styled.status === status, path);
        assertShape(await styled.text(), api);
        const { text } = await openModels({}, options).ask(path, ask);
        assert.deepEqual(Object.keys(JSON.parse(text).error), ["code", "message", "request_id"]);
      }
    }
  });
}

const TYPES: [code: ErrorCode, status: number, type: string][] = [
  ["bad_request", 400, "invalid_request_error"],
  ["unsupported_feature", 400, "invalid_request_error"],
  ["unauthorized", 401, "authentication_error"],
  ["forbidden", 403, "permission_error"],
  ["model_not_allowed", 403, "permission_error"],
  ["not_found", 404, "not_found_error"],
  ["too_large", 413, "request_too_large"],
  ["rate_limited", 429, "rate_limit_error"],
  ["internal", 500, "api_error"],
  ["upstream_failed", 502, "api_error"],
  ["upstream_unavailable", 502, "api_error"],
  ["unavailable", 503, "api_error"],
  ["upstream_timeout", 504, "api_error"],
];
for (const [code, status, type] of TYPES) {
  Deno.test(`errors in the clients' own style: ${code}, with when to try again`, async () => {
    const failing: ModelService["gateway"] = {
      handle: () => Promise.reject(new AppError(code, "A fixed text")),
      isServerThere: () => Promise.resolve(true),
    };
    for (const { path, method, api } of ENDPOINTS) {
      const device = openModels({ errorStyle: "client", gateway: failing });
      const ask = method === "GET" ? { headers: AUTHORIZED } : post();
      const answer = await device.fetch(path.replace(":model", CHAT.model), ask);
      assert.equal(answer.status, status);
      assert.equal(answer.headers.has("Retry-After"), status === 429 || status === 503);
      const text = await answer.text();
      assertShape(text, api);
      if (api !== "ollama") assert.equal(JSON.parse(text).error.type, type);
    }
  });
}

Deno.test("routes that are not the gateway's keep their form whatever the style", async () => {
  const device = openModels({ errorStyle: "client" });
  const asks = [["PUT", "/api"], ["DELETE", "/health"], ["GET", "/api/nothing"], ["PUT", "/v1"]];
  for (const [method = "", path = ""] of asks) {
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
