// What a backup keeps of a device: clients with their keys, the salts they have used, API keys, and
// the settings. Written as JSON and read strictly, because a restore takes all of it or nothing. The
// audit log is not in it: it tells of one device, and its chain of hashes would not go on.

import * as v from "valibot";
import { type Bytes, decodeBase64, decodeUtf8, encodeBase64, utf8 } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { Client } from "../clients/client.ts";
import type { ApiKey } from "../keys/api_key.ts";

/** How many bytes a salt has. */
export const SALT_BYTES = 16;

/** The salts that one client has used. */
export interface UsedSalts {
  /** The client. */
  readonly clientId: string;
  /** All of them, one after the other, 16 bytes each. */
  readonly salts: Bytes;
  /** How many sessions were counted; at least the number of salts. */
  readonly used: number;
}

/** What a database holds for a backup. */
export interface BackupRecords {
  /** The paired clients. */
  readonly clients: readonly Client[];
  /** What they have used. */
  readonly salts: readonly UsedSalts[];
  /** The API keys. */
  readonly keys: readonly ApiKey[];
}

/** A whole backup. */
export interface BackupContent extends BackupRecords {
  /** When it was made, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** The version of the program that made it. */
  readonly program: string;
  /** What the owner's configuration file said, if there was one. */
  readonly configText: string | undefined;
  /** What the file of changed settings said, if there was one. */
  readonly settingsText: string | undefined;
}

const FORMAT = 1;
const Time = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const OptionalTime = v.nullable(Time);
const Text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(1024));

function base64Of(isLength: (bytes: number) => boolean): v.GenericSchema<string, Bytes> {
  return v.pipe(
    v.string(),
    v.transform(decodeBase64),
    v.custom<Bytes>((value) => value instanceof Uint8Array && isLength(value.length)),
  );
}

const Key32 = base64Of((length) => length === 32);

const ContentSchema = v.strictObject({
  format: v.literal(FORMAT),
  createdAtMs: Time,
  program: Text,
  configText: v.nullable(v.string()),
  settingsText: v.nullable(v.string()),
  clients: v.array(v.strictObject({
    clientId: Text,
    clientName: Text,
    authToken: Text,
    role: v.picklist(["admin", "member"]),
    pairingKey: Key32,
    createdAtMs: Time,
    lastSeenAtMs: Time,
  })),
  salts: v.array(v.strictObject({
    clientId: Text,
    salts: base64Of((length) => length % SALT_BYTES === 0),
    used: Time,
  })),
  keys: v.array(v.strictObject({
    keyId: Text,
    name: Text,
    secretHash: Key32,
    scopes: v.pipe(v.array(v.picklist(["rpc", "events", "run", "models"])), v.nonEmpty()),
    models: v.nullable(v.array(Text)),
    createdAtMs: Time,
    expiresAtMs: OptionalTime,
    lastUsedAtMs: OptionalTime,
    revokedAtMs: OptionalTime,
  })),
});

/** A backup as bytes, to be sealed. */
export function encodeBackup(content: BackupContent): Bytes {
  const { clients, salts, keys, configText = null, settingsText = null, ...others } = content;
  return utf8(JSON.stringify({
    format: FORMAT,
    ...others,
    configText,
    settingsText,
    clients: clients.map((client) => ({
      ...client,
      pairingKey: encodeBase64(client.pairingKey),
    })),
    salts: salts.map((used) => ({ ...used, salts: encodeBase64(used.salts) })),
    keys: keys.map((key) => ({
      ...key,
      secretHash: encodeBase64(key.secretHash),
      models: key.models ?? null,
      expiresAtMs: key.expiresAtMs ?? null,
      lastUsedAtMs: key.lastUsedAtMs ?? null,
      revokedAtMs: key.revokedAtMs ?? null,
    })),
  }));
}

/** The backup in some bytes; bad_request where they are not one that can be restored whole. */
export function parseBackup(encoded: Uint8Array): BackupContent {
  const result = v.safeParse(ContentSchema, parseJson(encoded), { abortEarly: true });
  if (!result.success || !isWhole(result.output)) {
    throw new AppError("bad_request", "The backup holds what this version does not know");
  }
  const { format: _, configText, settingsText, keys, ...others } = result.output;
  return {
    ...others,
    configText: configText ?? undefined,
    settingsText: settingsText ?? undefined,
    keys: keys.map((key) => ({
      ...key,
      models: key.models ?? undefined,
      expiresAtMs: key.expiresAtMs ?? undefined,
      lastUsedAtMs: key.lastUsedAtMs ?? undefined,
      revokedAtMs: key.revokedAtMs ?? undefined,
    })),
  };
}

function isWhole({ clients, salts, keys }: v.InferOutput<typeof ContentSchema>): boolean {
  const ids = new Set(clients.map(({ clientId }) => clientId));
  return ids.size === clients.length &&
    new Set(clients.map(({ authToken }) => authToken)).size === clients.length &&
    new Set(keys.map(({ keyId }) => keyId)).size === keys.length &&
    new Set(salts.map(({ clientId }) => clientId)).size === salts.length &&
    salts.every((used) => ids.has(used.clientId) && used.used >= used.salts.length / SALT_BYTES);
}

function parseJson(encoded: Uint8Array): unknown {
  const text = decodeUtf8(encoded);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
