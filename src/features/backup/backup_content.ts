// What a backup keeps of a device: clients with their keys, the salts they have used, API keys and
// for what they are required, the settings, favourites, and tombstones of what was removed. Written as JSON and
// read strictly, because a restore takes all of it or nothing. The audit log is not in it: it tells
// of one device, and its chain of hashes would not go on.

import * as v from "valibot";
import { type Bytes, decodeBase64, decodeUtf8, encodeBase64, utf8 } from "../../base/bytes.ts";
import { AppError } from "../../base/app_error.ts";
import { SALT_BYTES } from "../../protocol/v1/key_schedule.ts";
import { type Client, ROLES } from "../access/client.ts";
import { type Favorite, MAX_FAVORITES } from "../library/favorites.ts";
import { type ApiKey, DOOR_SCOPES, type DoorScope, KEY_SCOPES } from "../access/api_key.ts";

/** The salts that one client has used. */
export interface UsedSalts {
  readonly clientId: string;
  /** All of them, one after the other, 16 bytes each. */
  readonly salts: Bytes;
  /** How many sessions were counted; at least the number of salts. */
  readonly used: number;
}

/** What is left of a removed client. */
export interface RemovedClient {
  readonly clientId: string;
  /** SHA-256 of its token. */
  readonly tokenHash: Bytes;
}

/** What was removed, oldest first: it never comes back. */
export interface Tombstones {
  /** Removed clients. */
  readonly clients: readonly RemovedClient[];
  /** The ids of removed API keys. */
  readonly keys: readonly string[];
}

/** The newest entry of a chain of the audit log. */
export interface AuditHead {
  /** Its number; 0 where there is none. */
  readonly id: number;
  /** Its hash. */
  readonly hash: Bytes;
}

/** What a database holds for a backup. */
export interface BackupRecords {
  readonly clients: readonly Client[];
  /** What they have used. */
  readonly salts: readonly UsedSalts[];
  readonly keys: readonly ApiKey[];
  /** The scopes whose transports ask other hosts for a key. */
  readonly requiredKeys: readonly DoorScope[];
  /** What was removed. */
  readonly removed: Tombstones;
  /** The newest entry of the audit log; undefined in a backup of before it was kept. */
  readonly auditHead: AuditHead | undefined;
  /** What people marked as favourites, and no longer. */
  readonly favorites: readonly Favorite[];
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

const KEY_ID_CHARACTERS = 8;
const MAX_PATH_CHARACTERS = 4096;
const FORMAT = 2;

// Its files have neither tombstones nor the head of the audit log, and do not say for what keys were
// required: for everything, as soon as there was one.
const FIRST_FORMAT = 1;
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

const CONTENT = {
  createdAtMs: Time,
  program: Text,
  configText: v.nullable(v.string()),
  settingsText: v.nullable(v.string()),
  clients: v.array(v.strictObject({
    clientId: Text,
    clientName: Text,
    authToken: Text,
    role: v.picklist(ROLES),
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
    scopes: v.pipe(v.array(v.picklist(KEY_SCOPES)), v.nonEmpty()),
    models: v.nullable(v.array(Text)),
    // Backups of before have none.
    limits: v.optional(v.nullable(v.strictObject({
      perMinute: v.optional(Time),
      tokensPerDay: v.optional(Time),
      concurrent: v.optional(Time),
      weight: v.optional(Time),
    }))),
    createdAtMs: Time,
    expiresAtMs: OptionalTime,
    lastUsedAtMs: OptionalTime,
    revokedAtMs: OptionalTime,
  })),
} as const;

const Path = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_PATH_CHARACTERS));
const KeyId = v.pipe(v.string(), v.length(KEY_ID_CHARACTERS));

const ContentSchema = v.variant("format", [
  v.strictObject({ format: v.literal(FIRST_FORMAT), ...CONTENT }),
  v.strictObject({
    format: v.literal(FORMAT),
    ...CONTENT,
    removed: v.strictObject({
      clients: v.array(v.strictObject({ clientId: Text, tokenHash: Key32 })),
      keys: v.array(KeyId),
    }),
    requiredKeys: v.array(v.picklist(DOOR_SCOPES)),
    auditHead: v.strictObject({ id: Time, hash: Key32 }),
    // Backups of before have none, or more than a device keeps.
    favorites: v.optional(v.pipe(
      v.array(v.strictObject({ path: Path, isFavorite: v.boolean() })),
      v.transform((favorites) => favorites.slice(0, MAX_FAVORITES)),
    )),
  }),
]);

