import assert from "node:assert/strict";
import { createMetrics, type MetricSources } from "../../../src/edges/http/metrics.ts";
import { ModelMetrics } from "../../../src/edges/http/model_metrics.ts";

const SOURCES: MetricSources = {
  connections: () => ({ open: 5, withSession: 2 }),
  guard: () => ({ unknown: 3, known: 1, waiting: 6, refused: 7, cut: 4, evicted: 9 }),
  eventStreams: () => 2,
  runningActions: () => 1,
  models: () =>
    Promise.resolve({
      requests: 4,
      heldBytes: 2048,
      slots: { taken: 3, free: 1, waiting: 6 },
      isServerThere: false,
    }),
  modelMetrics: new ModelMetrics(),
  eventLoopDelayS: () => 0.25,
  residentBytes: () => 1024,
};

Deno.test("metrics count what happens and read what there is, whenever asked", async () => {
  const metrics = createMetrics(SOURCES);
  metrics.frame();
  metrics.frame();
  metrics.sessionOpened();
  metrics.refused("used_salt");
  metrics.pairingEnded("paired");
  metrics.pairingFailed();
  metrics.answered(200);
  metrics.answered(404);
  metrics.answered(404);
  for (let asked = 0; asked < 2; asked++) {
    const { contentType, body } = await metrics.render();
    assert.match(contentType, /^text\/plain/);
    const lines = new Set(body.split("\n"));
    for (
      const line of [
        'latchkey_connections{state="without_session"} 3',
        'latchkey_connections{state="with_session"} 2',
        'latchkey_guarded_connections{state="unknown"} 3',
        "latchkey_guard_waiting 6",
        'latchkey_guard_ended{how="cut"} 4',
        'latchkey_guard_ended{how="evicted"} 9',
        "latchkey_event_streams 2",
        "latchkey_actions_running 1",
        "latchkey_model_requests 4",
        "latchkey_model_held_bytes 2048",
        'latchkey_model_slots{state="taken"} 3',
        'latchkey_model_slots{state="free"} 1',
        "latchkey_model_waiting 6",
        "latchkey_model_server_up 0",
        "# HELP latchkey_model_waiting Requests that wait for a slot",
        'latchkey_model_wait_seconds_bucket{le="+Inf"} 0',
        "latchkey_event_loop_delay_seconds 0.25",
        "latchkey_resident_memory_bytes 1024",
        "# TYPE latchkey_frames_total counter",
        "latchkey_frames_total 2",
        "latchkey_sessions_opened_total 1",
        'latchkey_sessions_refused_total{reason="used_salt"} 1',
        'latchkey_pairings_total{outcome="paired"} 1',
        "latchkey_pairing_failures_total 1",
        'latchkey_http_answers_total{status="404"} 2',
      ]
    ) assert.ok(lines.has(line), line);
  }
});

Deno.test("metrics show zeros before anything happens, and do without a guard and a gateway", async () => {
  const none = { guard: () => undefined, models: () => undefined };
  const { body } = await createMetrics({ ...SOURCES, ...none }).render();
  assert.ok(body.includes("latchkey_model_waiting 0\n"));
  assert.doesNotMatch(body, /^latchkey_model_server_up/m);
  assert.ok(body.includes("latchkey_frames_total 0"));
  assert.ok(body.includes('latchkey_guarded_connections{state="unknown"} 0'));
});
