// What the benchmark reads of /proc, from texts that a kernel wrote.

import assert from "node:assert/strict";
import { listenerInodes, listenerPid } from "./bench/listener_pid.ts";
import {
  type CpuReading,
  cpuUsBetween,
  parseMemory,
  parseSchedstatNs,
  parseStatMs,
  parseWrittenKiB,
  readCpu,
  readMemory,
  readWrittenKiB,
} from "./bench/process_cost.ts";

function reading(wholeMs: number, threadsNs: Record<string, number>): CpuReading {
  return { wholeMs, threadsNs: new Map(Object.entries(threadsNs)) };
}

const BETWEEN: [what: string, before: CpuReading, after: CpuReading, us: number][] = [
  ["threads count in nanoseconds", reading(0, { 1: 1000 }), reading(10, { 1: 4500 }), 3.5],
  ["a new thread counts whole", reading(0, { 1: 0 }), reading(10, { 1: 2000, 2: 5000 }), 7],
  ["an ended thread leaves the whole", reading(0, { 1: 0, 2: 0 }), reading(10, { 1: 5 }), 10_000],
  ["no threads leave the whole", reading(10, {}), reading(40, {}), 30_000],
];
for (const [what, before, after, us] of BETWEEN) {
  Deno.test(`cpuUsBetween(): ${what}`, () => assert.equal(cpuUsBetween(before, after), us));
}

Deno.test("parseSchedstatNs() takes the time on a CPU", () => {
  assert.equal(parseSchedstatNs("293983726 267582945 660\n"), 293_983_726);
  assert.ok(Number.isNaN(parseSchedstatNs("")));
});

Deno.test("parseStatMs() counts user and system ticks behind any name", () => {
  const rest = "S 1 1 1 0 -1 4194304 89 0 0 0 29 13 7 5 20 0 1 0 55985";
  assert.equal(parseStatMs(`14101 (sh) ${rest}`), 420);
  assert.equal(parseStatMs(`14101 (a) (b c) ${rest}`), 420);
});

Deno.test("parseMemory() and parseWrittenKiB() read their fields", () => {
  const status = "Name:\tdeno\nVmHWM:\t  999 kB\nVmRSS:\t   61440 kB\nRssAnon:\t   20480 kB\n";
  assert.deepEqual(parseMemory(status), { residentMiB: 60, anonymousMiB: 20 });
  assert.equal(parseWrittenKiB("wchar: 9\nread_bytes: 1\nwrite_bytes: 8192\n"), 8);
});

Deno.test("listenerInodes() takes listening sockets of the port alone", () => {
  const table = [
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
    "   0: 0100007F:1D49 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0",
    "   1: 0100007F:1D49 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0",
    "   2: 0100007F:0049 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0",
    "",
  ].join("\n");
  assert.deepEqual(listenerInodes(table, 7497), ["111"]);
  assert.deepEqual(listenerInodes(table, 73), ["333"]);
  assert.deepEqual(listenerInodes(table, 80), []);
});

Deno.test({
  name: "this process is found by its port, and costs something",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    assert.equal(listenerPid(listener.addr.port), Deno.pid);
    assert.ok(cpuUsBetween(reading(0, {}), readCpu(Deno.pid)) > 0);
    const { residentMiB, anonymousMiB } = readMemory(Deno.pid);
    assert.ok(residentMiB > anonymousMiB && anonymousMiB > 0);
    assert.ok(readWrittenKiB(Deno.pid) >= 0);
  },
});
