// The least that can take a connection and answer a request: what a loaded machine does to this, it
// does to the guard, too. Run as a program it writes its port and ends when its input does.

import { concatBytes, utf8 } from "../../src/base/bytes.ts";

const ANSWER = utf8("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");

/** A plain accept loop in a process of its own. */
export interface PlainAcceptLoop {
  readonly port: number;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** Starts one. */
export async function startPlainAcceptLoop(): Promise<PlainAcceptLoop> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  return {
    port: Number(value),
    async stop(): Promise<void> {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

async function serve(conn: Deno.TcpConn): Promise<void> {
  try {
    const buffer = new Uint8Array(1024);
    let head = new Uint8Array();
    while (!new TextDecoder("latin1").decode(head).includes("\r\n\r\n")) {
      const length = await conn.read(buffer);
      if (length === null) return;
      head = concatBytes(head, buffer.subarray(0, length));
    }
    await conn.write(ANSWER);
  } catch {
    // The peer reset it.
  } finally {
    conn.close();
  }
}

async function acceptAll(listener: Deno.TcpListener): Promise<never> {
  for (;;) {
    try {
      void serve(await listener.accept());
    } catch {
      // The peer reset it before it was accepted.
    }
  }
}

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void acceptAll(listener);
  await Deno.stdout.write(utf8(`${listener.addr.port}\n`));
  await Deno.stdin.readable.pipeTo(new WritableStream());
  Deno.exit();
}
