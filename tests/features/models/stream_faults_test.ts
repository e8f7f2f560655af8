// Streams that go wrong in the middle: what the client sees last, that nothing of the server's own
// text is in it, and that all is given back.

import assert from "node:assert/strict";
import { MAX_STREAM_FRAME_BYTES } from "../../../src/features/models/stream_filter.ts";
import { CHAT, REQUEST_ID, settle } from "./gateway_world.ts";
import {
  assertOver,
  errorText,
  FIRST,
  type Format,
  FORMATS,
  LAST,
  openStream,
  TIMEOUT_MS,
} from "./stream_world.ts";

// What comes after the first frame, and what of it goes out before the error.
const FAULTS: [what: string, Record<Format, string>, passed?: Record<Format, string>][] = [
  ["an error of the server's", {
    ndjson: '{"error":"llama runner at /root/.ollama died"}\n',
    sse: 'data: {"error":{"message":"llama runner at /root/.ollama died"}}\n\n',
  }],
  ["an error with more beside it", {
    ndjson: '{"done":true,"error":"/root"}\n',
    sse: 'data: {"choices":[],"error":"/root"}\n\n',
  }],
  ["a frame before an error in one piece", {
    ndjson: `${FIRST.ndjson}{"error":"/root"}\n${LAST.ndjson}`,
    sse: `${FIRST.sse}data: {"error":"/root"}\n\n${LAST.sse}`,
  }, FIRST],
  ["what is no JSON", { ndjson: "panic: /root/x.go\n", sse: "data: panic: /root/x.go\n\n" }],
  ["what is no object", { ndjson: '["/root"]\n', sse: 'data: "/root"\n\n' }],
  ["what is no data", { ndjson: "null\n", sse: "event: /root\n\n" }],
  ["a comment beside data", { ndjson: ": /root\n", sse: ': /root\ndata: {"choices":[]}\n\n' }],
  ["what is no UTF-8", { ndjson: '{"a":"\ufffd\n', sse: 'data: {"a":"\ufffd\n\n' }],
];
for (const format of FORMATS) {
  for (const [what, texts, passed] of FAULTS) {
    Deno.test(`${format}: ${what} ends the stream with an error of the gateway's`, async () => {
      const { world, stream } = openStream(format);
      stream.write(FIRST[format]);
      const response = await world.ask("/api/chat", { body: CHAT });
      stream.write(texts[format]);
      const text = await response.text();
      const error = errorText(format, "upstream_failed", "The model server failed");
      assert.equal(text, FIRST[format] + (passed?.[format] ?? "") + error);
      await stream.cancelled;
      assertOver(world);
      assert.equal(world.lines[0]?.[0], "warn");
      assert.equal(world.lines[0]?.[2]["requestId"], REQUEST_ID);
    });
  }

  Deno.test(`${format}: bytes that are no UTF-8 end the stream`, async () => {
    const { world, stream } = openStream(format);
    stream.write(FIRST[format]);
    const response = await world.ask("/api/chat", { body: CHAT });
    stream.writeBytes(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d, 0x0a]));
    assert.equal(
      await response.text(),
      FIRST[format] + errorText(format, "upstream_failed", "The model server failed"),
    );
    await stream.cancelled;
    assertOver(world);
  });

  for (const rest of ["", FIRST[format].slice(0, 7)]) {
    for (const end of ["fail", "end"] as const) {
      Deno.test(`${format}: a server that ${end}s after "${rest}" breaks the stream off`, async () => {
        const { world, stream } = openStream(format);
        stream.write(FIRST[format]);
        const response = await world.ask("/api/chat", { body: CHAT });
        stream.write(rest);
        const reading = response.text();
        await settle();
        stream[end]();
        assert.equal(
          await reading,
          FIRST[format] + errorText(format, "upstream_failed", "The model server failed"),
        );
        assertOver(world);
      });
    }
  }

  Deno.test(`${format}: a server that breaks off after its last frame was through`, async () => {
    const { world, stream } = openStream(format);
    stream.write(FIRST[format] + LAST[format]);
    const response = await world.ask("/api/chat", { body: CHAT });
    const reading = response.text();
    await settle();
    stream.fail();
    assert.equal(await reading, FIRST[format] + LAST[format]);
    assertOver(world, false);
  });

  Deno.test(`${format}: a frame of the longest size passes, a longer one ends the stream`, async () => {
    const wrap = (text: string): string =>
      format === "ndjson" ? `{"a":"${text}"}\n` : `data: {"a":"${text}"}\n\n`;
    const room = MAX_STREAM_FRAME_BYTES - wrap("").length;
    for (const [length, passes] of [[room, true], [10 * 1024 * 1024, false]] as const) {
      const { world, stream } = openStream(format);
      stream.write(FIRST[format]);
      const response = await world.ask("/api/chat", { body: CHAT });
      const long = wrap("x".repeat(length));
      for (let at = 0; at < long.length; at += 65536) stream.write(long.slice(at, at + 65536));
      stream.write(LAST[format]);
      stream.end();
      const text = await response.text();
      const error = errorText(format, "upstream_failed", "The model server failed");
      assert.equal(text === FIRST[format] + (passes ? long + LAST[format] : error), true);
      if (!passes) assert.equal(String(world.lines[0]?.[2]["text"]).length, 2048);
      assertOver(world, !passes);
    }
  });

  Deno.test(`${format}: a server that falls silent is cut after timeout_s`, async () => {
    const { world, stream } = openStream(format);
    stream.write(FIRST[format]);
    const response = await world.ask("/api/chat", { body: CHAT });
    const reading = response.text();
    await settle();
    world.clock.advance(TIMEOUT_MS - 1);
    stream.write(FIRST[format]);
    await settle();
    world.clock.advance(TIMEOUT_MS - 1);
    await settle();
    assert.equal(world.gateway.counts().requests, 1);
    world.clock.advance(1);
    assert.equal(
      await reading,
      FIRST[format].repeat(2) +
        errorText(format, "upstream_timeout", "The model server did not answer in time"),
    );
    await stream.cancelled;
    assertOver(world);
  });

  Deno.test(`${format}: a service that stops says so in the stream`, async () => {
    const { world, stream } = openStream(format);
    stream.write(FIRST[format]);
    const response = await world.ask("/api/chat", { body: CHAT });
    const reading = response.text();
    await settle();
    world.gateway.close();
    assert.equal(
      await reading,
      FIRST[format] + errorText(format, "unavailable", "The service is stopping"),
    );
    await stream.cancelled;
    assertOver(world);
  });
}

