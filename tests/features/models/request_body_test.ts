// What a body may be: one JSON object in UTF-8 that names one model, in whatever pieces it comes.
// What is refused here never reaches a server whole.

import assert from "node:assert/strict";
import { MAX_HELD_BYTES } from "../../../src/features/models/memory_budget.ts";
import { MAX_JSON_DEPTH } from "../../../src/features/models/json_scanner.ts";
import { CLIENT_SILENCE_MS } from "../../../src/features/models/proxied_request.ts";
import { MAX_MODEL_CHARACTERS } from "../../../src/features/models/request_body.ts";
import type { Fetch } from "../../../src/features/models/upstream.ts";
import { CHAT, MAX_BODY_BYTES, openGateway, pieces, refused, settle } from "./gateway_world.ts";

const BAD = "body: expected a JSON object in UTF-8";
const ONE = "model: expected only one";
const TEXT = "model: expected a text of 1 to 256 characters";
const PLAIN = "body: expected names of members in plain letters";
const MODEL = '"model":"llama3.1:8b"';

const REFUSED: [body: string, message: string][] = [
  // Not one JSON object.
  ["", BAD],
  [" ", BAD],
  ["null", BAD],
  ["[]", BAD],
  ['"model"', BAD],
  [`[{${MODEL}}]`, BAD],
  [`{${MODEL}`, BAD],
  [`{${MODEL}}}`, BAD],
  [`{${MODEL}} {}`, BAD],
  [`{${MODEL}}{${MODEL}}`, BAD],
  [`{${MODEL}},`, BAD],
  [`{${MODEL},}`, BAD],
  [`{,${MODEL}}`, BAD],
  [`{${MODEL}]`, BAD],
  [`{${MODEL} "a":1}`, BAD],
  [`{"a":[1,],${MODEL}}`, BAD],
  [`{"a":[1}],${MODEL}}`, BAD],
  [`{"a":{1:2},${MODEL}}`, BAD],
  [`{"a" 1,${MODEL}}`, BAD],
  [`{"a"::1,${MODEL}}`, BAD],
  [`{'a':1,${MODEL}}`, BAD],
  [`{a:1,${MODEL}}`, BAD],
  [`{/* "a" */${MODEL}}`, BAD],
  [`{"a":01,${MODEL}}`, BAD],
  [`{"a":+1,${MODEL}}`, BAD],
  [`{"a":1.,${MODEL}}`, BAD],
  [`{"a":.5,${MODEL}}`, BAD],
  [`{"a":1e,${MODEL}}`, BAD],
  [`{"a":0x1,${MODEL}}`, BAD],
  [`{"a":NaN,${MODEL}}`, BAD],
  [`{"a":True,${MODEL}}`, BAD],
  [`{"a":truefalse,${MODEL}}`, BAD],
  [`{"a":${"1".repeat(2000)},${MODEL}}`, BAD],
  [`{"a":"\\x41",${MODEL}}`, BAD],
  [`{"a":"\\u00g0",${MODEL}}`, BAD],
  [`{"a":"\n",${MODEL}}`, BAD],
  [`{"a":"\u0000",${MODEL}}`, BAD],
  [`\u000b{${MODEL}}`, BAD],
  [`\u00a0{${MODEL}}`, BAD],
  [`\ufeff{${MODEL}}`, BAD],
  [`{${MODEL}}\u0000`, BAD],
  [`{"a":${"[".repeat(MAX_JSON_DEPTH)}${"]".repeat(MAX_JSON_DEPTH)},${MODEL}}`, BAD],
  // Not one model.
  ["{}", TEXT],
  ['{"messages":[{"model":"llama3.1:8b"}],"options":{"model":"llama3.1:8b"}}', TEXT],
  ['{"model":null}', TEXT],
  ['{"model":1}', TEXT],
  ['{"model":""}', TEXT],
  ['{"model":["llama3.1:8b"]}', TEXT],
  ['{"model":{"model":"llama3.1:8b"}}', TEXT],
  [`{"model":"${"x".repeat(MAX_MODEL_CHARACTERS + 1)}"}`, TEXT],
  [`{"model":"${"x".repeat(5000)}"}`, TEXT],
  ['{"model":"","name":null}', TEXT],
  [`{${MODEL},"name":"llama3.1"}`, ONE],
  [`{"name":"nomic-embed-text",${MODEL}}`, ONE],
  [`{${MODEL},"name":"","model":"private:70b"}`, ONE],
  [`{${MODEL},"Model":"private:70b"}`, ONE],
  [`{${MODEL},"mo\\u0064el":"private:70b"}`, ONE],
  [`{${MODEL},"\\u004D\\u004f\\u0044\\u0045\\u004C":"private:70b"}`, ONE],
  [`{${MODEL},"options":{},"model":{}}`, ONE],
  [`{${MODEL},"stream":true,"model":[]}`, ONE],
  // Letters that Go takes for others.
  [`{${MODEL},"\u212aeep_alive":1}`, PLAIN],
  [`{${MODEL},"\u017ftream":true}`, PLAIN],
  [`{${MODEL},"\\u017Ftream":true}`, PLAIN],
];
for (const [body, message] of REFUSED) {
  Deno.test(`a body is refused: ${JSON.stringify(body).slice(0, 70)}`, async () => {
    const bytes = new TextEncoder().encode(body);
    const ways = [[bytes], [...bytes].map((byte) => new Uint8Array([byte]))];
    for (const parts of ways) {
      const got: string[] = [];
      const { ask, gateway } = openGateway({ fetch: collect(got) });
      const error = await refused(ask("/api/chat", { body: pieces(...parts) }), "bad_request");
      assert.equal(error.message, message);
      assert.throws(() => JSON.parse(got.join("")), "the server got no whole body");
      assert.equal(gateway.counts().heldBytes, 0);
    }
  });
}

