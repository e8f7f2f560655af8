// What a hostile or broken peer does on one connection. Each attack is bounded in bytes and time
// and says when the device ended it.

const MIB = 1024 * 1024;
const encoder = new TextEncoder();

/** One attack. */
export interface Attack {
  /** What it does. */
  kind:
    | "one_frame"
    | "fragments"
    | "endless_fragments"
    | "half_head"
    | "half_body"
    | "silence"
    | "never_reads"
    | "never_closes";
  /** The device's address. */
  host: string;
  /** The device's port. */
  port: number;
  /** After how long it gives up, in milliseconds. */
  limitMs: number;
}

/** What became of it. */
export interface AttackResult {
  /** How long the device let it go on; undefined where the attack gave up first. */
  endedAfterMs: number | undefined;
  /** How many bytes the device's system took. */
  sentBytes: number;
}

/** Runs an attack to its end. */
export async function runAttack(attack: Attack): Promise<AttackResult> {
  const { host, port, limitMs } = attack;
  const conn = await Deno.connect({ hostname: host, port });
  conn.setNoDelay();
  const startedAt = performance.now();
  const result: AttackResult = { endedAfterMs: undefined, sentBytes: 0 };
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = true;
    conn.close();
  }, limitMs);
  const send = async (bytes: Uint8Array): Promise<void> => {
    let left = bytes;
    while (left.length > 0) {
      const written = await conn.write(left);
      result.sentBytes += written;
      left = left.subarray(written);
    }
  };
  try {
    await play(attack, { conn, send });
  } catch {
    // The device has cut the connection, which is what is measured.
  } finally {
    if (!isOver) {
      result.endedAfterMs = performance.now() - startedAt;
      clearTimeout(timer);
      conn.close();
    }
  }
  return result;
}

async function play(
  attack: Attack,
  wire: { conn: Deno.TcpConn; send: (bytes: Uint8Array) => Promise<void> },
): Promise<void> {
  const { conn, send } = wire;
  const { host, port } = attack;
  const headOf = (line: string, ...headers: string[]): Uint8Array =>
    encoder.encode([line, `Host: ${host}:${port}`, ...headers, "", ""].join("\r\n"));
  const openSocket = async (): Promise<void> => {
    await send(headOf(
      "GET /api HTTP/1.1",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ));
    await conn.read(new Uint8Array(4096));
  };
  switch (attack.kind) {
    case "silence":
      return await readToEnd(conn);
    case "half_head":
      await send(encoder.encode("GET /health HTTP/1.1\r\nHost: x\r\nX-Half: "));
      return await readToEnd(conn);
    case "half_body":
      await send(headOf("POST /api/pair/start HTTP/1.1", "Content-Length: 1000"));
      await send(encoder.encode('{"pake":"'));
      return await readToEnd(conn);
    case "one_frame":
      await openSocket();
      await send(frameHead(0x81, 63 * MIB));
      for (let i = 0; i < 63; i++) {
        await send(new Uint8Array(MIB));
      }
      return await readToEnd(conn);
    case "fragments":
    case "endless_fragments": {
      await openSocket();
      const pieces = attack.kind === "fragments" ? 64 : 4096;
      for (let i = 0; i < pieces; i++) {
        await send(frameHead(i === 0 ? 0x01 : 0x00, MIB));
        await send(new Uint8Array(MIB));
      }
      return await readToEnd(conn);
    }
    case "never_reads": {
      await openSocket();
      const id = "x".repeat(32 * 1024);
      const request = encoder.encode(`{"jsonrpc":"2.0","method":"version","id":"${id}"}`);
      for (;;) {
        await send(frameHead(0x81, request.length));
        await send(request);
      }
    }
    case "never_closes":
      await openSocket();
      // A reserved bit makes the device fail the connection; a binary message that is no first
      // frame makes it close in good order, which this peer does not answer.
      await send(frameHead(0x82, 4));
      await send(new Uint8Array(4));
      await readToEnd(conn);
  }
}

async function readToEnd(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await conn.read(buffer) !== null);
}

// A masked frame's head with the mask 0, so that the payload is what it is.
function frameHead(firstByte: number, length: number): Uint8Array {
  if (length < 126) return Uint8Array.of(firstByte, 0x80 | length, 0, 0, 0, 0);
  if (length < 65536) {
    return Uint8Array.of(firstByte, 0x80 | 126, length >> 8, length & 0xff, 0, 0, 0, 0);
  }
  const head = new Uint8Array(14);
  head[0] = firstByte;
  head[1] = 0x80 | 127;
  new DataView(head.buffer).setBigUint64(2, BigInt(length));
  return head;
}
