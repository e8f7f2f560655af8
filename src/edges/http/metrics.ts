// Numbers for whoever watches the device, in Prometheus's text form, local only. Counting is a
// number in a map; the library that writes them out costs 20 MiB, so it is loaded when somebody
// first asks.

/** Numbers that are read when somebody asks. */
export interface MetricSources {
  /** Open connections and those with a session. */
  connections: () => { open: number; withSession: number };
  /** Numbers of the guard, where there is one. */
  guard: () =>
    | { unknown: number; known: number; refused: number; cut: number; evicted: number }
    | undefined;
  /** Open event streams. */
  eventStreams: () => number;
  /** Actions that run. */
  runningActions: () => number;
  /** Requests to the model server and what is held in memory for them, where there is a gateway. */
  models: () => { requests: number; heldBytes: number } | undefined;
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

interface Series {
  readonly name: string;
  readonly help: string;
  /** The name of the one label, if there is one. */
  readonly label?: string;
  readonly kind: "counter" | "gauge";
  /** Numbers by the label's value; "" without a label. */
  readonly values: () => Iterable<readonly [labelValue: string, value: number]>;
}

/** The metrics of one service. */
export function createMetrics(sources: MetricSources): Metrics {
  const counts = new Map<string, Map<string, number>>();

  function count(name: string, labelValue = ""): void {
    const series = counts.get(name) ?? new Map<string, number>();
    counts.set(name, series);
    series.set(labelValue, (series.get(labelValue) ?? 0) + 1);
  }

  function counter(name: string, help: string, label?: string): Series {
    const none: [string, number][] = label === undefined ? [["", 0]] : [];
    const values = (): Iterable<[string, number]> => counts.get(name) ?? none;
    return { name, help, kind: "counter", values, ...(label === undefined ? {} : { label }) };
  }

  function gauge(
    name: string,
    help: string,
    values: () => Readonly<Record<string, number>>,
    label?: string,
  ): Series {
    return {
      name,
      help,
      kind: "gauge",
      values: () => Object.entries(values()),
      ...(label === undefined ? {} : { label }),
    };
  }

  const series: readonly Series[] = [
    gauge("connections", "Open connections by state", () => {
      const { open, withSession } = sources.connections();
      return { without_session: open - withSession, with_session: withSession };
    }, "state"),
    gauge("guarded_connections", "Connections through the guard", () => {
      const { unknown = 0, known = 0 } = sources.guard() ?? {};
      return { unknown, known };
    }, "state"),
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
    gauge("model_requests", "Requests to the model server under way", () => ({
      "": sources.models()?.requests ?? 0,
    })),
    gauge("model_held_bytes", "Bytes held for requests to the model server", () => ({
      "": sources.models()?.heldBytes ?? 0,
    })),
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
  ];

  return {
    frame: () => count("frames_total"),
    refused: (reason) => count("sessions_refused_total", reason),
    sessionOpened: () => count("sessions_opened_total"),
    pairingEnded: (outcome) => count("pairings_total", outcome),
    pairingFailed: () => count("pairing_failures_total"),
    answered: (status) => count("http_answers_total", String(status)),
    render: () => write(series),
  };
}

async function write(all: readonly Series[]): Promise<{ contentType: string; body: string }> {
  const { default: { Counter, Gauge, Registry } } = await import("prom-client");
  const registry = new Registry();
  for (const { name, help, label, kind, values } of all) {
    const options = {
      name: `latchkey_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
    };
    const metric = kind === "counter" ? new Counter(options) : new Gauge(options);
    for (const [labelValue, value] of values()) {
      metric.inc(label === undefined ? {} : { [label]: labelValue }, value);
    }
  }
  return { contentType: registry.contentType, body: await registry.metrics() };
}
