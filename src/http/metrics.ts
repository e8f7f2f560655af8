// Numbers for whoever watches the device, in Prometheus's text form, local only.

import { Counter, Gauge, Registry } from "prom-client";

/** Numbers that are read when somebody asks. */
export interface MetricSources {
  /** Open connections and those with a session. */
  connections: () => { open: number; withSession: number };
  /** Numbers of the guard, where there is one. */
  guard: () => { unknown: number; known: number; refused: number; cut: number } | undefined;
  /** Open event streams. */
  eventStreams: () => number;
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
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []): Counter =>
    new Counter({ name: `latchkey_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `latchkey_${name}`, help, labelNames, registers });

  const connections = gauge("connections", "Open connections by state", ["state"]);
  const guarded = gauge("guarded_connections", "Connections through the guard", ["state"]);
  const guardRefused = gauge("guard_refused", "Connections the guard had no place for");
  const guardCut = gauge("guard_cut", "Connections the guard cut");
  const streams = gauge("event_streams", "Open event streams");
  const delay = gauge("event_loop_delay_seconds", "Worst delay of the event loop since last asked");
  const memory = gauge("resident_memory_bytes", "Resident memory");
  const frames = counter("frames_total", "Authentic frames of sessions");
  const sessions = counter("sessions_opened_total", "Sessions opened");
  const refusals = counter("sessions_refused_total", "Sessions refused by reason", ["reason"]);
  const pairings = counter("pairings_total", "Pairings by outcome", ["outcome"]);
  const wrongPins = counter("pairing_failures_total", "Wrong confirms");
  const answers = counter("http_answers_total", "HTTP answers by status", ["status"]);

  function readSources(): void {
    const { open, withSession } = sources.connections();
    connections.set({ state: "without_session" }, open - withSession);
    connections.set({ state: "with_session" }, withSession);
    streams.set(sources.eventStreams());
    delay.set(sources.eventLoopDelayS());
    memory.set(sources.residentBytes());
    const guard = sources.guard();
    if (guard === undefined) return;
    guarded.set({ state: "unknown" }, guard.unknown);
    guarded.set({ state: "known" }, guard.known);
    guardRefused.set(guard.refused);
    guardCut.set(guard.cut);
  }

  return {
    frame: () => frames.inc(),
    refused: (reason) => refusals.inc({ reason }),
    sessionOpened: () => sessions.inc(),
    pairingEnded: (outcome) => pairings.inc({ outcome }),
    pairingFailed: () => wrongPins.inc(),
    answered: (status) => answers.inc({ status: String(status) }),
    async render(): Promise<{ contentType: string; body: string }> {
      readSources();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
