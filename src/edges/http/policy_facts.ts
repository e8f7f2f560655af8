// What the policy asks of the running device: settings as they are at this moment, keys, names,
// addresses and limits.

import { compileRunPatterns } from "../../features/actions/run_patterns.ts";
import type { Clock } from "../../base/clock.ts";
import { hostLabel } from "../../features/discovery/instance_name.ts";
import type { KeyRing } from "../../features/access/key_ring.ts";
import { compileAddressRules } from "./address_rules.ts";
import { AddressLimiter, GENERAL_RATE, PAIRING_RATE, UPGRADE_RATE } from "./limits.ts";
import type { PolicyFacts } from "./policy.ts";

/** How long the device's own addresses are remembered, in milliseconds. */
export const ADDRESSES_LIFETIME_MS = 5_000;

/** The settings that the policy goes by. */
export interface PolicySettings {
  /** Whether remote WebSocket peers must encrypt. */
  readonly encryption: boolean;
  /** Addresses and CIDR ranges that POST, SSE and the model gateway are open to. */
  readonly allowedIps: readonly string[];
  /** Addresses and CIDR ranges from which metrics may be read. */
  readonly metricsAllow: readonly string[];
  /** Names of the owner's choosing under which the device answers. */
  readonly hostNames: readonly string[];
  /** Web origins beyond the built-in ones. */
  readonly allowedOrigins: readonly string[];
  /** Patterns (RE2, anchored) of texts that remote peers may run over REST. */
  readonly allowRun: readonly string[];
}

/** Options of {@linkcode createPolicyFacts}. */
export interface PolicyFactsOptions {
  /** The settings at this moment. */
  settings: () => PolicySettings;
  keys: Pick<KeyRing, "isRequired" | "authenticate">;
  /** The machine's name. */
  hostName: string;
  /** The names under which it is announced at the moment. */
  announcedNames: () => readonly string[];
  /** The machine's addresses at the moment. */
  addresses: () => string[];
  /** The port that the service listens on. */
  port: () => number;
  clock: Clock;
}

/** Facts that are put together anew for each request. */
export function createPolicyFacts(options: PolicyFactsOptions): () => PolicyFacts {
  const { settings, keys, addresses, port, clock } = options;
  const ownNames = namesOf(options.hostName);
  const limiters = {
    general: new AddressLimiter(GENERAL_RATE),
    pairing: new AddressLimiter(PAIRING_RATE),
    upgrade: new AddressLimiter(UPGRADE_RATE),
  };
  const isAllowedIp = memoizeByList(compileAddressRules);
  const isMetricsIp = memoizeByList(compileAddressRules);
  const isAllowedText = memoizeByList(compileRunPatterns);
  let known: { addresses: string[]; untilMs: number } = { addresses: [], untilMs: -Infinity };

  function currentAddresses(): string[] {
    const nowMs = clock.monotonicMs();
    if (nowMs >= known.untilMs) {
      known = { addresses: addresses(), untilMs: nowMs + ADDRESSES_LIFETIME_MS };
    }
    return known.addresses;
  }

  return () => {
    const { encryption, hostNames, allowedOrigins, allowedIps, allowRun, metricsAllow } =
      settings();
    return {
      // Only where a Host header or an origin is judged, which a key for models stands in for.
      get own() {
        return {
          hostNames: withNames(ownNames, [...options.announcedNames(), ...hostNames]),
          addresses: currentAddresses(),
          port: port(),
        };
      },
      encryption,
      allowedOrigins,
      isAllowedIp: (address) => isAllowedIp(allowedIps)(address),
      isMetricsIp: (address) => isMetricsIp(metricsAllow)(address),
      isAllowedText: (text) => isAllowedText(allowRun)(text),
      isKeyRequired: (scope) => keys.isRequired(scope),
      findKey: (key) => keys.authenticate(key),
      admit: (limit, address) => limiters[limit].admit(address, clock.monotonicMs()),
    };
  };
}

// The name as the system has it, the short one of a domain name, and what is announced of it where
// nobody else has that name (RFC 1123 knows fewer characters than systems do).
function namesOf(hostName: string): string[] {
  const name = hostName.toLowerCase().replace(/\.local$/, "");
  const short = name.split(".")[0] ?? name;
  const label = hostLabel(name);
  return withNames([], [name, `${name}.local`, short, `${short}.local`, label, `${label}.local`]);
}

function withNames(names: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...names, ...more.map((name) => name.toLowerCase())])];
}

// Settings are replaced whole, so the list itself tells whether it is still the compiled one.
function memoizeByList<Compiled>(
  compile: (list: readonly string[]) => Compiled,
): (list: readonly string[]) => Compiled {
  let last: { list: readonly string[]; compiled: Compiled } | undefined;
  return (list) => {
    if (last?.list !== list) last = { list, compiled: compile(list) };
    return last.compiled;
  };
}