const TAKEN: string[] = [
  `{${MODEL}}`,
  // A second name that is empty or the same.
  `{${MODEL},"name":""}`,
  `{"name":"",${MODEL}}`,
  `{"model":"","name":"llama3.1:8b"}`,
  `{${MODEL},"name":"llama3.1:8b"}`,
  `{"MODEL":"llama3.1\\u003a8b",${MODEL},"stream":false,"NaMe":null}`,
  ` \t\r\n{ "a" : [ ] , ${MODEL} , "b" : { } , "c" : [ 1 , -0.5e+10 , 1E5, true , false , null ] } \n`,
  `{"a":"${"\\"}" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \u007f }] \u{1f319}",${MODEL}}`,
  `{"models":"private:70b","model_name":"x","na me":1,"":2,${MODEL}}`,
  `{"mo\\u0064el":"llama3.1\\u003a8b"}`,
  `{"MODEL":"llama3.1:8b"}`,
  `{"name":"llama3.1:8b"}`,
  `{"options":{"\u212a":1,"${"k".repeat(3000)}":"${"v".repeat(3000)}"},"${
    "k".repeat(3000)
  }":0,${MODEL}}`,
  `{"a":${"[".repeat(MAX_JSON_DEPTH - 1)}${"]".repeat(MAX_JSON_DEPTH - 1)},${MODEL}}`,
];
for (const body of TAKEN) {
  Deno.test(`a body is taken: ${JSON.stringify(body).slice(0, 70)}`, async () => {
    JSON.parse(body);
    const got: string[] = [];
    const { ask } = openGateway({ fetch: collect(got) });
    await (await ask("/api/chat", { body })).text();
    assert.equal(got.join("").trimEnd(), body.trimEnd());
  });
}

Deno.test("bytes that are no UTF-8 are refused wherever they are", async () => {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const bad of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xe2, 0x82]]) {
    for (const [before, after] of [['{"a":"', `",${MODEL}}`], [`{${MODEL},"a":"`, '"}']]) {
      const { ask, ollama } = openGateway();
      const body = pieces(encode(before ?? ""), new Uint8Array(bad), encode(after ?? ""));
      assert.equal((await refused(ask("/api/chat", { body }), "bad_request")).message, BAD);
      assert.equal(ollama.seen.length, 0);
    }
  }
});

Deno.test("a body of 16 MiB passes with its model first or last, and a byte more is too large", async () => {
  for (const isFirst of [true, false]) {
    const [before, after] = isFirst ? [`{${MODEL},"a":"`, '"}'] : ['{"a":"', `",${MODEL}}`];
    for (const extra of [0, 1]) {
      const room = MAX_BODY_BYTES - before.length - after.length + extra;
      const { ask, ollama, gateway } = openGateway();
      const body = pieces(before, ...chunks(room), after);
      const asked = ask("/api/chat", { body });
      if (extra > 0) await refused(asked, "too_large");
      else await (await asked).text();
      assert.deepEqual(
        ollama.seen.map(({ text }) => text.length),
        extra > 0 ? [] : [MAX_BODY_BYTES],
      );
      assert.equal(gateway.counts().heldBytes, 0);
    }
  }
});

Deno.test("bodies are held up to a sum, and further ones are refused until there is room", async () => {
  const { ask, gateway } = openGateway();
  const leaving = new AbortController();
  const part = 8 * 1024 * 1024;
  const waiting = Array.from({ length: MAX_HELD_BYTES / part }, () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.write(new TextEncoder().encode(`{"a":"${"x".repeat(part - 6)}`)).catch(() => {});
    return refused(ask("/api/chat", { body: readable, signal: leaving.signal }), "bad_request");
  });
  await settle();
  assert.equal(gateway.counts().heldBytes, MAX_HELD_BYTES);
  const error = await refused(ask("/api/chat", { body: CHAT }), "unavailable");
  assert.equal(error.retryAfterS, 5);
  leaving.abort();
  await Promise.all(waiting);
  assert.deepEqual(gateway.counts(), { requests: 0, heldBytes: 0 });
  await (await ask("/api/chat", { body: CHAT })).text();
});

