// Numbers of the model gateway by key and model. Labels are ids of keys and names that the owner
// allowed, never text of a peer, and few: what comes after the first ones is counted as "other".

import { outcomeOf, type RequestRecord } from "../../features/models/request_record.ts";
import { LabelledHistogram } from "./histogram.ts";
import type { Metric, MetricSample } from "./metric_text.ts";

/** How many pairs of key and model have lines of their own. */
export const MAX_METRIC_PAIRS = 256;

/** How many models have histograms of their own. */
export const MAX_METRIC_MODELS = 64;

/** The label of what has none of its own. No key has such an id and no model such a name. */
export const OTHER_LABEL = "other";

/** The label of requests that name no model. */
export const NO_MODEL_LABEL = "none";

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const TOKENS = [10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000];

interface PairCounts {
  readonly key: string;
  readonly model: string;
  readonly byOutcome: Map<string, number>;
  promptTokens: number;
  outputTokens: number;
}

/** What requests of the gateway came to since the start. */
export class ModelMetrics {
  readonly #pairs = new Map<string, PairCounts>();
  readonly #models = new Set<string>();
  readonly #bytes = { in: 0, out: 0 };
  readonly #requestSeconds = new LabelledHistogram({ bounds: SECONDS, label: "model" });
  readonly #firstByteSeconds = new LabelledHistogram({ bounds: SECONDS, label: "model" });
  readonly #waitSeconds = new LabelledHistogram({ bounds: SECONDS });
  readonly #promptTokens = new LabelledHistogram({ bounds: TOKENS, label: "model" });
  readonly #outputTokens = new LabelledHistogram({ bounds: TOKENS, label: "model" });

  /** Counts a request that has ended. */
  record(record: RequestRecord): void {
    const { promptTokens, outputTokens, durationMs, firstByteMs, waitedMs } = record;
    const pair = this.#pairOf(record);
    const outcome = outcomeOf(record);
    pair.byOutcome.set(outcome, (pair.byOutcome.get(outcome) ?? 0) + 1);
    pair.promptTokens += promptTokens;
    pair.outputTokens += outputTokens;
    this.#bytes.in += record.bodyBytes;
    this.#bytes.out += record.answerBytes;
    const model = this.#modelLabel(record.model);
    this.#requestSeconds.observe(durationMs / 1000, model);
    if (firstByteMs !== undefined) this.#firstByteSeconds.observe(firstByteMs / 1000, model);
    if (waitedMs !== undefined) this.#waitSeconds.observe(waitedMs / 1000);
    if (outcome !== "ok" || record.model === undefined) return;
    this.#promptTokens.observe(promptTokens, model);
    this.#outputTokens.observe(outputTokens, model);
  }

  /** The metrics. */
  metrics(): Metric[] {
    return [
      {
        name: "model_requests_ended_total",
        help: "Requests of known keys that have ended, by key, model and outcome",
        kind: "counter",
        samples: () => this.#requests(),
      },
      {
        name: "model_tokens_total",
        help: "Tokens by key, model and kind",
        kind: "counter",
        samples: () => this.#tokens(),
      },
      {
        name: "model_bytes_total",
        help: "Bytes of bodies (in) and answers (out)",
        kind: "counter",
        samples: () =>
          Object.entries(this.#bytes).map(([direction, value]) => ({
            labels: { direction },
            value,
          })),
      },
      histogram("model_request_seconds", "How long requests took", this.#requestSeconds),
      histogram("model_first_byte_seconds", "Until answers began", this.#firstByteSeconds),
      histogram("model_wait_seconds", "How long requests waited for a slot", this.#waitSeconds),
      histogram("model_prompt_tokens", "Tokens of prompts that were answered", this.#promptTokens),
      histogram("model_output_tokens", "Tokens of whole answers", this.#outputTokens),
    ];
  }

  #pairOf({ keyId, model = NO_MODEL_LABEL }: RequestRecord): PairCounts {
    const id = `${keyId} ${model}`;
    const known = this.#pairs.get(id);
    if (known !== undefined) return known;
    const isFull = this.#pairs.size >= MAX_METRIC_PAIRS;
    const key = isFull ? OTHER_LABEL : keyId;
    const pair = (isFull ? this.#pairs.get(OTHER_LABEL) : undefined) ?? {
      key,
      model: isFull ? OTHER_LABEL : model,
      byOutcome: new Map<string, number>(),
      promptTokens: 0,
      outputTokens: 0,
    };
    this.#pairs.set(isFull ? OTHER_LABEL : id, pair);
    return pair;
  }

  #modelLabel(model = NO_MODEL_LABEL): string {
    if (this.#models.has(model)) return model;
    if (this.#models.size >= MAX_METRIC_MODELS) return OTHER_LABEL;
    this.#models.add(model);
    return model;
  }

  *#requests(): Iterable<MetricSample> {
    for (const { key, model, byOutcome } of this.#pairs.values()) {
      for (const [outcome, value] of byOutcome) yield { labels: { key, model, outcome }, value };
    }
  }

  *#tokens(): Iterable<MetricSample> {
    for (const { key, model, promptTokens, outputTokens } of this.#pairs.values()) {
      yield { labels: { key, model, kind: "prompt" }, value: promptTokens };
      yield { labels: { key, model, kind: "output" }, value: outputTokens };
    }
  }
}

function histogram(name: string, help: string, counts: LabelledHistogram): Metric {
  return { name, help, kind: "histogram", samples: () => counts.samples() };
}
