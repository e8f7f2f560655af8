// A device with a model gateway to a fake server, in one process, and keys for it.

import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { ModelService } from "../../../src/edges/http/model_routes.ts";
import type { ModelKey } from "../../../src/features/models/model_key.ts";
import { createModelGateway } from "../../../src/features/models/proxy.ts";
import { FakeOllama } from "../../support/fake_ollama.ts";
import { CHAT, MAX_BODY_BYTES, SETTINGS } from "../../features/models/gateway_world.ts";
import { type Ask, type Device, type DeviceOptions, openDevice } from "./device.ts";

/** A key for all models. */
export const KEY = "lk_rightkey_0000";
const KEYS: Readonly<Record<string, ModelKey | "wrong_scope">> = {
  [KEY]: { keyId: "rightkey", models: undefined },
  lk_narrowkey: { keyId: "narrowkey", models: ["nomic-embed-text"] },
  lk_otherscope: "wrong_scope",
};

/** A device and its gateway. */
export interface ModelDevice extends Device {
  /** The server. */
  ollama: FakeOllama;
  /** The texts that were judged as keys. */
  judged: (string | undefined)[];
}

/** A device with a gateway to a fake server. */
export function openModels(
  changes: Partial<ModelService> = {},
  options: DeviceOptions = {},
): ModelDevice {
  const ollama = new FakeOllama();
  const judged: (string | undefined)[] = [];
  const gateway = createModelGateway({
    settings: () => SETTINGS,
    fetch: ollama.fetch,
    accounting: { begin: () => Promise.resolve({ end: () => {} }) },
    clock: systemClock,
    log: silentLogger,
  });
  const models: ModelService = {
    gateway,
    maxBodyBytes: MAX_BODY_BYTES,
    errorStyle: "sanitized",
    authenticate: (text) => {
      judged.push(text);
      const key = KEYS[text ?? ""];
      if (key === undefined) return Promise.resolve({ kind: "unknown" });
      if (key === "wrong_scope") return Promise.resolve({ kind: "wrong_scope" });
      return Promise.resolve({ kind: "accepted", key });
    },
    ...changes,
  };
  return { ...openDevice({ models, ...options }), ollama, judged };
}

/** The header with the key. */
export const AUTHORIZED = { Authorization: `Bearer ${KEY}` };

/** A request with a body. */
export function post(
  body: object | string = CHAT,
  headers: Record<string, string> = AUTHORIZED,
): Ask {
  return {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}
