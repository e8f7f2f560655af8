// What the service exports at /metrics once everything has happened at least once.

import { createMetrics } from "../../src/edges/http/metrics.ts";
import { ModelMetrics } from "../../src/edges/http/model_metrics.ts";
import type { RequestRecord } from "../../src/features/models/request_record.ts";

/** A request to the model gateway that was answered. */
export const SAMPLE_REQUEST: RequestRecord = {
  requestId: "r.1",
  keyId: "abcdefgh",
  path: "/api/chat",
  model: "llama3.1:8b",
  hasAnswer: true,
  hasLeft: false,
  code: undefined,
  durationMs: 700,
  firstByteMs: 200,
  waitedMs: 0,
  promptTokens: 20,
  outputTokens: 300,
  bodyBytes: 1000,
  answerBytes: 5000,
};

/** A metric of the text. */
export interface ExportedMetric {
  readonly name: string;
  readonly kind: string;
  /** The names of its labels, sorted; without those of a histogram's buckets. */
  readonly labels: readonly string[];
}

/** All metrics, and the text that they stand in. */
export async function exportedMetrics(): Promise<{ metrics: ExportedMetric[]; text: string }> {
  const modelMetrics = new ModelMetrics();
  modelMetrics.record(SAMPLE_REQUEST);
  const metrics = createMetrics({
    connections: () => ({ open: 1, withSession: 1 }),
    guard: () => undefined,
    eventStreams: () => 0,
    runningActions: () => 0,
    models: () =>
      Promise.resolve({
        requests: 0,
        heldBytes: 0,
        slots: { taken: 0, free: 4, waiting: 0 },
        isServerThere: true,
      }),
    modelMetrics,
    eventLoopDelayS: () => 0,
    residentBytes: () => 1,
  });
  metrics.frame();
  metrics.refused("used_salt");
  metrics.sessionOpened();
  metrics.pairingEnded("paired");
  metrics.pairingFailed();
  metrics.answered(200);
  const { body: text } = await metrics.render();
  const found = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", kind = ""]) => {
    const line = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, "m").exec(text);
    const labels = [...(line?.[1] ?? "").matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    return { name, kind, labels: labels.sort() };
  });
  return { metrics: found, text };
}