type Content = v.InferOutput<typeof ContentSchema>;

/** A backup as bytes, to be sealed. */
export function encodeBackup(content: BackupContent): Bytes {
  const { clients, salts, keys, requiredKeys, removed, auditHead, ...rest } = content;
  const { configText = null, settingsText = null, ...others } = rest;
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
      limits: key.limits ?? null,
      expiresAtMs: key.expiresAtMs ?? null,
      lastUsedAtMs: key.lastUsedAtMs ?? null,
      revokedAtMs: key.revokedAtMs ?? null,
    })),
    requiredKeys,
    removed: {
      clients: removed.clients.map(({ clientId, tokenHash }) => ({
        clientId,
        tokenHash: encodeBase64(tokenHash),
      })),
      keys: removed.keys,
    },
    auditHead: {
      id: auditHead?.id ?? 0,
      hash: encodeBase64(auditHead?.hash ?? new Uint8Array(32)),
    },
  }));
}

/** The backup in some bytes; bad_request where they are not one that can be restored whole. */
export function parseBackup(encoded: Uint8Array): BackupContent {
  const result = v.safeParse(ContentSchema, parseJson(encoded), { abortEarly: true });
  if (!result.success || !isWhole(result.output)) {
    throw new AppError("bad_request", "The backup holds what this version does not know");
  }
  const { output } = result;
  const { format: _, configText, settingsText, keys, ...others } = output;
  return {
    ...others,
    requiredKeys: requiredIn(output),
    removed: output.format === FORMAT ? output.removed : { clients: [], keys: [] },
    auditHead: output.format === FORMAT ? output.auditHead : undefined,
    favorites: output.format === FORMAT ? output.favorites ?? [] : [],
    configText: configText ?? undefined,
    settingsText: settingsText ?? undefined,
    keys: keys.map(({ limits, ...key }) => ({
      ...key,
      ...(limits ? { limits } : {}),
      models: key.models ?? undefined,
      expiresAtMs: key.expiresAtMs ?? undefined,
      lastUsedAtMs: key.lastUsedAtMs ?? undefined,
      revokedAtMs: key.revokedAtMs ?? undefined,
    })),
  };
}

function requiredIn(content: Content): readonly DoorScope[] {
  if (content.format === FORMAT) return content.requiredKeys;
  return content.keys.length > 0 ? DOOR_SCOPES : [];
}

function isWhole(content: Content): boolean {
  const { clients, salts, keys } = content;
  const ids = new Set(clients.map(({ clientId }) => clientId));
  return ids.size === clients.length &&
    new Set(clients.map(({ authToken }) => authToken)).size === clients.length &&
    new Set(keys.map(({ keyId }) => keyId)).size === keys.length &&
    new Set(salts.map(({ clientId }) => clientId)).size === salts.length &&
    salts.every((used) => ids.has(used.clientId) && used.used >= used.salts.length / SALT_BYTES) &&
    (content.format === FIRST_FORMAT || areLeft(content));
}

// Nothing is removed and there, or removed or required twice. Of a removed key a restore may have
// left what was here, revoked.
function areLeft(content: Extract<Content, { format: typeof FORMAT }>): boolean {
  const { clients, keys, requiredKeys, removed } = content;
  const removedIds = new Set(removed.clients.map(({ clientId }) => clientId));
  const removedHashes = new Set(removed.clients.map(({ tokenHash }) => tokenHash.toHex()));
  const removedKeys = new Set(removed.keys);
  return removedIds.size === removed.clients.length &&
    removedHashes.size === removed.clients.length &&
    removedKeys.size === removed.keys.length &&
    new Set(requiredKeys).size === requiredKeys.length &&
    clients.every(({ clientId }) => !removedIds.has(clientId)) &&
    keys.every(({ keyId, revokedAtMs }) => revokedAtMs !== null || !removedKeys.has(keyId));
}

function parseJson(encoded: Uint8Array): unknown {
  const text = decodeUtf8(encoded);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
