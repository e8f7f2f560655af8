// Numbers for whoever watches the device (docs/metrics.md). Counting is a number in a map; text is
// made of them when somebody asks.

import { type Metric, METRICS_TYPE, type MetricSample, writeMetrics } from "./metric_text.ts";
import type { ModelMetrics } from "./model_metrics.ts";

/** What the model gateway is doing. */
export interface ModelState {
  /** Requests under way. */
  readonly requests: number;
  /** Bytes held for them. */
  readonly heldBytes: number;
  /** The slots for requests that models work on, and the queue before them. */
  readonly slots: { readonly taken: number; readonly free: number; readonly waiting: number };
  /** Whether the model server answers. */
  readonly isServerThere: boolean;
}

/** Numbers that are read when somebody asks. */
export interface MetricSources {
  /** Open connections and those with a session. */
  connections: () => { open: number; withSession: number };
  /** Numbers of the guard, where there is one. */
  guard: () =>
    | {
      unknown: number;
      known: number;
      waiting: number;
      refused: number;
      cut: number;
      evicted: number;
    }
    | undefined;
  /** Open event streams. */
  eventStreams: () => number;
  /** Actions that run. */
  runningActions: () => number;
  /** What the model gateway is doing, where there is one. */
  models: () => Promise<ModelState> | undefined;
  /** What requests of the model gateway came to. */
  modelMetrics: Pick<ModelMetrics, "metrics">;
  /** How late the event loop was at worst since the last time, in seconds. */
  eventLoopDelayS: () => number;
  /** Resident memory, in bytes. */
  residentBytes: () => number;
}

/** Counters that grow as things happen. */
export interface Metrics {
  /** A frame of a session came. */
  frame(): void;
  /** A session was refused. */
  refused(reason: string): void;
  /** A session was opened. */
  sessionOpened(): void;
  /** A pairing ended. */
  pairingEnded(outcome: string): void;
  /** A confirm was wrong. */
  pairingFailed(): void;
  /** A request was answered. */
  answered(status: number): void;
  /** All numbers as text. */
  render(): Promise<{ contentType: string; body: string }>;
}

/** The metrics of one service. */
export function createMetrics(sources: MetricSources): Metrics {
  const counts = new Map<string, Map<string, number>>();

  function count(name: string, labelValue = ""): void {
    const series = counts.get(name) ?? new Map<string, number>();
    counts.set(name, series);
    series.set(labelValue, (series.get(labelValue) ?? 0) + 1);
  }

  function counter(name: string, help: string, label?: string): Metric {
    const none: [string, number][] = label === undefined ? [["", 0]] : [];
    return {
      name,
      help,
      kind: "counter",
      samples: () =>
        [...counts.get(name) ?? none].map(([text, value]) => sample(label, text, value)),
    };
  }

  async function render(): Promise<{ contentType: string; body: string }> {
    const model = await sources.models();
    const metrics = [
      gauge("connections", "Open connections by state", () => {
        const { open, withSession } = sources.connections();
        return { without_session: open - withSession, with_session: withSession };
      }, "state"),
      gauge("guarded_connections", "Connections through the guard", () => {
        const { unknown = 0, known = 0 } = sources.guard() ?? {};
        return { unknown, known };
      }, "state"),
      gauge("guard_waiting", "Connections that wait for a place", () => ({
        "": sources.guard()?.waiting ?? 0,
      })),
      gauge(
        "guard_ended",
        "Connections that the guard refused, cut or evicted since the start",
        () => {
          const { refused = 0, cut = 0, evicted = 0 } = sources.guard() ?? {};
          return { refused, cut, evicted };
        },
        "how",
      ),
      gauge("event_streams", "Open event streams", () => ({ "": sources.eventStreams() })),
      gauge("actions_running", "Actions that run", () => ({ "": sources.runningActions() })),
      ...modelGauges(model),
      gauge("event_loop_delay_seconds", "Worst delay of the event loop since last asked", () => ({
        "": sources.eventLoopDelayS(),
      })),
      gauge("resident_memory_bytes", "Resident memory", () => ({ "": sources.residentBytes() })),
      counter("frames_total", "Authentic frames of sessions"),
      counter("sessions_opened_total", "Sessions opened"),
      counter("sessions_refused_total", "Sessions refused by reason", "reason"),
      counter("pairings_total", "Pairings by outcome", "outcome"),
      counter("pairing_failures_total", "Wrong confirms"),
      counter("http_answers_total", "HTTP answers by status", "status"),
      ...sources.modelMetrics.metrics(),
    ];
    return { contentType: METRICS_TYPE, body: writeMetrics(metrics) };
  }

  return {
    frame: () => count("frames_total"),
    refused: (reason) => count("sessions_refused_total", reason),
    sessionOpened: () => count("sessions_opened_total"),
    pairingEnded: (outcome) => count("pairings_total", outcome),
    pairingFailed: () => count("pairing_failures_total"),
    answered: (status) => count("http_answers_total", String(status)),
    render,
  };
}

// Zeros where there is no gateway; of a server nothing is said then.
function modelGauges(state: ModelState | undefined): Metric[] {
  const { requests = 0, heldBytes = 0 } = state ?? {};
  const { taken = 0, free = 0, waiting = 0 } = state?.slots ?? {};
  return [
    gauge("model_requests", "Requests to the model server under way", () => ({ "": requests })),
    gauge("model_held_bytes", "Bytes held for requests to the model server", () => ({
      "": heldBytes,
    })),
    gauge(
      "model_slots",
      "Slots for requests that models work on",
      () => ({ taken, free }),
      "state",
    ),
    gauge("model_waiting", "Requests that wait for a slot", () => ({ "": waiting })),
    gauge(
      "model_server_up",
      "Whether the model server answers",
      () => state === undefined ? {} : { "": Number(state.isServerThere) },
    ),
  ];
}

function gauge(
  name: string,
  help: string,
  values: () => Readonly<Record<string, number>>,
  label?: string,
): Metric {
  return {
    name,
    help,
    kind: "gauge",
    samples: () => Object.entries(values()).map(([text, value]) => sample(label, text, value)),
  };
}

function sample(label: string | undefined, text: string, value: number): MetricSample {
  return label === undefined ? { value } : { labels: { [label]: text }, value };
}