Deno.test("a body that breaks off is refused", async () => {
  for (const beginning of ['{"a":1,', `{${MODEL},`]) {
    const { ask } = openGateway();
    let parts = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (parts++ === 0) controller.enqueue(new TextEncoder().encode(beginning));
        else controller.error(new Error("BadResource"));
      },
    }, { highWaterMark: 0 });
    const error = await refused(ask("/api/chat", { body }), "bad_request");
    assert.equal(error.message, "The body did not arrive whole");
  }
});

Deno.test("a server is asked for tokens where a client streams and did not ask itself", async () => {
  const usage = ',"stream_options":{"include_usage":true}';
  const ROWS: [path: string, rest: string, added: string][] = [
    ["/v1/chat/completions", ',"stream":true', usage],
    ["/v1/completions", ',"Stream":true', usage],
    ["/v1/chat/completions", "", ""],
    ["/v1/chat/completions", ',"stream":false', ""],
    ["/v1/chat/completions", ',"stream":"true"', ""],
    ["/v1/chat/completions", ',"stream":true,"stream_options":{"include_usage":false}', ""],
    ["/v1/chat/completions", ',"stream":true,"stream_options":null', ""],
    ["/v1/embeddings", ',"stream":true', ""],
    ["/api/chat", ',"stream":true', ""],
  ];
  for (const [path, rest, added] of ROWS) {
    const got: string[] = [];
    const { ask } = openGateway({ fetch: collect(got) });
    await (await ask(path, { body: `{${MODEL}${rest}}` })).text();
    assert.equal(got.join(""), `{${MODEL}${rest}${added}}`);
    JSON.parse(got.join(""));
  }
});

Deno.test("a whole object goes to the server as one, any other as it comes", async () => {
  const WAYS: [parts: string[], isWhole: boolean][] = [
    [[`{${MODEL},"a":1}`], true],
    [['{"a":1,', `${MODEL}}`], true],
    [[`{${MODEL},"a":1}`, " ", "\n"], true],
    [[`{${MODEL},`, '"a":1}'], false],
  ];
  for (const [parts, isWhole] of WAYS) {
    const kinds: boolean[] = [];
    const got: string[] = [];
    const { ask, gateway } = openGateway({
      fetch: (url, init) => {
        kinds.push(init.body instanceof Uint8Array);
        return collect(got)(url, init);
      },
    });
    await (await ask("/api/chat", { body: pieces(...parts) })).text();
    assert.deepEqual([got.join(""), kinds], [parts.join("").trimEnd(), [isWhole]]);
    assert.equal(gateway.counts().heldBytes, 0);
  }
});

Deno.test("a whole object that is not ended takes no slot", async () => {
  const { ask, ollama, gateway } = openGateway();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const asked = ask("/api/chat", { body: readable });
  await writer.write(new TextEncoder().encode(`{${MODEL}}`));
  await settle();
  assert.deepEqual([gateway.slots().taken, ollama.seen.length], [0, 0]);
  await writer.close();
  await (await asked).text();
  assert.equal(ollama.seen[0]?.text, `{${MODEL}}`);
});

Deno.test("a client may take its time for every part before the model", async () => {
  const { ask, clock } = openGateway();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const asked = ask("/api/chat", { body: readable });
  for (const part of ['{"a":1', ',"b":2', ',"c":3']) {
    await writer.write(new TextEncoder().encode(part));
    await settle();
    clock.advance(CLIENT_SILENCE_MS - 1);
    await settle();
  }
  await writer.write(new TextEncoder().encode(`,${MODEL}}`));
  await writer.close();
  await (await asked).text();
});

// A server that keeps what it got of a body.
function collect(got: string[]): Fetch {
  return async (_url, { body }) => {
    const decoder = new TextDecoder();
    const parts = body instanceof Uint8Array ? [body] : body ?? [];
    for await (const part of parts) {
      assert.notEqual(part.length, 0, "an empty part would end a body upstream");
      got.push(decoder.decode(part, { stream: true }));
    }
    return Response.json({ done: true });
  };
}

function chunks(bytes: number): Uint8Array[] {
  const size = 65536;
  return Array.from(
    { length: Math.ceil(bytes / size) },
    (_, i) => new Uint8Array(Math.min(size, bytes - i * size)).fill(0x78),
  );
}
