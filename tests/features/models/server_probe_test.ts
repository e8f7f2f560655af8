import assert from "node:assert/strict";
import {
  PROBE_LIFETIME_MS,
  PROBE_LIMIT_MS,
  ServerProbe,
} from "../../../src/features/models/server_probe.ts";
import type { Fetch } from "../../../src/features/models/upstream.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function probeWith(fetch: Fetch): { probe: ServerProbe; clock: FakeClock; asked: string[] } {
  const clock = new FakeClock();
  const asked: string[] = [];
  const probe = new ServerProbe({
    baseUrl: () => "http://models.example:11434",
    fetch: (url, init) => {
      asked.push(url);
      return fetch(url, init);
    },
    clock,
  });
  return { probe, clock, asked };
}

Deno.test("a server is there where it answers, and is asked once in a while only", async () => {
  let status = 200;
  const { probe, clock, asked } = probeWith(() => Promise.resolve(new Response("{}", { status })));
  assert.deepEqual(await Promise.all([probe.isThere(), probe.isThere()]), [true, true]);
  status = 500;
  clock.advance(PROBE_LIFETIME_MS - 1);
  assert.equal(await probe.isThere(), true);
  assert.deepEqual(asked, ["http://models.example:11434/api/version"]);
  clock.advance(1);
  assert.equal(await probe.isThere(), false);
  assert.equal(asked.length, 2);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a server that refuses or stays silent is not there", async () => {
  const refusing = probeWith(() => Promise.reject(new TypeError("connection refused")));
  assert.equal(await refusing.probe.isThere(), false);
  const silent = probeWith((_, { signal }) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
  );
  const answer = silent.probe.isThere();
  silent.clock.advance(PROBE_LIMIT_MS);
  assert.equal(await answer, false);
  assert.deepEqual([refusing.clock.timerCount, silent.clock.timerCount], [0, 0]);
});
