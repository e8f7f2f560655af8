// Who may do what over which transport: the table of docs/protocol.md §8 as data, and the one place
// that checks it. A row says what a group of routes asks of a request; the steps run in one order
// for all of them: host, origin, fetch metadata, address or text, key, limits.

import { AppError } from "../../base/app_error.ts";
import type { DoorScope, KeyScope } from "../../features/access/api_key.ts";
import type { AuthenticateModelKey, ModelKey } from "../../features/models/model_key.ts";
import { httpError } from "./error_response.ts";
import type { LimitName } from "./limits.ts";
import { isAllowedOrigin, isOwnHost, type OwnNames } from "./origins.ts";

/** The groups of routes that share a row. */
export type RouteGroup =
  | "websocket"
  | "post"
  | "events"
  | "run"
  | "pair"
  | "models"
  | "metrics"
  | "open";

/**
 * When a key is asked for. "if_given" is of the WebSocket: without one the connection is held to
 * encryption where one is required (app/connections.ts), so only a key that was sent is judged.
 */
export type KeyRule = "never" | "if_required" | "if_given" | "always";

/** What a group of routes asks. */
export interface PolicyRow {
  /** Whether remote requests must name the device in their Host header; local ones always must. */
  readonly hostOfRemote: boolean;
  /** Whether the key stands in for the Host header: a page of somebody else's has none. */
  readonly keyForHost?: true;
  /** Whether requests that a page made across sites are refused. */
  readonly fetchMetadata: boolean;
  /** What a remote peer needs beside a key. */
  readonly remote: "open" | "allowed_ip" | "metrics_ip" | "allowed_text";
  /** Whether a remote peer needs a key. */
  readonly remoteKey: KeyRule;
  /** Whether a local peer needs a key. */
  readonly localKey: KeyRule;
  /** The scope that the key must have. */
  readonly scope: KeyScope | undefined;
  /** The limits that a remote peer is under, in order. */
  readonly limits: readonly LimitName[];
}

/** The table. */
export const POLICY: Readonly<Record<RouteGroup, PolicyRow>> = {
  websocket: {
    hostOfRemote: false,
    fetchMetadata: false,
    remote: "open",
    remoteKey: "if_given",
    localKey: "never",
    scope: "rpc",
    limits: ["upgrade"],
  },
  post: {
    hostOfRemote: true,
    fetchMetadata: false,
    remote: "allowed_ip",
    remoteKey: "if_required",
    localKey: "never",
    scope: "rpc",
    limits: ["general"],
  },
  events: {
    hostOfRemote: true,
    fetchMetadata: false,
    remote: "allowed_ip",
    remoteKey: "if_required",
    localKey: "never",
    scope: "events",
    limits: ["general"],
  },
  run: {
    hostOfRemote: true,
    fetchMetadata: true,
    remote: "allowed_text",
    remoteKey: "if_required",
    localKey: "never",
    scope: "run",
    limits: ["general"],
  },
  pair: {
    hostOfRemote: false,
    fetchMetadata: true,
    remote: "open",
    remoteKey: "never",
    localKey: "never",
    scope: undefined,
    limits: ["general", "pairing"],
  },
  models: {
    hostOfRemote: false,
    keyForHost: true,
    fetchMetadata: false,
    remote: "allowed_ip",
    remoteKey: "always",
    localKey: "always",
    scope: "models",
    limits: [],
  },
  metrics: {
    hostOfRemote: true,
    fetchMetadata: false,
    remote: "metrics_ip",
    remoteKey: "never",
    localKey: "never",
    scope: undefined,
    limits: [],
  },
  open: {
    hostOfRemote: false,
    fetchMetadata: false,
    remote: "open",
    remoteKey: "never",
    localKey: "never",
    scope: undefined,
    limits: [],
  },
};

/** A request as the policy sees it. */
export interface PolicyRequest {
  /** Whether it comes from the device itself. */
  readonly isLocal: boolean;
  /** The peer's address, normalised. */
  readonly address: string;
  /** Its headers. */
  readonly headers: Headers;
  /** The text to run, for the run routes. */
  readonly runText?: string;
  /** The key of the query, where the route takes one there. */
  readonly queryKey?: string | undefined;
}

/** A valid key as the policy sees it. */
export interface KnownKey {
  /** Its public id. */
  readonly keyId: string;
  /** What it opens. */
  readonly scopes: readonly KeyScope[];
}

/** What the policy asks of the rest of the device, at this moment. */
export interface PolicyFacts {
  /** The device's names and addresses. */
  readonly own: OwnNames;
  /** Whether remote peers must encrypt. */
  readonly encryption: boolean;
  /** Web origins beyond the built-in ones. */
  readonly allowedOrigins: readonly string[];
  /** Whether an address is in allowed_ips. */
  isAllowedIp(address: string): boolean;
  /** Whether an address is in metrics_allow. */
  isMetricsIp(address: string): boolean;
  /** Whether a text matches allow_run. */
  isAllowedText(text: string): boolean;
  /** Whether other hosts need a key for the transports of a scope. */
  isKeyRequired(scope: DoorScope): boolean;
  /** A valid key; undefined for every other text. */
  findKey(key: string | undefined): KnownKey | undefined;
  /** Whether an address is within a limit; counts the request. */
  admit(limit: LimitName, address: string): boolean;
}

