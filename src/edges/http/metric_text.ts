// Metrics in Prometheus's text form (version 0.0.4). Written here and not by a library, because what
// is kept are counts, which libraries want to count themselves, and because 20 MiB are much for it.

/** The media type of the text. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What stands before every name. */
export const METRIC_PREFIX = "latchkey_";

/** One line: a number with its labels. */
export interface MetricSample {
  /** What follows the metric's name, for the parts of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric. */
export interface Metric {
  /** The name, without the prefix. */
  readonly name: string;
  /** A sentence about it. */
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  /** Its numbers at this moment. */
  readonly samples: () => Iterable<MetricSample>;
}

/** All metrics, one after the other. */
export function writeMetrics(metrics: readonly Metric[]): string {
  return metrics.map(({ name, help, kind, samples }) => {
    const whole = `${METRIC_PREFIX}${name}`;
    const lines = [...samples()].map(({ suffix = "", labels = {}, value }) =>
      `${whole}${suffix}${formatLabels(labels)} ${value}\n`
    );
    return `# HELP ${whole} ${help}\n# TYPE ${whole} ${kind}\n${lines.join("")}`;
  }).join("");
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
