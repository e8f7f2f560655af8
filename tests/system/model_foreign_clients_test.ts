// The clients of other makers and languages: each call direct and through the gateway, which must
// say the same, and errors that each client tells in its own class.

import assert from "node:assert/strict";
import { FakeOllama, WORDS } from "../support/fake_ollama.ts";
import {
  type CallOutcome,
  type ForeignClient,
  foreignClients,
  runForeignClient,
  whyNoClient,
} from "../support/foreign_clients.ts";
import { MODEL_KEY, startModelServer } from "../support/model_server.ts";
import { systemTest } from "../support/system_test.ts";

const NAMES = {
  key: MODEL_KEY,
  chat: "llama3.1:8b",
  embed: "nomic-embed-text",
  plain: "plain:1b",
  gone: "gone:1b",
};
const GONE_TEXT = /The model was not found/;
const KEY_TEXT = /A valid API key is required/;
const FAILING = ["model gone", "wrong key"];
/** What the model cannot do, in words that clients look for. */
const UNSUPPORTED = /does not support (tools|thinking|insert)/;
/** Calls of every client; those for Anthropic's API have no more. */
const LEAST_CALLS = ["chat", "chat streamed", ...FAILING];

for (const client of await foreignClients()) {
  systemTest(`${client.name} says the same through the gateway`, {
    whyNot: whyNoClient(client),
    run: () => compare(client),
  });
}

async function compare(client: ForeignClient): Promise<void> {
  const ollama = new FakeOllama();
  const upstream = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ollama.handle,
  );
  const direct = `http://127.0.0.1:${upstream.addr.port}`;
  ollama.models = [...ollama.models, NAMES.plain];
  ollama.plain = [NAMES.plain];
  const allow = [...ollama.models, NAMES.gone];
  const plain = await startModelServer(direct, { allow });
  const styled = await startModelServer(direct, { allow, errorStyle: "client" });
  try {
    const urls = [direct, plain.baseUrl, styled.baseUrl];
    const [expected = {}, ...through] = await runForeignClient(client, { names: NAMES, urls });
    assert.deepEqual(LEAST_CALLS.filter((call) => !Object.hasOwn(expected, call)), []);
    assert.equal(through.length, 2);
    for (const outcomes of through) {
      assert.deepEqual(Object.keys(outcomes), Object.keys(expected));
      for (const [call, outcome] of Object.entries(expected)) {
        if (FAILING.includes(call)) continue;
        if ("error" in outcome) {
          // The same error for what the model cannot do, and nothing else fails.
          assert.match(outcome.message, UNSUPPORTED, call);
          const isShown = outcomes === through[1] || client.readsTextsOnly !== true;
          assertFails(outcomes[call], outcome.error, isShown ? UNSUPPORTED : /./);
          continue;
        }
        assert.ok(!call.startsWith("no "), call);
        assert.deepEqual(outcomes[call], outcome, call);
      }
    }
    assert.match(JSON.stringify(expected["chat"]), new RegExp(WORDS.join("")));
    const [objects = {}, styles = {}] = through;
    const { errors, keyErrorOfObjects = errors.key, keyText = KEY_TEXT } = client;
    assertFails(expected["model gone"], errors.gone);
    const isShown = client.readsTextsOnly !== true;
    assertFails(objects["model gone"], errors.gone, isShown ? GONE_TEXT : undefined);
    assertFails(styles["model gone"], errors.gone, GONE_TEXT);
    assertFails(objects["wrong key"], keyErrorOfObjects, isShown ? keyText : undefined);
    assertFails(styles["wrong key"], errors.key, keyText);
    assert.deepEqual(plain.gateway.counts(), { requests: 0, heldBytes: 0 });
    assert.deepEqual(styled.gateway.counts(), { requests: 0, heldBytes: 0 });
  } finally {
    await plain.close();
    await styled.close();
    await upstream.shutdown();
  }
}

function assertFails(outcome: CallOutcome | undefined, error: string, text = /./): void {
  assert.ok(outcome !== undefined && "error" in outcome, JSON.stringify(outcome));
  assert.equal(outcome.error, error, outcome.message);
  assert.match(outcome.message, text);
}
