// The clients of other makers through the gateway against a real Ollama server, the one that
// OLLAMA_URL names. OLLAMA_CHAT_MODEL and OLLAMA_EMBED_MODEL name models that it has. What a model
// says differs from call to call, so shapes are compared.

import assert from "node:assert/strict";
import {
  type ClientOutcomes,
  foreignClients,
  runForeignClient,
  whyNoClient,
} from "../support/foreign_clients.ts";
import { MODEL_KEY, startModelServer } from "../support/model_server.ts";

const upstream = Deno.env.get("OLLAMA_URL");
const NAMES = {
  key: MODEL_KEY,
  chat: Deno.env.get("OLLAMA_CHAT_MODEL") ?? "llama3.2:1b",
  embed: Deno.env.get("OLLAMA_EMBED_MODEL") ?? "nomic-embed-text",
  gone: "latchkey-has-no-such-model:1b",
};

for (const client of await foreignClients()) {
  const name = `${client.name} works through the gateway as with the server itself`;
  const whyNot = upstream === undefined ? "needs a server: OLLAMA_URL" : whyNoClient(client);
  Deno.test({
    name: whyNot === undefined ? name : `${name} (skipped: ${whyNot})`,
    ignore: whyNot !== undefined,
    fn: async () => {
      const direct = upstream ?? "";
      const allow = [NAMES.chat, NAMES.embed, NAMES.gone];
      const server = await startModelServer(direct, { allow, errorStyle: "client" });
      try {
        const urls = [direct, server.baseUrl];
        const [expected = {}, through = {}] = await runForeignClient(client, {
          names: NAMES,
          urls,
        });
        assert.deepEqual(shapesOf(through), shapesOf(expected));
        const key = through["wrong key"];
        assert.ok(key !== undefined && "error" in key);
        assert.equal(key.error, client.errors.key);
        assert.deepEqual(server.gateway.counts(), { requests: 0, heldBytes: 0 });
      } finally {
        await server.close();
      }
    },
  });
}

// The server itself asks for no key, and lists models that the gateway does not allow.
function shapesOf(outcomes: ClientOutcomes): Record<string, unknown> {
  const compared = Object.entries(outcomes).filter(([call]) => call !== "wrong key");
  return Object.fromEntries(compared.map(([call, outcome]) => [
    call,
    "error" in outcome ? outcome.error : kindOf(outcome.said),
  ]));
}

// Lists by what their items are, for their lengths differ; vectors of numbers with their lengths.
function kindOf(said: unknown): unknown {
  if (!Array.isArray(said)) return typeof said;
  if (said.every((item) => typeof item === "number")) return `${said.length} numbers`;
  return [...new Set(said.map((item) => JSON.stringify(kindOf(item))))];
}
