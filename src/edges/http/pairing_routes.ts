// The two requests of pairing over HTTP (docs/protocol.md §3): what the body must be, in the order
// of the tables there. The window decides the rest.

import { type Context, Hono } from "hono";
import { type Bytes, decodeBase64, encodeBase64 } from "../../base/bytes.ts";
import { AppError } from "../../base/app_error.ts";
import { type JsonObject, parseJsonObject } from "../../base/json.ts";
import type { FinishedPairing, PairingWindow } from "../../features/pairing/pairing_window.ts";
import { limitBody, readText } from "./body.ts";
import type { RequestEnv } from "./request_env.ts";

/** The longest body of a start request, in bytes. */
export const MAX_PAIR_START_BYTES: number = 16 * 1024;

/** The longest body of a finish request, in bytes. */
export const MAX_PAIR_FINISH_BYTES: number = 4 * 1024;

/** The header of a wrong PIN's answer: how many tries its sender has left (docs/protocol.md §3). */
export const TRIES_LEFT = "Latchkey-Tries-Left";

/** Options of {@linkcode pairingRoutes}. */
export interface PairingRoutesOptions {
  pairing: PairingWindow;
  /** Hears of a failed confirm, with the address it came from; the answer waits for it. */
  onPairingFailed: (address: string) => void | Promise<void>;
}

/** The routes below /api/pair. */
export function pairingRoutes(options: PairingRoutesOptions): Hono<RequestEnv> {
  const { pairing, onPairingFailed } = options;
  const routes = new Hono<RequestEnv>();

  routes.post(
    "/start",
    async (c, next) => {
      if (!c.get("isLocal")) pairing.admitRemoteStart(c.env.peer.address);
      await next();
    },
    limitBody(MAX_PAIR_START_BYTES, "bad_request"),
    async (c) => {
      const body = await readJsonObject(c);
      const pake = textField(body, "pake");
      const clientName = textField(body, "name");
      const messageA = decodeNonEmpty(pake) ?? refuse("invalid PAKE message");
      const { address } = c.env.peer;
      const { sessionId, messageB } = pairing.start({ clientName, messageA, address });
      return c.json({ session: sessionId, pake: encodeBase64(messageB) });
    },
  );

  routes.post("/finish", async (c, next) => {
    await next();
    if (c.res.status !== 401) return;
    c.res.headers.set(TRIES_LEFT, String(pairing.triesLeft(c.env.peer.address)));
  });
  routes.post("/finish", limitBody(MAX_PAIR_FINISH_BYTES, "bad_request"), async (c) => {
    const body = await readJsonObject(c);
    const sessionId = textField(body, "session");
    const confirm = decodeNonEmpty(textField(body, "confirm")) ?? refuse("invalid confirm");
    const { address, guarded } = c.env.peer;
    const { client, deviceConfirm } = await finish({ sessionId, confirm, address });
    guarded?.remember();
    const { authToken, clientId } = client;
    return c.json({ authToken, clientId, confirm: encodeBase64(deviceConfirm) });
  });

  return routes;

  async function finish(
    request: { sessionId: string; confirm: Bytes; address: string },
  ): Promise<FinishedPairing> {
    const failuresBefore = pairing.failedConfirms;
    let finished: FinishedPairing;
    try {
      finished = pairing.finish(request);
    } catch (refusal) {
      if (pairing.failedConfirms > failuresBefore) await onPairingFailed(request.address);
      throw refusal;
    }
    await finished.kept;
    return finished;
  }
}

async function readJsonObject(c: Context<RequestEnv>): Promise<JsonObject> {
  const text = await readText(c);
  const object = text === undefined ? undefined : parseJsonObject(text);
  if (object === undefined) return refuse("invalid request body");
  return object;
}

// A missing field reads as the empty text, as the published protocol has it.
function textField(body: JsonObject, name: string): string {
  const value = Object.hasOwn(body, name) ? body[name] : "";
  if (typeof value !== "string") return refuse("invalid request body");
  return value;
}

function decodeNonEmpty(text: string): Bytes | undefined {
  const bytes = decodeBase64(text);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

function refuse(message: string): never {
  throw new AppError("bad_request", message);
}
