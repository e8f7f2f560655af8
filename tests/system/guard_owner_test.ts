// An owner behind the same address as an attacker, against the real service: whatever the attacker
// does with connections, a paired client that tries again gets its session.

import assert from "node:assert/strict";
import type { Churn, ChurnResult } from "../support/churn.ts";
import type { OwnerResult } from "../support/owner.ts";
import { pairPhone } from "../support/reference_phone.ts";
import { whyNoRemoteHost } from "../support/remote_host.ts";
import { withRemoteWorld } from "../support/remote_world.ts";
import { openPairing } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const whyNot = await whyNoRemoteHost();
const PER_SECOND = 200;
const ROUNDS = 5;
const WITHIN_MS = 5_000;
const RETRY_MS = 300;
// As over Wi-Fi that is not quiet; the link between the test's hosts has no delay of its own.
const ROUND_TRIP_MS = 30;
const PAUSE_MS = 500;
const LIMIT_MS = ROUNDS * (WITHIN_MS + PAUSE_MS + 1_000);

const KINDS: readonly [Churn["kind"], string][] = [
  ["silent", "connects and says nothing"],
  ["silent_sockets", "opens WebSockets and says nothing"],
  ["wrong_frames", "opens WebSockets with wrong first frames"],
  ["plaintext", "opens WebSockets and talks in plaintext"],
];
for (const [i, [kind, what]] of KINDS.entries()) {
  systemTest(`an owner gets a session while ${PER_SECOND} times a second its address ${what}`, {
    whyNot,
    run: () =>
      withRemoteWorld(30 + i, async ({ service, host, port }) => {
        // Paired on the device itself: the address is a stranger's at first.
        const { baseUrl } = service;
        const { pairingKey, ...pairing } = await pairPhone(baseUrl, {
          pin: await openPairing(baseUrl),
        });
        const churning = host.ask<ChurnResult>({
          op: "churn",
          host: host.deviceAddress,
          port,
          kind,
          perSecond: PER_SECOND,
          limitMs: LIMIT_MS,
        });
        const rounds: OwnerResult[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          rounds.push(
            await host.ask<OwnerResult>({
              op: "owner",
              baseUrl: `http://${host.deviceAddress}:${port}`,
              pairing: { ...pairing, pairingKey: [...pairingKey] },
              roundTripMs: ROUND_TRIP_MS,
              retryMs: RETRY_MS,
              limitMs: WITHIN_MS,
            }),
          );
        }
        await host.ask({ op: "calm" });
        const { opened, upgraded } = await churning;
        const told = JSON.stringify({ rounds, opened, upgraded });
        assert.ok(opened > PER_SECOND / 2, told);
        assert.equal(upgraded > 0, kind !== "silent", told);
        for (const { afterMs = Infinity } of rounds) assert.ok(afterMs < WITHIN_MS, told);
      }),
  });
}
