// What an app keeps of a pairing. Whoever has these can talk to the device as this app: they belong
// into the platform's key store (docs/api/encryption.md, "Key storage").

import { type Bytes, decodeBase64, encodeBase64 } from "../base/bytes.ts";
import { parseJsonObject } from "../base/json.ts";
import { KEY_BYTES } from "../protocol/key_schedule.ts";

/** The result of a pairing. */
export interface Credentials {
  /** UUID by which the device's owner sees the app. */
  readonly clientId: string;
  /** UUID that names the app in its first frames. */
  readonly authToken: string;
  /** The 32-byte key: a secret. */
  readonly pairingKey: Bytes;
}

/** Credentials as a JSON text for a key store. */
export function encodeCredentials(credentials: Credentials): string {
  const { clientId, authToken, pairingKey } = credentials;
  return JSON.stringify({ clientId, authToken, pairingKey: encodeBase64(pairingKey) });
}

/** Credentials from their JSON text; throws TypeError where it is none. */
export function parseCredentials(text: string): Credentials {
  const { clientId, authToken, pairingKey } = parseJsonObject(text) ?? {};
  const key = typeof pairingKey === "string" ? decodeBase64(pairingKey) : undefined;
  const isWhole = typeof clientId === "string" && typeof authToken === "string" &&
    key?.length === KEY_BYTES;
  if (!isWhole) throw new TypeError("Cannot read credentials: damaged or from another program");
  return { clientId, authToken, pairingKey: key };
}
