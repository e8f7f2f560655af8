import assert from "node:assert/strict";
import type { ListenerFacts, PortFacts } from "../../../src/features/doctor/doctor_facts.ts";
import {
  isReachedAt,
  judgeGuard,
  judgeListeners,
  judgeMdns,
  judgePort,
  judgeService,
} from "../../../src/features/doctor/network_judgements.ts";
import { testJudgement } from "./rows.ts";

// Address, where the service listens, whether it answers there.
const REACH: [string, string | undefined, boolean][] = [
  ["10.0.0.5", undefined, true],
  ["fd00::5", undefined, true],
  ["10.0.0.5", "::", true],
  ["fd00::5", "0:0::0", true],
  ["10.0.0.5", "0.0.0.0", true],
  ["fd00::5", "0.0.0.0", false],
  ["10.0.0.5", "127.0.0.1", false],
  ["10.0.0.5", "10.0.0.5", true],
  ["10.0.0.6", "10.0.0.5", false],
  ["fe80::1%3", "fe80::1", true],
  ["127.0.0.1", "10.0.0.5", true],
  ["::1", "0.0.0.0", true],
  ["127.0.1.1", undefined, true],
  ["127.0.1.1", "127.0.1.1", false],
];
for (const [address, hostname, isReached] of REACH) {
  Deno.test(`isReachedAt(): ${address} where ${hostname ?? "nothing"} is configured`, () => {
    assert.equal(isReachedAt(address, hostname), isReached);
  });
}

const PROCESS = { kind: "process", pid: 41 } as const;
const NOBODY = { kind: "nobody" } as const;
const UNKNOWN = { kind: "unknown" } as const;

testJudgement(judgeService, [
  ["running", { port: 1, holder: PROCESS, state: "ready" }, "ok", /^it runs, process 41/],
  ["running, holder unseen", { port: 1, holder: UNKNOWN, state: "ready" }, "ok", /^it runs\./],
  [
    "failed",
    { port: 1, holder: PROCESS, state: "failed" },
    "fail",
    /has failed.*its database may be gone/,
  ],
  [
    "starting",
    { port: 1, holder: PROCESS, state: "starting" },
    "warn",
    /starting, process 41\. Wait/,
  ],
  ["stopped", { port: 1, holder: NOBODY, state: undefined }, "warn", /not run\. Start it: latch/],
  ["stopped, holder unseen", { port: 1, holder: UNKNOWN, state: undefined }, "warn", /not run/],
  ["silent", { port: 7, holder: PROCESS, state: undefined }, "fail", /process 41 .* port 7\. Rest/],
  ["of another folder", { port: 7, holder: NOBODY, state: "ready" }, "fail", /port 7 uses another/],
]);

function port(facts: Partial<PortFacts>): PortFacts {
  return {
    listen: { hostname: undefined, port: 7497 },
    ownAddresses: ["127.0.0.1", "::1", "10.0.0.5", "fd00::5"],
    takenAddresses: [],
    isLatchkey: false,
    holder: NOBODY,
    ...facts,
  };
}

testJudgement(judgePort, [
  ["free", port({}), "ok", /^7497 is free/],
  ["drawn anew", port({ listen: { hostname: undefined, port: 0 } }), "warn", /Give listen/],
  [
    "the service's",
    port({ takenAddresses: ["::"], isLatchkey: true, holder: PROCESS }),
    "ok",
    /the service has 7497/,
  ],
  [
    "the service's, holder unseen",
    port({ takenAddresses: ["::"], isLatchkey: true, holder: UNKNOWN }),
    "ok",
    /the service has 7497/,
  ],
  [
    "another latchkey's",
    port({ takenAddresses: ["::"], isLatchkey: true }),
    "fail",
    /another latchkey/,
  ],
  [
    "another program's",
    port({ takenAddresses: ["127.0.0.1", "::"] }),
    "fail",
    /^another program listens on 127\.0\.0\.1:7497, \[::\]:7497\. Stop it/,
  ],
  [
    "another program's while the service holds the folder",
    port({ takenAddresses: ["0.0.0.0"], holder: PROCESS }),
    "fail",
    /another program listens on 0\.0\.0\.0:7497/,
  ],
  [
    "taken at an address that is not wanted",
    port({ listen: { hostname: "127.0.0.1", port: 7497 }, takenAddresses: ["10.0.0.5"] }),
    "ok",
    /free/,
  ],
  [
    "taken at loopback, which is always wanted",
    port({ listen: { hostname: "10.0.0.5", port: 7497 }, takenAddresses: ["::1"] }),
    "fail",
    /\[::1\]:7497/,
  ],
  [
    "taken everywhere, where one address is wanted",
    port({ listen: { hostname: "127.0.0.1", port: 7497 }, takenAddresses: ["0.0.0.0"] }),
    "fail",
    /0\.0\.0\.0:7497/,
  ],
  ["an own address", port({ listen: { hostname: "fd00:0::5", port: 7497 } }), "ok", /free/],
  ["every address", port({ listen: { hostname: "0.0.0.0", port: 7497 } }), "ok", /free/],
  ["loopback", port({ listen: { hostname: "127.0.0.1", port: 7497 } }), "ok", /free/],
  [
    "a foreign address",
    port({ listen: { hostname: "10.0.0.6", port: 7497 } }),
    "fail",
    /10\.0\.0\.6 is no address of this machine/,
  ],
]);

