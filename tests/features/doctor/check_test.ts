import assert from "node:assert/strict";
import {
  type Check,
  type CheckResult,
  defineCheck,
  fail,
  ok,
  runChecks,
  SkipCheck,
} from "../../../src/features/doctor/check.ts";
import { CHECKS } from "../../../src/features/doctor/checks.ts";
import type { DoctorProbes } from "../../../src/features/doctor/doctor_probes.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const LIMIT_MS = 1_500;

const CHECK: Check = defineCheck({
  code: "allowed_ips",
  asks: "?",
  limitMs: LIMIT_MS,
  judge: (rules) => rules.length === 0 ? ok("none") : fail(rules.join(), "remove them"),
});

function probesWith(allowed_ips: DoctorProbes["allowed_ips"]): DoctorProbes {
  return { allowed_ips } as DoctorProbes;
}

function run(ask: DoctorProbes["allowed_ips"], clock = new FakeClock()): Promise<CheckResult[]> {
  return runChecks([CHECK], { probes: probesWith(ask), clock });
}

Deno.test("runChecks() judges the facts and names the code", async () => {
  assert.deepEqual(await run(() => Promise.resolve([])), [
    { code: "allowed_ips", status: "ok", found: "none" },
  ]);
  assert.deepEqual(await run(() => Promise.resolve(["a", "b"])), [
    { code: "allowed_ips", status: "fail", found: "a,b", advice: "remove them" },
  ]);
});

Deno.test("runChecks() skips what cannot be asked now and says why", async () => {
  const results = await run(() => Promise.reject(new SkipCheck("the service does not run")));
  assert.deepEqual(results, [
    { code: "allowed_ips", status: "skip", found: "the service does not run" },
  ]);
});

Deno.test("runChecks() takes a probe that fails for a fault, however it fails", async () => {
  const failures: DoctorProbes["allowed_ips"][] = [
    () => Promise.reject(new Error("no such device")),
    () => Promise.reject("no such device"),
    () => {
      throw new Error("no such device");
    },
  ];
  const results = await Promise.all(failures.map((ask) => run(ask)));
  for (const [result] of results) {
    assert.equal(result?.status, "fail");
    assert.equal(result?.code, "allowed_ips");
    assert.equal(result?.found, "cannot be checked: no such device");
    assert.ok(result?.advice);
  }
});

Deno.test("runChecks() takes a judgement that fails for a fault", async () => {
  const check = defineCheck({
    code: "allowed_ips",
    asks: "?",
    limitMs: LIMIT_MS,
    judge: () => {
      throw new TypeError("odd");
    },
  });
  const probes = probesWith(() => Promise.resolve([]));
  const [result] = await runChecks([check], { probes, clock: new FakeClock() });
  assert.deepEqual(result?.status, "fail");
});

Deno.test("runChecks() waits for no probe longer than its limit, and tells it to stop", async () => {
  const clock = new FakeClock();
  let signal: AbortSignal | undefined;
  let isDone = false;
  const running = run((given) => {
    signal = given;
    return new Promise(() => {});
  }, clock).finally(() => {
    isDone = true;
  });
  clock.advance(LIMIT_MS - 1);
  await settle();
  assert.equal(isDone, false);
  assert.equal(signal?.aborted, false);
  clock.advance(1);
  const [result] = await running;
  assert.equal(result?.status, "fail");
  assert.equal(result?.found, "no answer within 1.5 s");
  assert.equal(signal?.aborted, true);
});

Deno.test("runChecks() leaves no timer behind", async () => {
  const clock = new FakeClock();
  await run(() => Promise.resolve([]), clock);
  await run(() => Promise.reject(new Error("x")), clock);
  assert.equal(clock.timerCount, 0);
});

Deno.test("runChecks() goes on behind a fault, one check after the other", async () => {
  let running = 0;
  let most = 0;
  const ask = async (): Promise<string[]> => {
    most = Math.max(most, ++running);
    await settle();
    running -= 1;
    throw new Error("x");
  };
  const options = { probes: probesWith(ask), clock: new FakeClock() };
  const results = await runChecks([CHECK, CHECK, CHECK], options);
  assert.equal(results.length, 3);
  assert.equal(most, 1);
});

Deno.test("CHECKS has stable codes in a stable order, each with a question and a limit", () => {
  assert.deepEqual(CHECKS.map(({ code }) => code), [
    "config",
    "actions",
    "library",
    "data_folder",
    "database",
    "service",
    "port",
    "listeners",
    "guard",
    "clock",
    "mdns",
    "display",
    "pairing_time",
    "encryption",
    "allowed_ips",
    "trusted_proxies",
    "allow_run",
    "allowed_origins",
    "keys",
    "permissions",
    "models",
  ]);
  for (const { asks, limitMs } of CHECKS) {
    assert.match(asks, /\?$/);
    assert.ok(limitMs >= 1_000 && limitMs <= 60_000);
  }
});

Deno.test("CHECKS ask each their own probe", async () => {
  const asked: string[] = [];
  const probes = Object.fromEntries(CHECKS.map(({ code }) => [code, () => {
    asked.push(code);
    return Promise.reject(new SkipCheck(code));
  }])) as unknown as DoctorProbes;
  const results = await runChecks(CHECKS, { probes, clock: new FakeClock() });
  assert.deepEqual(asked, CHECKS.map(({ code }) => code));
  assert.deepEqual(results.map(({ found }) => found), asked);
});

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await Promise.resolve();
  }
}
