// EmulationStation's port, as far as it is asked while another program may have it.

import assert from "node:assert/strict";
import {
  askOwnedPort,
  hasEmulationStationPort,
  hasEmulationStationPortNow,
  OWNER_TRUST_MS,
} from "../../../src/edges/platform/owned_port.ts";
import { FakeClock } from "../../support/fake_clock.ts";

interface World {
  ask(): Promise<string>;
  readonly clock: FakeClock;
  /** How often the owner was looked up. */
  readonly looks: () => number;
  readonly port: { isOwned: boolean; isAnswering: boolean };
  readonly urls: string[];
}

function world(): World {
  const clock = new FakeClock();
  const port = { isOwned: true, isAnswering: true };
  const urls: string[] = [];
  let looks = 0;
  const ask = askOwnedPort({
    fetch: (url, { method }) => {
      urls.push(`${method} ${url}`);
      return port.isAnswering
        ? Promise.resolve(new Response("answer"))
        : Promise.reject(new TypeError("Connection refused"));
    },
    isOwned: () => {
      looks++;
      return Promise.resolve(port.isOwned);
    },
    clock,
  });
  return {
    ask: async () => await (await ask("http://127.0.0.1:1234/caps", { method: "GET" })).text(),
    clock,
    looks: () => looks,
    port,
    urls,
  };
}

Deno.test("askOwnedPort() asks EmulationStation, and looks whose the port is now and then", async () => {
  const { ask, clock, looks, urls } = world();
  assert.equal(await ask(), "answer");
  assert.deepEqual(urls, ["GET http://127.0.0.1:1234/caps"]);
  clock.advance(OWNER_TRUST_MS - 1);
  await ask();
  assert.equal(looks(), 1);
  clock.advance(1);
  await ask();
  assert.deepEqual([looks(), urls.length], [2, 3]);
});

Deno.test("askOwnedPort() sends nothing to another program, and looks again each time", async () => {
  const { ask, looks, port, urls } = world();
  port.isOwned = false;
  await assert.rejects(ask(), { code: "unavailable" });
  await assert.rejects(ask(), { code: "unavailable" });
  assert.deepEqual([looks(), urls], [2, []]);
  port.isOwned = true;
  assert.equal(await ask(), "answer");
});

Deno.test("askOwnedPort() trusts no port any more that once did not answer", async () => {
  const { ask, looks, port, urls } = world();
  await ask();
  port.isAnswering = false;
  await assert.rejects(ask(), /Connection refused/);
  Object.assign(port, { isOwned: false, isAnswering: true });
  await assert.rejects(ask(), { code: "unavailable" });
  assert.deepEqual([looks(), urls.length], [2, 2]);
});

Deno.test("askOwnedPort() looks after a time that begins when it knows", async () => {
  const { clock, looks, ...rest } = world();
  const first = rest.ask();
  clock.advance(OWNER_TRUST_MS);
  await first;
  await rest.ask();
  assert.equal(looks(), 1);
});

Deno.test("hasEmulationStationPort() asks for the TCP port and every name of the program", async () => {
  const asked: unknown[] = [];
  const owners = {
    isOwnedBy: (...question: unknown[]) => {
      asked.push(question);
      return Promise.resolve(false);
    },
    close: () => Promise.resolve(),
  };
  assert.equal(await hasEmulationStationPort(owners), false);
  assert.deepEqual(asked, [[{ kind: "tcp", number: 1234 }, ["emulationstation"]]]);
});

Deno.test("hasEmulationStationPortNow() leaves no shell behind", async () => {
  // Whoever has the port on this machine is no program of that name; the shell would be told as leaked.
  assert.equal(await hasEmulationStationPortNow(), false);
});