/** What the policy found out about an admitted request. */
export interface Admitted {
  /** The id of the key that was accepted, if one was asked for. */
  readonly keyId: string | undefined;
}

/** Refuses a request, or says what was found out about it. Throws what the edge answers. */
export function checkPolicy(
  group: RouteGroup,
  request: PolicyRequest,
  facts: PolicyFacts,
): Admitted {
  const row = POLICY[group];
  checkBeforeKey(row, request, facts);
  const keyId = checkKey(row, request, facts);
  checkLimits(row, request, facts);
  return { keyId };
}

/** What {@linkcode checkModelPolicy} asks. */
export interface ModelPolicyFacts {
  /** What the policy asks of the device, at this moment. */
  readonly facts: PolicyFacts;
  /** Judges the key, wherever keys are kept. */
  readonly authenticate: AuthenticateModelKey;
}

/**
 * The same steps for the group "models", whose keys may be kept elsewhere. The accepted key; throws
 * what the edge answers.
 */
export async function checkModelPolicy(
  request: PolicyRequest,
  { facts, authenticate }: ModelPolicyFacts,
): Promise<ModelKey> {
  const row = POLICY.models;
  checkBeforeKey(row, request, facts);
  const verdict = await authenticate(bearerOf(request.headers));
  if (verdict.kind === "unknown") throw unknownKey();
  if (verdict.kind === "wrong_scope") throw wrongScope();
  checkLimits(row, request, facts);
  return verdict.key;
}

function checkBeforeKey(row: PolicyRow, request: PolicyRequest, facts: PolicyFacts): void {
  const { isLocal, headers } = request;
  if (row.keyForHost !== true && (isLocal || row.hostOfRemote)) checkHost(headers, facts);
  const origin = headers.get("Origin");
  if (origin !== null && !isAllowedOrigin(origin, facts)) {
    throw new AppError("forbidden", "This origin is not allowed");
  }
  if (row.fetchMetadata && origin === null) checkFetchMetadata(headers);
  if (!isLocal) checkRemote(row, request, facts);
}

function checkLimits(row: PolicyRow, request: PolicyRequest, facts: PolicyFacts): void {
  const { isLocal, address } = request;
  if (!isLocal && !row.limits.every((limit) => facts.admit(limit, address))) {
    throw new AppError("rate_limited", "Too many requests", { retryAfterS: 1 });
  }
}

/** Refuses a request whose Host header is not this device's. */
export function checkHost(
  headers: Headers,
  facts: Pick<PolicyFacts, "own" | "allowedOrigins">,
): void {
  if (!isOwnHost(headers.get("Host"), facts)) {
    throw httpError(421, "Unrecognised Host header");
  }
}

function checkFetchMetadata(headers: Headers): void {
  const site = headers.get("Sec-Fetch-Site");
  if (site !== "cross-site" && site !== "same-site") return;
  const isOwnNavigation = headers.get("Sec-Fetch-Mode") === "navigate" &&
    headers.get("Sec-Fetch-User") === "?1" &&
    // A frame also navigates after a click somewhere on its page.
    headers.get("Sec-Fetch-Dest") === "document";
  if (!isOwnNavigation) throw new AppError("forbidden", "Not allowed from other sites");
}

function checkRemote(row: PolicyRow, request: PolicyRequest, facts: PolicyFacts): void {
  switch (row.remote) {
    case "open":
      return;
    case "metrics_ip":
      if (!facts.isMetricsIp(request.address)) {
        throw new AppError("forbidden", "Not allowed from this address");
      }
      return;
    case "allowed_ip":
      if (!facts.isAllowedIp(request.address)) {
        throw new AppError("forbidden", "Not allowed from this address");
      }
      return;
    case "allowed_text":
      if (!facts.isAllowedText(request.runText ?? "")) {
        throw new AppError("forbidden", "Not allowed to run from here");
      }
  }
}

function checkKey(
  row: PolicyRow,
  request: PolicyRequest,
  facts: PolicyFacts,
): string | undefined {
  const rule = request.isLocal ? row.localKey : row.remoteKey;
  if (!isKeyNeeded(rule, { row, request, facts })) return undefined;
  const key = facts.findKey(bearerOf(request.headers) ?? request.queryKey);
  if (key === undefined) throw unknownKey();
  if (row.scope !== undefined && !key.scopes.includes(row.scope)) throw wrongScope();
  return key.keyId;
}

function unknownKey(): AppError {
  return new AppError("unauthorized", "A valid API key is required");
}

function wrongScope(): AppError {
  return new AppError("forbidden", "The API key lacks the required scope");
}

function isKeyNeeded(
  rule: KeyRule,
  { row, request, facts }: { row: PolicyRow; request: PolicyRequest; facts: PolicyFacts },
): boolean {
  const isRequired = (): boolean =>
    row.scope !== undefined && row.scope !== "models" && facts.isKeyRequired(row.scope);
  switch (rule) {
    case "never":
      return false;
    case "always":
      return true;
    case "if_required":
      return isRequired();
    case "if_given":
      return !facts.encryption && isKeyGiven(request) && isRequired();
  }
}

// Any attempt counts: a malformed one is a wrong key, not none.
function isKeyGiven({ headers, queryKey }: PolicyRequest): boolean {
  return headers.has("Authorization") || queryKey !== undefined;
}

function bearerOf(headers: Headers): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
}
