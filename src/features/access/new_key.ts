// What a new key is to be, checked, and the key made of it.

import type { Clock } from "../../base/clock.ts";
import { AppError } from "../../base/app_error.ts";
import type { RandomSource } from "../../base/random.ts";
import {
  type ApiKey,
  drawKey,
  KEY_SCOPES,
  type KeyScope,
  MAX_KEY_MODELS,
  MAX_KEY_NAME_CHARACTERS,
  MAX_MODEL_NAME_CHARACTERS,
} from "./api_key.ts";

import { changeLimits, type LimitsChange } from "./model_limits.ts";

/** What a new key is to be. */
export interface NewKey {
  /** The owner's name for it, 1 to 64 characters. */
  readonly name: string;
  /** What it opens; at least one scope. */
  readonly scopes: readonly KeyScope[];
  /** The models that it may use; all that the gateway allows where undefined. */
  readonly models?: readonly string[] | undefined;
  /** What it may use of models; as the configuration says where undefined. */
  readonly limits?: LimitsChange | undefined;
  /** How long it lives, in milliseconds; for ever where undefined. */
  readonly lifetimeMs?: number | undefined;
}

/** A key and its text, which is never to be had again; bad_request for what cannot be one. */
export function makeKey(
  wanted: NewKey,
  { clock, random }: { clock: Clock; random: RandomSource },
): { text: string; key: ApiKey } {
  const { name, scopes, models, limits, lifetimeMs } = wanted;
  if (name.length < 1 || name.length > MAX_KEY_NAME_CHARACTERS) {
    throw new AppError("bad_request", `name: expected 1 to ${MAX_KEY_NAME_CHARACTERS} characters`);
  }
  if (scopes.length === 0 || !scopes.every((scope) => KEY_SCOPES.includes(scope))) {
    throw new AppError("bad_request", `scopes: expected some of ${KEY_SCOPES.join(", ")}`);
  }
  if (models !== undefined) checkModels(models, scopes);
  if (limits !== undefined) checkLimited(scopes);
  const { text, presented } = drawKey(random);
  const createdAtMs = clock.wallMs();
  const key: ApiKey = {
    ...presented,
    name,
    scopes: KEY_SCOPES.filter((scope) => scopes.includes(scope)),
    models,
    ...(limits === undefined ? {} : { limits: changeLimits(undefined, limits) }),
    createdAtMs,
    expiresAtMs: lifetimeMs === undefined ? undefined : createdAtMs + lifetimeMs,
    lastUsedAtMs: undefined,
    revokedAtMs: undefined,
  };
  return { text, key };
}

/** Throws bad_request where limits make no sense for the scopes. */
export function checkLimited(scopes: readonly KeyScope[]): void {
  if (scopes.includes("models")) return;
  throw new AppError("bad_request", "limits: expected together with the scope models");
}

function checkModels(models: readonly string[], scopes: readonly KeyScope[]): void {
  if (!scopes.includes("models")) {
    throw new AppError("bad_request", "models: expected together with the scope models");
  }
  const isName = (model: string): boolean =>
    model.length >= 1 && model.length <= MAX_MODEL_NAME_CHARACTERS;
  if (models.length < 1 || models.length > MAX_KEY_MODELS || !models.every(isName)) {
    throw new AppError("bad_request", `models: expected 1 to ${MAX_KEY_MODELS} names of models`);
  }
}
