// The clients of other makers through the gateway against a real Ollama server, the one that
// OLLAMA_URL names, with two tiny models that are put there for a while, or those that
// OLLAMA_CHAT_MODEL, OLLAMA_EMBED_MODEL and OLLAMA_PLAIN_MODEL name. What a model says may differ
// from call to call: what it says twice the same it must say through the gateway too, of the rest
// the shapes are compared.

import assert from "node:assert/strict";
import {
  type CallOutcome,
  type ForeignClient,
  foreignClients,
  runForeignClient,
  whyNoClient,
} from "../support/foreign_clients.ts";
import { MODEL_KEY, startModelServer } from "../support/model_server.ts";
import { withTinyModels } from "./tiny_model.ts";

const upstream = Deno.env.get("OLLAMA_URL");
const LISTS = ["models", "loaded"];
const GONE = "latchkey-has-no-such-model:1b";

for (const client of await foreignClients()) {
  const name = `${client.name} works through the gateway as with the server itself`;
  const whyNot = upstream === undefined ? "needs a server: OLLAMA_URL" : whyNoClient(client);
  Deno.test({
    name: whyNot === undefined ? name : `${name} (skipped: ${whyNot})`,
    ignore: whyNot !== undefined,
    fn: () => {
      const direct = upstream ?? "";
      return withTinyModels(direct, (tiny) => compare(client, { direct, tiny }));
    },
  });
}

async function compare(
  client: ForeignClient,
  { direct, tiny }: { direct: string; tiny: { tools: string; plain: string } },
): Promise<void> {
  const allow = [...await modelsOf(direct), GONE];
  const server = await startModelServer(direct, { allow, errorStyle: "client" });
  try {
    const names = {
      key: MODEL_KEY,
      chat: Deno.env.get("OLLAMA_CHAT_MODEL") ?? tiny.tools,
      embed: Deno.env.get("OLLAMA_EMBED_MODEL") ?? tiny.tools,
      plain: Deno.env.get("OLLAMA_PLAIN_MODEL") ?? tiny.plain,
      gone: GONE,
    };
    const urls = [direct, direct, server.baseUrl];
    const [expected = {}, again = {}, through = {}] = await runForeignClient(client, {
      names,
      urls,
    });
    assert.deepEqual(Object.keys(through), Object.keys(expected));
    for (const [call, outcome] of Object.entries(expected)) {
      // The server itself asks for no key.
      if (call === "wrong key") continue;
      const mayFail = call === "model gone" || call.startsWith("no ");
      assert.ok("said" in outcome || mayFail, `${call}: ${JSON.stringify(outcome)}`);
      // The server lists models that were made at the same time in any order.
      const isSteady = !LISTS.includes(call) &&
        JSON.stringify(outcome) === JSON.stringify(again[call]);
      assert.deepEqual(told(through[call], isSteady), told(outcome, isSteady), call);
    }
    const key = through["wrong key"];
    assert.ok(key !== undefined && "error" in key);
    assert.equal(key.error, client.errors.key);
    assert.deepEqual(server.gateway.counts(), { requests: 0, heldBytes: 0 });
  } finally {
    await server.close();
  }
}

/** Words that clients look for. */
const UNSUPPORTED = /does not support (tools|thinking|insert|images)/;

async function modelsOf(url: string): Promise<string[]> {
  const { models } = await (await fetch(`${url}/api/tags`)).json();
  return models.map(({ name }: { name: string }) => name);
}

function told(outcome: CallOutcome | undefined, isSteady: boolean): unknown {
  if (outcome === undefined) return undefined;
  if ("error" in outcome) return [outcome.error, UNSUPPORTED.exec(outcome.message)?.[0]];
  return isSteady ? outcome.said : kindOf(outcome.said);
}

// Lists by what their items are, for their lengths differ; vectors of numbers with their lengths.
function kindOf(said: unknown): unknown {
  if (!Array.isArray(said)) return typeof said;
  if (said.every((item) => typeof item === "number")) return `${said.length} numbers`;
  return [...new Set(said.map((item) => JSON.stringify(kindOf(item))))];
}
