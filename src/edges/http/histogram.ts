// How often values lie below some bounds, by one label: Prometheus's histograms.

import type { MetricSample } from "./metric_text.ts";

interface Counts {
  /** By bound; the last one is of what lies above all of them. */
  readonly inBuckets: number[];
  sum: number;
  count: number;
}

/** Options of {@linkcode LabelledHistogram}. */
export interface HistogramOptions {
  /** The upper bounds, rising. */
  bounds: readonly number[];
  /** The name of the label; undefined: there is none. */
  label?: string;
}

/** A histogram for each value of a label, which the caller keeps few. */
export class LabelledHistogram {
  readonly #options: HistogramOptions;
  readonly #byLabel = new Map<string, Counts>();

  /** Has seen nothing. */
  constructor(options: HistogramOptions) {
    this.#options = options;
  }

  /** Counts a value. */
  observe(value: number, labelValue = ""): void {
    const { bounds } = this.#options;
    const at = bounds.findIndex((bound) => value <= bound);
    const counts = this.#countsOf(labelValue);
    const bucket = at === -1 ? bounds.length : at;
    counts.inBuckets[bucket] = (counts.inBuckets[bucket] ?? 0) + 1;
    counts.sum += value;
    counts.count += 1;
  }

  /** Its lines. */
  *samples(): Iterable<MetricSample> {
    const { bounds, label } = this.#options;
    if (label === undefined) this.#countsOf("");
    for (const [labelValue, { inBuckets, sum, count }] of this.#byLabel) {
      const labels = label === undefined ? {} : { [label]: labelValue };
      let below = 0;
      for (const [at, bound] of bounds.entries()) {
        below += inBuckets[at] ?? 0;
        yield { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
      }
      yield { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count };
      yield { suffix: "_sum", labels, value: sum };
      yield { suffix: "_count", labels, value: count };
    }
  }

  #countsOf(labelValue: string): Counts {
    const counts = this.#byLabel.get(labelValue) ??
      { inBuckets: this.#options.bounds.map(() => 0), sum: 0, count: 0 };
    this.#byLabel.set(labelValue, counts);
    return counts;
  }
}
