// Who asks for a model: a valid API key of the scope "models", and what it may use.

import type { ModelLimits } from "../access/model_limits.ts";

/** A key as the model gateway sees it. */
export interface ModelKey {
  /** The public id. */
  readonly keyId: string;
  /** The models it may use, of those that the gateway allows; all of them where undefined. */
  readonly models: readonly string[] | undefined;
  /** What it may use, where that differs from the configuration. */
  readonly limits?: ModelLimits | undefined;
}

/** What presenting a key led to. */
export type ModelKeyVerdict =
  | { readonly kind: "accepted"; readonly key: ModelKey }
  /** Missing, malformed, unknown, revoked or expired: never told apart. */
  | { readonly kind: "unknown" }
  /** Valid, but not for models. */
  | { readonly kind: "wrong_scope" };

/** Judges a presented key text; rejects with AppError unavailable where that cannot be found out. */
export type AuthenticateModelKey = (text: string | undefined) => Promise<ModelKeyVerdict>;
