// What the server is made to tell of tokens is kept from a client that did not ask for it.

import assert from "node:assert/strict";
import { PROMPT_TOKENS, WORDS } from "../../support/fake_ollama.ts";
import { CHAT, openGateway } from "./gateway_world.ts";

const COUNTED = { promptTokens: PROMPT_TOKENS, outputTokens: WORDS.length };

for (const path of ["/v1/chat/completions", "/v1/completions"]) {
  for (const stream_options of [undefined, { include_usage: true }]) {
    const asks = stream_options === undefined ? "no" : "its";
    Deno.test(`a stream of ${path} is counted and tells ${asks} tokens, as the server itself`, async () => {
      const { ask, ollama, outcomes } = openGateway();
      const body = {
        ...CHAT,
        prompt: "x",
        stream: true,
        ...(stream_options && { stream_options }),
      };
      const init = { method: "POST", body: JSON.stringify(body) };
      const direct = await (await ollama.handle(new Request("http://x" + path, init))).text();
      assert.equal(direct.includes("usage"), stream_options !== undefined);
      assert.equal(await (await ask(path, { body })).text(), direct);
      const [outcome] = outcomes;
      assert.deepEqual(
        { promptTokens: outcome?.promptTokens, outputTokens: outcome?.outputTokens },
        COUNTED,
      );
    });
  }
}
