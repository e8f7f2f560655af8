// An attacker that opens connections at a steady pace and holds each for as long as the device lets
// it, to take the slots of its address from whoever else is behind it.

/** A churn of connections. */
export interface Churn {
  /** What each connection does. */
  kind: "silent" | "silent_sockets" | "wrong_frames" | "plaintext";
  /** The device's address. */
  host: string;
  /** The device's port. */
  port: number;
  /** How many connections are opened in a second. */
  perSecond: number;
  /** When it ends by itself, in milliseconds. */
  limitMs: number;
}

/** What became of it. */
export interface ChurnResult {
  /** How many connections were opened. */
  opened: number;
  /** How many of them got a WebSocket. */
  upgraded: number;
}

const TICK_MS = 20;
const encoder = new TextEncoder();

/** Opens connections until the signal, or for as long as the churn may last. */
export async function runChurn(churn: Churn, signal: AbortSignal): Promise<ChurnResult> {
  const { perSecond, limitMs } = churn;
  const result: ChurnResult = { opened: 0, upgraded: 0 };
  const open = new Set<Deno.TcpConn>();
  const startedAt = performance.now();
  const tasks = new Set<Promise<void>>();
  let begun = 0;
  while (!signal.aborted && performance.now() - startedAt < limitMs) {
    const due = (performance.now() - startedAt) / 1000 * perSecond;
    for (; begun < due; begun++) {
      const task = hold(churn, { result, open }).finally(() => tasks.delete(task));
      tasks.add(task);
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  for (const conn of open) conn.close();
  await Promise.all(tasks);
  return result;
}

async function hold(
  churn: Churn,
  { result, open }: { result: ChurnResult; open: Set<Deno.TcpConn> },
): Promise<void> {
  const { host: hostname, port, kind } = churn;
  const conn = await Deno.connect({ hostname, port }).catch(() => undefined);
  if (conn === undefined) return;
  open.add(conn);
  result.opened += 1;
  try {
    const buffer = new Uint8Array(4096);
    if (kind !== "silent") {
      await conn.write(upgradeBytes(hostname, port));
      const length = await conn.read(buffer) ?? 0;
      const answer = new TextDecoder().decode(buffer.subarray(0, length));
      if (answer.startsWith("HTTP/1.1 101")) result.upgraded += 1;
      if (kind === "wrong_frames") await conn.write(textFrame(wrongFirstFrame()));
      if (kind === "plaintext") {
        await conn.write(textFrame('{"jsonrpc":"2.0","id":1,"method":"x"}'));
      }
    }
    while (await conn.read(buffer) !== null);
  } catch {
    // The device has ended it, or the churn is over.
  }
  if (!open.delete(conn)) return;
  try {
    conn.close();
  } catch {
    // The end of the churn has closed it.
  }
}

function upgradeBytes(host: string, port: number): Uint8Array {
  return encoder.encode([
    "GET /api/v0.1 HTTP/1.1",
    `Host: ${host}:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "",
    "",
  ].join("\r\n"));
}

// Looks like the first frame of a client that the device does not know.
function wrongFirstFrame(): string {
  const base64 = btoa("0123456789abcdef");
  return JSON.stringify({ v: 1, e: base64, t: crypto.randomUUID(), s: base64 });
}

// Masked with zeros; the text is shorter than 64 KiB.
function textFrame(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  const head = [0x81, 0x80 | 126, bytes.length >> 8, bytes.length & 0xff, 0, 0, 0, 0];
  return Uint8Array.of(...head, ...bytes);
}
