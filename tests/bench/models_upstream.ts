// The model server of the benchmark, a process of its own: streams as many frames of the asked size
// as the request's options say, at the asked pace. Writes its URL and ends when its input does.

/** What a request asks for. */
export interface StreamShape {
  /** Milliseconds before the first frame. */
  readonly firstMs: number;
  /** Milliseconds between two frames; 0 for as fast as they are taken. */
  readonly everyMs: number;
  /** How many frames. */
  readonly frames: number;
  /** Bytes of a frame, its line end included. */
  readonly frameBytes: number;
}

function stream(shape: StreamShape): ReadableStream<Uint8Array> {
  const { firstMs, everyMs, frames, frameBytes } = shape;
  const head = '{"model":"bench","done":false,"message":{"role":"assistant","content":"';
  const frame = new TextEncoder().encode(`${head.padEnd(frameBytes - 4, "x")}"}}\n`);
  const last = new TextEncoder().encode('{"done":true,"prompt_eval_count":1,"eval_count":1}\n');
  let sent = 0;
  return new ReadableStream({
    pull: async (controller) => {
      const waitMs = sent === 0 ? firstMs : everyMs;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (sent++ < frames) return controller.enqueue(frame);
      controller.enqueue(last);
      controller.close();
    },
  }, { highWaterMark: 0 });
}

async function relay(request: Request, url: string): Promise<Response> {
  const answer = await fetch(`${url}/api/chat`, { method: "POST", body: await request.text() });
  const reader = answer.body?.getReader();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const read = await reader?.read();
      if (read?.value === undefined) controller.close();
      else controller.enqueue(read.value);
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson" } });
}

if (import.meta.main) {
  const [behind] = Deno.args;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (behind !== undefined) return await relay(request, behind);
      const { options } = await request.json();
      return new Response(stream(options), { headers: { "Content-Type": "application/x-ndjson" } });
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}\n`;
  await Deno.stdout.write(new TextEncoder().encode(url));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  await server.shutdown();
}
