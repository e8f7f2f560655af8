import assert from "node:assert/strict";
import { createMetrics, type MetricSources } from "../../../src/edges/http/metrics.ts";

const SOURCES: MetricSources = {
  connections: () => ({ open: 5, withSession: 2 }),
  guard: () => ({ unknown: 3, known: 1, refused: 7, cut: 4, evicted: 9 }),
  eventStreams: () => 2,
  runningActions: () => 1,
  models: () => ({ requests: 4, heldBytes: 2048 }),
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
        'latchkey_guard_ended{how="cut"} 4',
        'latchkey_guard_ended{how="evicted"} 9',
        "latchkey_event_streams 2",
        "latchkey_actions_running 1",
        "latchkey_model_requests 4",
        "latchkey_model_held_bytes 2048",
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

Deno.test("metrics show zeros before anything happens, and do without a guard", async () => {
  const { body } = await createMetrics({ ...SOURCES, guard: () => undefined }).render();
  assert.ok(body.includes("latchkey_frames_total 0"));
  assert.ok(body.includes('latchkey_guarded_connections{state="unknown"} 0'));
});
