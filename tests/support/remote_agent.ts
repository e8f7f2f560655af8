// What the second host of the system tests does: it takes one JSON command per line and answers
// with one JSON line each. Run as a program of its own, in the other host's namespace.

import { type IncomingMessage, request as httpRequest } from "node:http";
import { WebSocket } from "ws";
import { type Attack, runAttack } from "./attacks.ts";
import { type Churn, runChurn } from "./churn.ts";
import { type Owner, runOwner } from "./owner.ts";
import { runStreamClass, type StreamClass } from "./stream_class.ts";

/** An HTTP request with any headers, Host included. */
export interface HttpCommand {
  /** Tells the commands apart. */
  op: "http";
  /** The device's address. */
  host: string;
  /** The device's port. */
  port: number;
  /** Method. */
  method: string;
  /** Path and query, as written. */
  path: string;
  /** Headers. */
  headers: Record<string, string>;
  /** Body. */
  body?: string;
}

/** A WebSocket that sends some messages and listens for a while. */
export interface SocketCommand {
  /** Tells the commands apart. */
  op: "socket";
  /** The URL. */
  url: string;
  /** Headers of the upgrade. */
  headers: Record<string, string>;
  /** Texts to send once open. */
  send: string[];
  /** How long to listen after the last send, in milliseconds. */
  listenMs: number;
}

/** Many TCP connections that are held open for a while. */
export interface FloodCommand {
  /** Tells the commands apart. */
  op: "flood";
  /** The device's address. */
  host: string;
  /** The device's port. */
  port: number;
  /** How many. */
  count: number;
  /** How long to hold them, in milliseconds. */
  holdMs: number;
}

/** One of the attacks. */
export type AttackCommand = Attack & {
  /** Tells the commands apart. */
  op: "attack";
};

/** Connections without an end, until they are told to stop. */
export type ChurnCommand = Churn & {
  /** Tells the commands apart. */
  op: "churn";
};

/** The end of all churning. */
export interface CalmCommand {
  /** Tells the commands apart. */
  op: "calm";
}

/** A paired client that wants a session. */
export type OwnerCommand = Owner & {
  /** Tells the commands apart. */
  op: "owner";
};

/** A class of clients that asks for streams. */
export type StreamsCommand = StreamClass & {
  /** Tells the commands apart. */
  op: "streams";
};

/** Everything the agent can do. */
export type AgentCommand =
  | HttpCommand
  | SocketCommand
  | FloodCommand
  | AttackCommand
  | ChurnCommand
  | CalmCommand
  | OwnerCommand
  | StreamsCommand;

/** The answer to an HTTP request. */
export interface HttpResult {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What became of a WebSocket: the status of the upgrade, and what came. */
export interface SocketResult {
  status: number;
  received: string[];
  closeCode: number | undefined;
}

/** What became of a flood. */
export interface FloodResult {
  /** Connections that were answered 503. */
  refused: number;
  /** Connections that were closed without an answer. */
  closed: number;
  /** Connections that were still open in the end. */
  open: number;
}

let calm = new AbortController();

async function handle(command: AgentCommand): Promise<unknown> {
  switch (command.op) {
    case "http":
      return await runHttp(command);
    case "socket":
      return await runSocket(command);
    case "flood":
      return await runFlood(command);
    case "attack":
      return await runAttack(command);
    case "churn":
      return await runChurn(command, calm.signal);
    case "calm":
      calm.abort();
      calm = new AbortController();
      return {};
    case "owner":
      return await runOwner(command);
    case "streams":
      return await runStreamClass(command);
  }
}

function runHttp(command: HttpCommand): Promise<HttpResult> {
  const { host, port, method, path, headers, body } = command;
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host, port, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      const done = (): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers as Record<string, string>,
          body: text,
        });
      response.on("data", (chunk: string) => {
        text += chunk;
        // A stream of events never ends by itself.
        if (response.headers["content-type"] === "text/event-stream") {
          done();
          request.destroy();
        }
      });
      response.on("end", done);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function runSocket(command: SocketCommand): Promise<SocketResult> {
  const { url, headers, send, listenMs } = command;
  return new Promise((resolve) => {
    const received: string[] = [];
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    let status = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (closeCode: number | undefined): void => {
      clearTimeout(timer);
      resolve({ status, received, closeCode });
      socket.terminate();
    };
    socket.on("unexpected-response", (_request: unknown, response: IncomingMessage) => {
      status = response.statusCode ?? 0;
      response.resume();
      end(undefined);
    });
    socket.on("error", () => {});
    socket.on("message", (data: unknown) => received.push(String(data)));
    socket.on("close", (code: number) => end(code));
    socket.on("open", () => {
      status = 101;
      for (const text of send) socket.send(text);
      timer = setTimeout(() => end(undefined), listenMs);
    });
  });
}

async function runFlood(command: FloodCommand): Promise<FloodResult> {
  const { host, port, count, holdMs } = command;
  const result: FloodResult = { refused: 0, closed: 0, open: 0 };
  const watch = async (): Promise<void> => {
    const conn = await Deno.connect({ hostname: host, port }).catch(() => undefined);
    if (conn === undefined) {
      result.closed += 1;
      return;
    }
    const timer = setTimeout(() => {
      result.open += 1;
      conn.close();
    }, holdMs);
    try {
      const buffer = new Uint8Array(512);
      const length = await conn.read(buffer);
      const text = new TextDecoder().decode(buffer.subarray(0, length ?? 0));
      if (text.startsWith("HTTP/1.1 503")) result.refused += 1;
      else result.closed += 1;
      clearTimeout(timer);
      conn.close();
    } catch {
      // Closed by the timer above, or reset.
    }
  };
  await Promise.all(Array.from({ length: count }, watch));
  return result;
}

if (import.meta.main) {
  const encoder = new TextEncoder();
  let rest = "";
  const tasks: Promise<void>[] = [];
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { id, command } = JSON.parse(line) as { id: number; command: AgentCommand };
      tasks.push(
        handle(command)
          .then((result) => ({ id, result }), (error: unknown) => ({ id, error: String(error) }))
          .then((answer) => {
            Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(answer)}\n`));
          }),
      );
    }
  }
  await Promise.all(tasks);
}