function answers(...addresses: readonly [string, boolean][]): ListenerFacts["answers"] {
  return addresses.map(([address, isAnswered]) => ({ address, isAnswered }));
}

testJudgement(judgeListeners, [
  [
    "all answer",
    { hostname: undefined, answers: answers(["127.0.0.1", true], ["10.0.0.5", true]) },
    "ok",
    /^it answers at 127\.0\.0\.1, 10\.0\.0\.5\. $/,
  ],
  [
    "one is silent",
    { hostname: undefined, answers: answers(["127.0.0.1", true], ["10.0.0.5", false]) },
    "fail",
    /^it does not answer at 10\.0\.0\.5\. Restart/,
  ],
  [
    "loopback is silent",
    { hostname: "10.0.0.5", answers: answers(["::1", false], ["10.0.0.5", true]) },
    "fail",
    /^it does not answer at ::1\. /,
  ],
  [
    "loopback alone, as configured",
    { hostname: "127.0.0.1", answers: answers(["127.0.0.1", true], ["10.0.0.5", false]) },
    "ok",
    /^it answers at 127\.0\.0\.1: this device alone/,
  ],
  [
    "more than configured",
    { hostname: "127.0.0.1", answers: answers(["127.0.0.1", true], ["10.0.0.5", true]) },
    "fail",
    /^it answers at 10\.0\.0\.5, against listen/,
  ],
]);

testJudgement(judgeGuard, [
  ["cut", { address: "10.0.0.5", outcome: "cut" }, "ok", /10\.0\.0\.5/],
  ["full", { address: "10.0.0.5", outcome: "full" }, "warn", /no room/],
  ["answered", { address: "10.0.0.5", outcome: "answered" }, "fail", /nothing guards.*answered/],
  ["left open", { address: "10.0.0.5", outcome: "open" }, "fail", /nothing guards.*left open/],
  ["no way", { address: "10.0.0.5", outcome: "unreachable" }, "fail", /no connection to 10/],
]);

const OWN = { name: "Living room", port: 7497, addresses: ["10.0.0.5", "fd00::5"] };

testJudgement(judgeMdns, [
  ["found", { own: OWN, found: [{ ...OWN, name: "Other" }, OWN] }, "ok", /"Living room" answers/],
  ["in another case", { own: OWN, found: [{ ...OWN, name: "living ROOM" }] }, "ok", /answers/],
  ["numbered", { own: OWN, found: [{ ...OWN, name: "Living room (2)" }] }, "ok", /room \(2\)"/],
  ["without addresses", { own: OWN, found: [{ ...OWN, addresses: [] }] }, "ok", /answers/],
  [
    "at one of its addresses, spelled otherwise",
    { own: OWN, found: [{ ...OWN, addresses: ["10.9.9.9", "fd00:0::5"] }] },
    "ok",
    /answers/,
  ],
  ["nobody", { own: OWN, found: [] }, "fail", /does not answer: apps do not find.*5353/],
  ["others alone", { own: OWN, found: [{ ...OWN, name: "Other" }] }, "fail", /does not answer/],
  [
    "a longer name alone",
    { own: OWN, found: [{ ...OWN, name: "Living room TV" }] },
    "fail",
    /does not answer/,
  ],
  [
    "a namesake on another port",
    { own: OWN, found: [{ ...OWN, port: 7498, addresses: [] }] },
    "fail",
    /"Living room" leads to port 7498, not/,
  ],
  [
    "a namesake on another device",
    { own: OWN, found: [{ ...OWN, addresses: ["10.0.0.6", "fd00::6"] }] },
    "fail",
    /leads to 10\.0\.0\.6:7497, \[fd00::6\]:7497, not to this service\. /,
  ],
  [
    "a namesake and itself",
    { own: OWN, found: [{ ...OWN, port: 7498 }, OWN] },
    "ok",
    /answers/,
  ],
]);
