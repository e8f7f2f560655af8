// Methods about API keys, for the device itself only (docs/protocol.md §8). A key's secret is told
// once, to whoever made it.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import {
  type ApiKey,
  DOOR_SCOPES,
  type DoorScope,
  KEY_SCOPES,
  type KeyScope,
} from "../../access/api_key.ts";
import type { KeyRing } from "../../access/key_ring.ts";
import type { NewKey } from "../../access/new_key.ts";
import type { SharedKeyRing } from "../../access/shared_key_ring.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { CountShape, NothingShape, SecondsShape, type Shown, TextShape } from "../shapes.ts";

/** An API key, as it is shown: without its secret. */
export const KeyShape = v.strictObject({
  keyId: TextShape,
  name: TextShape,
  scopes: v.array(v.picklist(KEY_SCOPES)),
  models: v.nullable(v.array(TextShape)),
  limits: v.strictObject({
    perMinute: v.optional(CountShape),
    tokensPerDay: v.optional(CountShape),
    concurrent: v.optional(CountShape),
    weight: v.optional(CountShape),
  }),
  shared: v.boolean(),
  createdAt: v.nullable(SecondsShape),
  expiresAt: v.nullable(SecondsShape),
  lastUsedAt: v.nullable(SecondsShape),
  revokedAt: v.nullable(SecondsShape),
});

/** Keys in one place. */
export interface KeyPlace {
  list(): ApiKey[] | Promise<ApiKey[]>;
  /** Makes one. */
  create(wanted: NewKey): NewKeyResult | Promise<NewKeyResult>;
  /** Forgets the revoked ones; how many there were. */
  purgeRevoked(): number | Promise<number>;
}

/** A new key and its text. */
export interface NewKeyResult {
  /** Its text, told once. */
  readonly text: string;
  readonly key: ApiKey;
  /** The scopes for which other hosts need a key that did not before. */
  readonly nowRequired?: readonly DoorScope[];
}

/** The parts behind the key methods. */
export interface KeyMethodsOptions {
  /** The device's own keys. */
  keys: KeyPlace & Pick<KeyRing, "revoke" | "required" | "open" | "setLimits">;
  /** The keys for models that several gateways share, where there are such. */
  shared?:
    | Pick<SharedKeyRing, "list" | "create" | "purgeRevoked" | "revoke" | "setLimits">
    | undefined;
  /** All scopes there are. */
  scopes: readonly KeyScope[];
  /** Those whose transports may ask other hosts for a key. */
  doors: readonly DoorScope[];
  /** Hears of a new key. */
  onAdded: (key: ApiKey) => void;
  /** Hears of a key whose limits changed. */
  onChanged: (key: ApiKey) => void;
  /** Hears of a revoked key. */
  onRevoked: (keyId: string) => void;
  /** Hears that other hosts need no key any more for a scope. */
  onOpened: (scope: DoorScope) => void;
}

const Limit = v.optional(v.nullable(v.number()));
const Limits = v.strictObject({
  perMinute: Limit,
  tokensPerDay: Limit,
  concurrent: Limit,
  weight: Limit,
});
const MAX_LIFETIME_S = 100 * 366 * 24 * 3600;

