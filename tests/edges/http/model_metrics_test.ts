import assert from "node:assert/strict";
import { writeMetrics } from "../../../src/edges/http/metric_text.ts";
import {
  MAX_METRIC_MODELS,
  MAX_METRIC_PAIRS,
  ModelMetrics,
} from "../../../src/edges/http/model_metrics.ts";
import type { RequestRecord } from "../../../src/features/models/request_record.ts";
import { SAMPLE_REQUEST } from "../../support/exported_metrics.ts";

function record(changes: Partial<RequestRecord> = {}): RequestRecord {
  return { ...SAMPLE_REQUEST, ...changes };
}

function linesOf(metrics: ModelMetrics): string[] {
  return writeMetrics(metrics.metrics()).split("\n").filter((line) => /^[a-z]/.test(line));
}

function assertLines(metrics: ModelMetrics, expected: readonly string[]): void {
  const lines = linesOf(metrics);
  for (const line of expected) assert.ok(lines.includes(`latchkey_${line}`), line);
}

Deno.test("requests are counted by key, model and outcome", () => {
  const metrics = new ModelMetrics();
  metrics.record(record());
  metrics.record(record({ keyId: "00000000" }));
  metrics.record(record({ code: "upstream_failed", promptTokens: 1, outputTokens: 2 }));
  metrics.record(record({ hasLeft: true }));
  metrics.record(record({ model: undefined, promptTokens: 0, outputTokens: 0, bodyBytes: 0 }));
  const ours = 'key="abcdefgh",model="llama3.1:8b"';
  assertLines(metrics, [
    `model_requests_ended_total{${ours},outcome="ok"} 1`,
    `model_requests_ended_total{${ours},outcome="upstream_failed"} 1`,
    `model_requests_ended_total{${ours},outcome="left"} 1`,
    'model_requests_ended_total{key="00000000",model="llama3.1:8b",outcome="ok"} 1',
    'model_requests_ended_total{key="abcdefgh",model="none",outcome="ok"} 1',
    `model_tokens_total{${ours},kind="prompt"} 41`,
    `model_tokens_total{${ours},kind="output"} 602`,
    'model_bytes_total{direction="in"} 4000',
    'model_bytes_total{direction="out"} 25000',
    'model_request_seconds_count{model="llama3.1:8b"} 4',
    'model_request_seconds_count{model="none"} 1',
    // Only of answers that are whole and a model's.
    'model_prompt_tokens_count{model="llama3.1:8b"} 2',
    'model_output_tokens_sum{model="llama3.1:8b"} 600',
  ]);
  assert.ok(!linesOf(metrics).some((line) => line.includes('_tokens_count{model="none"}')));
});

Deno.test("a histogram counts what lies at or below each bound", () => {
  const metrics = new ModelMetrics();
  for (const durationMs of [100, 101, 300_000, 300_001]) metrics.record(record({ durationMs }));
  const line = (bound: string, count: number): string =>
    `model_request_seconds_bucket{model="llama3.1:8b",le="${bound}"} ${count}`;
  assertLines(metrics, [
    line("0.1", 1),
    line("0.25", 2),
    line("120", 2),
    line("300", 3),
    line("+Inf", 4),
    'model_request_seconds_sum{model="llama3.1:8b"} 600.202',
  ]);
});

Deno.test("what did not begin or did not wait is in no histogram of that", () => {
  const metrics = new ModelMetrics();
  metrics.record(record({ firstByteMs: undefined, waitedMs: undefined, code: "rate_limited" }));
  assertLines(metrics, ["model_wait_seconds_count 0"]);
  assert.ok(!linesOf(metrics).some((line) => line.includes("first_byte_seconds_count")));
  metrics.record(record({ waitedMs: 400, firstByteMs: 600 }));
  assertLines(metrics, [
    'model_wait_seconds_bucket{le="0.25"} 0',
    'model_wait_seconds_bucket{le="0.5"} 1',
    'model_first_byte_seconds_bucket{model="llama3.1:8b",le="1"} 1',
  ]);
});

Deno.test("however many keys and models there are, lines stay few and nothing is lost", () => {
  const metrics = new ModelMetrics();
  const pairs = MAX_METRIC_PAIRS + 50;
  for (let n = 0; n < pairs; n++) metrics.record(record({ keyId: `key${n}`, model: `m:${n}` }));
  metrics.record(record({ keyId: "key0", model: "m:0" }));
  const requests = linesOf(metrics).filter((line) => line.includes("requests_ended_total"));
  assert.equal(requests.length, MAX_METRIC_PAIRS + 1);
  assertLines(metrics, [
    'model_requests_ended_total{key="key0",model="m:0",outcome="ok"} 2',
    'model_requests_ended_total{key="other",model="other",outcome="ok"} 50',
    `model_request_seconds_count{model="other"} ${pairs - MAX_METRIC_MODELS}`,
  ]);
  const models = linesOf(metrics).filter((line) => line.includes("request_seconds_count"));
  assert.equal(models.length, MAX_METRIC_MODELS + 1);
});

Deno.test("a label cannot end its line or its quotes", () => {
  const metrics = new ModelMetrics();
  metrics.record(record({ model: 'a"b\\c\nd:1' }));
  assertLines(metrics, [
    'model_requests_ended_total{key="abcdefgh",model="a\\"b\\\\c\\nd:1",outcome="ok"} 1',
  ]);
});
