// Judgements on how the service is reached: itself, its port, its listeners, the guard in front of
// them, and its announcement.

import { isLoopbackAddress, normalizeAddress } from "../../base/ip_address.ts";
import { formatSocketAddress } from "../../base/socket_address.ts";
import { fail, type Finding, ok, warn } from "./check.ts";
import type {
  FoundInstance,
  GuardFacts,
  ListenerFacts,
  MdnsFacts,
  PortFacts,
  ServiceFacts,
} from "./doctor_facts.ts";

/** The addresses of the service's own loopback listeners. */
export const LOOPBACK_LISTENERS: readonly string[] = ["127.0.0.1", "::1"];

/**
 * Whether the service is to answer at one of this machine's addresses, where it listens on
 * `hostname`, or on every interface where that is undefined.
 */
export function isReachedAt(address: string, hostname: string | undefined): boolean {
  const normal = normalizeAddress(address);
  if (LOOPBACK_LISTENERS.includes(normal)) return true;
  if (hostname === undefined) return true;
  const listening = normalizeAddress(hostname);
  if (listening === "::") return true;
  if (listening === "0.0.0.0") return !normal.includes(":");
  return listening === normal && !isLoopbackAddress(listening);
}

/** Judges whether the service runs. */
export function judgeService({ port, holder, state }: ServiceFacts): Finding {
  const isHeld = holder.kind === "process";
  const who = isHeld ? `, process ${holder.pid}` : "";
  if (state === undefined) {
    return isHeld
      ? fail(
        `process ${holder.pid} uses the data folder, but does not answer on port ${port}`,
        "Restart the service: its port was changed, or it hangs",
      )
      : warn("it does not run", "Start it: latchkey serve");
  }
  if (holder.kind === "nobody") {
    return fail(
      `the latchkey on port ${port} uses another data folder`,
      "Give doctor the service's --config, or stop the other one",
    );
  }
  if (state === "failed") {
    const advice = "See its log, and restart it: its database may be gone from its folder";
    return fail(`it answers, but has failed${who}`, advice);
  }
  if (state !== "ready") {
    return warn(`it answers, but is ${state}${who}`, "Wait, and look at its log if it stays so");
  }
  return ok(`it runs${who}`);
}

/** Judges who uses the port. */
export function judgePort(facts: PortFacts): Finding {
  const { listen: { hostname, port }, ownAddresses, takenAddresses, isLatchkey, holder } = facts;
  if (port === 0) {
    return warn("it is another one at each start", "Give listen in [service] a port, such as 7497");
  }
  if (hostname !== undefined && !isOwn(hostname, ownAddresses)) {
    return fail(
      `${hostname} is no address of this machine`,
      'Correct listen in [service]; "[::]" is every interface',
    );
  }
  const rivals = takenAddresses.filter((address) => isRival(address, hostname));
  if (rivals.length === 0) return ok(`${port} is free`);
  if (isLatchkey && holder.kind !== "nobody") return ok(`the service has ${port}`);
  const where = rivals.map((address) => formatSocketAddress({ hostname: address, port }));
  return fail(
    `another ${isLatchkey ? "latchkey" : "program"} listens on ${where.join(", ")}`,
    "Stop it, or change listen in [service]",
  );
}

function isOwn(hostname: string, ownAddresses: readonly string[]): boolean {
  const normal = normalizeAddress(hostname);
  return isEveryAddress(normal) || isLoopbackAddress(normal) ||
    ownAddresses.some((address) => normalizeAddress(address) === normal);
}

// Loopback is always listened on, and what listens everywhere is in everybody's way.
function isRival(address: string, hostname: string | undefined): boolean {
  const normal = normalizeAddress(address);
  return isEveryAddress(normal) || isReachedAt(normal, hostname);
}

function isEveryAddress(normal: string): boolean {
  return normal === "::" || normal === "0.0.0.0";
}

/** Judges through which addresses the service answers. */
export function judgeListeners({ hostname, answers }: ListenerFacts): Finding {
  const silent = answers.filter(({ address, isAnswered }) =>
    isReachedAt(address, hostname) && !isAnswered
  );
  if (silent.length > 0) {
    return fail(
      `it does not answer at ${addressesOf(silent)}`,
      "Restart the service, and see whether a firewall is in the way",
    );
  }
  const surprising = answers.filter(({ address, isAnswered }) =>
    !isReachedAt(address, hostname) && isAnswered
  );
  if (surprising.length > 0) {
    return fail(
      `it answers at ${addressesOf(surprising)}, against listen in [service]`,
      "Restart the service: listen was changed since its start",
    );
  }
  const reached = answers.filter(({ isAnswered }) => isAnswered);
  const isLocal = reached.every(({ address }) => isLoopbackAddress(address));
  return ok(`it answers at ${addressesOf(reached)}${isLocal ? ": this device alone" : ""}`);
}

function addressesOf(answers: ListenerFacts["answers"]): string {
  return answers.map(({ address }) => address).join(", ");
}

/** Judges whether the guard stands in front of the service. */
export function judgeGuard({ address, outcome }: GuardFacts): Finding {
  switch (outcome) {
    case "cut":
      return ok(`it cuts what it must at ${address}`);
    case "full":
      return warn(
        `it has no room for a connection to ${address}`,
        "See in the log who holds so many connections",
      );
    case "answered":
    case "open":
      return fail(
        `nothing guards ${address}: HTTP/2 was ${outcome === "open" ? "left open" : "answered"}`,
        "Restart the service, and let nothing else listen on its port",
      );
    case "unreachable":
      return fail(
        `no connection to ${address}`,
        "Restart the service, and see whether a firewall is in the way",
      );
  }
}

/** Judges the announcement. */
export function judgeMdns({ own, found }: MdnsFacts): Finding {
  const [ours] = found.filter((instance) => isOurs(instance, own));
  if (ours !== undefined) return ok(`"${ours.name}" answers`);
  const namesake = found.find(({ name }) => name.toLowerCase() === own.name.toLowerCase());
  if (namesake !== undefined) {
    const where = namesake.addresses.map((hostname) =>
      formatSocketAddress({ hostname, port: namesake.port })
    );
    return fail(
      `"${own.name}" leads to ${where.join(", ") || `port ${namesake.port}`}, not to this service`,
      "Restart the service, or give this device an instance_name of its own in [discovery]",
    );
  }
  return fail(
    `"${own.name}" does not answer: apps do not find this device`,
    "Restart the service; see that UDP port 5353 is open and no other program keeps it",
  );
}

// Where another device has the name already, ours has a number behind it.
function isOurs(instance: FoundInstance, own: FoundInstance): boolean {
  const name = instance.name.toLowerCase();
  const ownName = own.name.toLowerCase();
  const hasName = name === ownName ||
    (name.startsWith(ownName) && /^ \(\d+\)$/.test(name.slice(ownName.length)));
  const addresses = instance.addresses.map(normalizeAddress);
  const isHere = addresses.length === 0 ||
    own.addresses.some((address) => addresses.includes(normalizeAddress(address)));
  return hasName && isHere && instance.port === own.port;
}