Deno.test("frames in any pieces are the same frames", async () => {
  const texts = {
    ndjson: `${FIRST.ndjson}\n{"a":"\u{1f319}\\n"}\r\n${LAST.ndjson.trim()}`,
    sse: `${FIRST.sse}: ping\n\ndata: {"a":"\u{1f319}"}\r\n\r\ndata:{"b":\ndata: 1}\n\n${LAST.sse}`,
  };
  const expected = {
    ndjson: `${FIRST.ndjson}{"a":"\u{1f319}\\n"}\r\n${LAST.ndjson}`,
    sse: `${FIRST.sse}data: {"a":"\u{1f319}"}\r\n\r\ndata:{"b":\ndata: 1}\n\n${LAST.sse}`,
  };
  for (const format of FORMATS) {
    const bytes = new TextEncoder().encode(texts[format]);
    for (let size = 1; size <= bytes.length; size++) {
      const { world, stream } = openStream(format);
      for (let at = 0; at < bytes.length; at += size) {
        stream.writeBytes(bytes.slice(at, at + size));
      }
      stream.end();
      assert.equal(await (await world.ask("/api/chat", { body: CHAT })).text(), expected[format]);
      assertOver(world, false);
    }
  }
});

Deno.test("an unfinished frame is not passed on before its end", async () => {
  const { world, stream } = openStream("ndjson");
  stream.write(`${FIRST.ndjson}{"error":`);
  const response = await world.ask("/api/chat", { body: CHAT });
  const reader = response.body?.getReader();
  const first = await reader?.read();
  assert.equal(new TextDecoder().decode(first?.value), FIRST.ndjson);
  await reader?.cancel();
});