/** `keys`, `keys.new`, `keys.update`, `keys.delete`, `keys.purge` and `keys.open`. */
export function keyMethods(options: KeyMethodsOptions): RpcMethod[] {
  const { keys, shared, scopes: knownScopes, doors, onAdded, onChanged, onRevoked, onOpened } =
    options;
  return [
    defineMethod({
      name: "keys",
      access: "local",
      params: v.object({}),
      result: v.strictObject({
        keys: v.array(KeyShape),
        required: v.array(v.picklist(DOOR_SCOPES)),
        sharedUnavailable: v.optional(v.boolean()),
      }),
      run: async () => {
        const own = await keys.list();
        const others = shared && await ifReachable(() => shared.list());
        return {
          keys: [
            ...own.map((key) => showKey(key, false)),
            ...(others ?? []).map((key) => showKey(key, true)),
          ],
          required: keys.required(),
          ...(shared === undefined ? {} : { sharedUnavailable: others === undefined }),
        };
      },
    }),
    defineMethod({
      name: "keys.new",
      access: "local",
      params: v.strictObject({
        name: v.string(),
        scopes: v.array(v.picklist(knownScopes)),
        models: v.optional(v.array(v.string())),
        limits: v.optional(Limits),
        expiresIn: v.optional(v.pipe(
          v.number(),
          v.integer(),
          v.minValue(1),
          v.maxValue(MAX_LIFETIME_S),
        )),
      }),
      result: v.strictObject({
        ...KeyShape.entries,
        key: TextShape,
        nowRequired: v.array(v.picklist(DOOR_SCOPES)),
      }),
      waitsForDisk: true,
      run: async ({ name, scopes, models, limits, expiresIn }) => {
        const lifetimeMs = expiresIn === undefined ? undefined : expiresIn * 1000;
        const isShared = shared !== undefined && scopes.includes("models");
        const place: KeyPlace = isShared ? shared : keys;
        const { text, key, nowRequired = [] } = await place.create({
          name,
          scopes,
          models,
          limits,
          lifetimeMs,
        });
        onAdded(key);
        return { ...showKey(key, isShared), key: text, nowRequired };
      },
    }),
    defineMethod({
      name: "keys.update",
      access: "local",
      params: v.strictObject({ keyId: v.string(), limits: Limits }),
      result: KeyShape,
      waitsForDisk: true,
      run: async ({ keyId, limits }) => {
        const isOwn = (await keys.list()).some((key) => key.keyId === keyId);
        const changed = isOwn ? undefined : await shared?.setLimits(keyId, limits);
        const key = changed ?? keys.setLimits(keyId, limits);
        onChanged(key);
        return showKey(key, changed !== undefined);
      },
    }),
    defineMethod({
      name: "keys.delete",
      access: "local",
      params: v.strictObject({ keyId: v.string() }),
      result: NothingShape,
      waitsForDisk: true,
      run: async ({ keyId }) => {
        // The device's own first: no server elsewhere may stand between the owner and its doors.
        const isOwn = (await keys.list()).some((key) => key.keyId === keyId);
        if (isOwn || !await shared?.revoke(keyId)) keys.revoke(keyId);
        onRevoked(keyId);
        return null;
      },
    }),
    defineMethod({
      name: "keys.open",
      access: "local",
      params: v.strictObject({ scope: v.picklist(doors) }),
      result: v.strictObject({ changed: v.boolean() }),
      waitsForDisk: true,
      run: ({ scope }) => {
        const isChanged = keys.open(scope);
        if (isChanged) onOpened(scope);
        return { changed: isChanged };
      },
    }),
    defineMethod({
      name: "keys.purge",
      access: "local",
      params: v.object({}),
      result: v.strictObject({
        purged: CountShape,
        sharedUnavailable: v.optional(v.boolean()),
      }),
      waitsForDisk: true,
      run: async () => {
        const own = await keys.purgeRevoked();
        const others = shared && await ifReachable(() => shared.purgeRevoked());
        return {
          purged: own + (others ?? 0),
          ...(shared === undefined ? {} : { sharedUnavailable: others === undefined }),
        };
      },
    }),
  ];
}

// What the shared store says, or undefined where it is away: the device's own keys are no less there.
async function ifReachable<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code === "unavailable") return undefined;
    throw error;
  }
}

function showKey(key: ApiKey, isShared: boolean): Shown<typeof KeyShape> {
  const { keyId, name, scopes, models = null } = key;
  return {
    keyId,
    name,
    scopes,
    models,
    limits: key.limits ?? {},
    shared: isShared,
    createdAt: toSeconds(key.createdAtMs),
    expiresAt: toSeconds(key.expiresAtMs),
    lastUsedAt: toSeconds(key.lastUsedAtMs),
    revokedAt: toSeconds(key.revokedAtMs),
  };
}

function toSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}
