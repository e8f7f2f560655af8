// Encrypted requests per second, against a plain WebSocket echo in the same run. The clients are
// npm:ws, because Deno's own client stalls on some sizes, and the reference implementation seals.

import { randomBytes } from "node:crypto";
import type { Buffer } from "node:buffer";
import WebSocket from "ws";
import { pairPhone, type PhonePairing } from "../support/reference_phone.ts";
import { ReferenceSession } from "../support/reference_protocol.ts";
import { openPairing, startService, withDataDir } from "../support/service_process.ts";
import { type BenchRow, median } from "./table.ts";

const ROUNDS = 5;
const ROUND_MS = 700;
const FRAME_BYTES = 300;
const MOST_CONNECTIONS = 16;

interface Peer {
  /** Sends one request. */
  send(): void;
  /** Called with every answer. */
  onAnswer: () => void;
  /** Called when the connection ends. */
  onEnd: () => void;
  close(): void;
}

/** A row per envelope and number of connections. */
export async function requestRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const echo = await startEcho();
  await withDataDir(async (dataDir) => {
    const service = await startService({
      dataDir,
      settings: "encryption = true",
      // All connections are one client's.
      tables: `[limits]\nsessions_per_client = ${MOST_CONNECTIONS}`,
    });
    const pairing = await pairPhone(service.baseUrl, { pin: await openPairing(service.baseUrl) });
    for (const count of [1, MOST_CONNECTIONS]) {
      const plain = await measure(() => connectEcho(echo.url), count);
      rows.push({
        name: `plain echo, ${count} connection${count > 1 ? "s" : ""}`,
        value: plain,
        unit: "/s",
        ratio: "1.00 ×",
      });
      for (const envelope of ["json", "binary"] as const) {
        const connect = (): Promise<Peer> => connectSealed(service.baseUrl, pairing, envelope);
        const sealed = await measure(connect, count);
        rows.push({
          name: `encrypted version call, ${envelope}, ${count} connection${count > 1 ? "s" : ""}`,
          value: sealed,
          unit: "/s",
          ratio: `${(sealed / plain).toFixed(2)} ×`,
        });
      }
    }
    await service.stop();
  });
  await echo.stop();
  return rows;
}

async function measure(connect: () => Promise<Peer>, count: number): Promise<number> {
  const peers = await Promise.all(Array.from({ length: count }, connect));
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.push(await measureRound(peers));
  }
  for (const peer of peers) peer.close();
  return median(rates);
}

async function measureRound(peers: readonly Peer[]): Promise<number> {
  const startedAt = performance.now();
  let answers = 0;
  await Promise.all(peers.map((peer) =>
    new Promise<void>((resolve, reject) => {
      peer.onEnd = () => reject(new Error("A connection ended during a round"));
      peer.onAnswer = () => {
        answers += 1;
        if (performance.now() - startedAt < ROUND_MS) peer.send();
        else resolve();
      };
      peer.send();
    })
  ));
  return answers / ((performance.now() - startedAt) / 1000);
}

async function startEcho(): Promise<{ url: string; stop: () => Promise<void> }> {
  const source = `Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    },
  );`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", source],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: port = "" } = await reader.read();
  return {
    url: `ws://127.0.0.1:${port.trim()}/`,
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return socket;
}

async function connectEcho(url: string): Promise<Peer> {
  const socket = await open(url);
  const text = "x".repeat(FRAME_BYTES);
  const peer: Peer = {
    send: () => socket.send(text),
    onAnswer: () => {},
    onEnd: () => {},
    close: () => socket.terminate(),
  };
  socket.on("close", () => peer.onEnd());
  socket.on("message", () => peer.onAnswer());
  return peer;
}

async function connectSealed(
  baseUrl: string,
  pairing: PhonePairing,
  envelope: "json" | "binary",
): Promise<Peer> {
  const socket = await open(`${baseUrl.replace("http", "ws")}/api/v0.1`);
  const { pairingKey, authToken } = pairing;
  const session = new ReferenceSession({ pairingKey, authToken, salt: randomBytes(16), envelope });
  const padding = " ".repeat(FRAME_BYTES - 50);
  const request = `{"jsonrpc":"2.0","id":1,"method":"version"${padding}}`;
  const peer: Peer = {
    send: () => socket.send(session.seal(request)),
    onAnswer: () => {},
    onEnd: () => {},
    close: () => socket.terminate(),
  };
  socket.on("close", () => peer.onEnd());
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    const message = isBinary ? new Uint8Array(data) : data.toString("utf8");
    if (session.open(message) === undefined) throw new Error("A frame does not open");
    peer.onAnswer();
  });
  return peer;
}
