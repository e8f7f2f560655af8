// What an app keeps of a pairing. Whoever has these can talk to the device as this app: they belong
// into the platform's key store (docs/api/encryption.md, "Keeping the key").

import { type Bytes, decodeBase64, encodeBase64 } from "../base/bytes.ts";
import { asJsonObject, parseJsonObject } from "../base/json.ts";
import { KEY_BYTES } from "../protocol/v1/key_schedule.ts";

/** The result of a pairing. */
export interface Credentials {
  /** UUID by which the device's owner can name the app. */
  readonly clientId: string;
  /** The name that the app gave itself. */
  readonly clientName: string;
  /** UUID that names the app in its first frames. */
  readonly authToken: string;
  /** The 32-byte key: a secret. */
  readonly pairingKey: Bytes;
}

/** Credentials as a JSON text for a key store. */
export function encodeCredentials(credentials: Credentials): string {
  const { clientId, clientName, authToken, pairingKey } = credentials;
  const key = encodeBase64(pairingKey);
  return JSON.stringify({ clientId, clientName, authToken, pairingKey: key });
}

/**
 * Credentials from that text, or from what JSON.parse() made of it; undefined where it is neither
 * and the app must pair again.
 */
export function parseCredentials(kept: unknown): Credentials | undefined {
  const object = typeof kept === "string" ? parseJsonObject(kept) : asJsonObject(kept);
  const { clientId, clientName, authToken, pairingKey } = object ?? {};
  if (!isNonEmptyText(clientId) || !isNonEmptyText(clientName)) return undefined;
  if (!isNonEmptyText(authToken) || !isNonEmptyText(pairingKey)) return undefined;
  const key = decodeBase64(pairingKey);
  if (key?.length !== KEY_BYTES) return undefined;
  return survivingJson({ clientId, clientName, authToken, pairingKey: key });
}

/**
 * The same credentials, of which JSON.stringify() writes what {@linkcode parseCredentials} reads: of
 * bytes alone it would make an object by index. Nobody sees the method in a copy or a comparison.
 */
export function survivingJson(credentials: Credentials): Credentials {
  return Object.defineProperty({ ...credentials }, "toJSON", {
    value: (): unknown => JSON.parse(encodeCredentials(credentials)),
  });
}

function isNonEmptyText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
