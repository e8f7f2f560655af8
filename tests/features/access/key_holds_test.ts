import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import { KEY_SWEEP_MS, KeyHolds } from "../../../src/features/access/key_holds.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { settle } from "../../support/fake_socket.ts";

type Verdict = boolean | Promise<boolean>;

function setUp(isInForce: (keyId: string, scope: string) => Verdict): {
  holds: KeyHolds;
  clock: FakeClock;
  cut: string[];
  hold: (keyId: string) => () => void;
} {
  const clock = new FakeClock();
  const holds = new KeyHolds({ isInForce, clock, log: silentLogger });
  const cut: string[] = [];
  const hold = (keyId: string): () => void =>
    holds.hold({ keyId, scope: "rpc", cut: () => cut.push(keyId) });
  return { holds, clock, cut, hold };
}

Deno.test("cut() ends all that a key opened, once, and nothing else", () => {
  const { holds, cut, hold } = setUp(() => true);
  for (const keyId of ["a", "b", "a"]) hold(keyId);
  holds.cut("a");
  holds.cut("a");
  assert.deepEqual(cut, ["a", "a"]);
});

Deno.test("what was given back is never cut", () => {
  const { holds, clock, cut, hold } = setUp(() => false);
  const release = hold("a");
  release();
  release();
  holds.cut("a");
  clock.advance(KEY_SWEEP_MS);
  assert.deepEqual(cut, []);
});

Deno.test("a key that ended is found within a second, and nobody looks where nothing is held", () => {
  let looks = 0;
  let isInForce = true;
  const { clock, cut, hold } = setUp((keyId, scope) => {
    looks += 1;
    assert.deepEqual([keyId, scope], ["a", "rpc"]);
    return isInForce;
  });
  clock.advance(KEY_SWEEP_MS);
  assert.equal(looks, 0);
  hold("a");
  clock.advance(KEY_SWEEP_MS);
  assert.deepEqual([looks, cut], [1, []]);
  isInForce = false;
  clock.advance(KEY_SWEEP_MS - 1);
  assert.deepEqual(cut, []);
  clock.advance(1);
  assert.deepEqual(cut, ["a"]);
  clock.advance(10 * KEY_SWEEP_MS);
  assert.equal(looks, 2);
});

Deno.test("a store elsewhere is asked once at a time, and may be slow or away", async () => {
  const asked: PromiseWithResolvers<boolean>[] = [];
  const { clock, cut, hold } = setUp(() => {
    const answer = Promise.withResolvers<boolean>();
    asked.push(answer);
    return answer.promise;
  });
  hold("a");
  clock.advance(3 * KEY_SWEEP_MS);
  assert.equal(asked.length, 1);
  asked[0]?.reject(new Error("away"));
  await settle(1);
  assert.deepEqual(cut, []);
  clock.advance(KEY_SWEEP_MS);
  assert.equal(asked.length, 2);
  asked[1]?.resolve(false);
  await settle(1);
  assert.deepEqual(cut, ["a"]);
});

Deno.test("a store is asked once for all that a key holds, and all of it is cut", async () => {
  for (const isElsewhere of [false, true]) {
    let isInForce = true;
    const asked: string[] = [];
    const { holds, clock, cut, hold } = setUp((keyId, scope) => {
      asked.push(`${keyId} ${scope}`);
      const verdict = keyId !== "a" || scope !== "rpc" || isInForce;
      return isElsewhere ? Promise.resolve(verdict) : verdict;
    });
    for (const keyId of ["a", "b", "a", "a"]) hold(keyId);
    holds.hold({ keyId: "a", scope: "models", cut: () => cut.push("a's model") });
    clock.advance(KEY_SWEEP_MS);
    assert.deepEqual(asked.sort(), ["a models", "a rpc", "b rpc"]);
    await settle(1);
    isInForce = false;
    clock.advance(KEY_SWEEP_MS);
    await settle(1);
    assert.deepEqual(cut, ["a", "a", "a"]);
    holds.cut("a");
    holds.cut("b");
  }
});

Deno.test("a store that throws cuts nothing", () => {
  const { clock, cut, hold } = setUp(() => {
    throw new Error("disk I/O error");
  });
  hold("a");
  clock.advance(KEY_SWEEP_MS);
  assert.deepEqual(cut, []);
});
