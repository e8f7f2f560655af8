// A request and a device for tests of the policy, without anything of either being real.

import { toHttpError } from "../../../src/edges/http/error_response.ts";
import {
  checkPolicy,
  type PolicyFacts,
  type PolicyRequest,
  type RouteGroup,
} from "../../../src/edges/http/policy.ts";
import type { KeyScope } from "../../../src/features/access/api_key.ts";

/** All groups of routes. */
export const GROUPS: readonly RouteGroup[] = [
  "websocket",
  "post",
  "events",
  "run",
  "pair",
  "models",
  "metrics",
  "open",
];
const OWN_HOST = "192.0.2.7:7497";

/** What the device and the request are like; everything is open where nothing else is said. */
export interface World {
  /** Whether the request comes from the device itself. */
  isLocal?: boolean;
  /** Whether remote WebSocket peers must encrypt. */
  encryption?: boolean;
  /** Whether keys are required for every scope that can ask for one. */
  keysExist?: boolean;
  /** The scopes of the key "right"; no other text is a key. */
  scopes?: readonly KeyScope[];
  /** Whether the peer is in allowed_ips. */
  isAllowedIp?: boolean;
  /** Whether the peer is in metrics_allow. */
  isMetricsIp?: boolean;
  /** Whether the text to run, "hello", is in allow_run. */
  isAllowedText?: boolean;
  /** Limits that are used up. */
  usedUp?: readonly string[];
  /** Headers beside the right Host. */
  headers?: Record<string, string>;
  /** The key in the query. */
  queryKey?: string;
}

/** What became of a request. */
export interface Verdict {
  /** The status of the refusal, or 200. */
  status: number;
  /** The id of the key that was accepted; only of a request that was let in. */
  keyId?: string | undefined;
  /** What the policy asked of the device, in order. */
  asked: string[];
}

/** What becomes of a request in a world. */
export function ask(group: RouteGroup, world: World = {}): Verdict {
  const { isLocal = false, encryption = false, keysExist = false, scopes = [] } = world;
  const {
    isAllowedIp = true,
    isAllowedText = true,
    isMetricsIp = true,
    usedUp = [],
    headers = {},
    queryKey,
  } = world;
  const asked: string[] = [];
  const note = <Answer>(question: string, answer: Answer): Answer => {
    asked.push(question);
    return answer;
  };
  const facts: PolicyFacts = {
    own: { hostNames: ["handheld", "handheld.local"], addresses: ["192.0.2.7"], port: 7497 },
    encryption,
    allowedOrigins: ["https://app.example"],
    isAllowedIp: (address) => note(`ip ${address}`, isAllowedIp),
    isMetricsIp: (address) => note(`metrics ip ${address}`, isMetricsIp),
    isAllowedText: (text) => note(`text ${text}`, isAllowedText),
    isKeyRequired: (scope) => note(`required ${scope}`, keysExist),
    findKey: (key) =>
      note(`key ${key}`, key === "right" && keysExist ? { keyId: "abcdefgh", scopes } : undefined),
    admit: (limit, address) => note(`${limit} ${address}`, !usedUp.includes(limit)),
  };
  const request: PolicyRequest = {
    isLocal,
    address: "198.51.100.1",
    headers: new Headers({ Host: OWN_HOST, ...headers }),
    ...(group === "run" ? { runText: "hello" } : {}),
    queryKey,
  };
  try {
    return { status: 200, ...checkPolicy(group, request, facts), asked };
  } catch (error) {
    return { status: toHttpError(error).status, asked };
  }
}
