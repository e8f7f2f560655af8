// Methods about what this device never has: tag readers, mappings, an inbox and scrapers. The phone's
// app asks for them when it connects, and takes "none" better than an unknown method.

import * as v from "valibot";
import { defineMethod, type RpcMethod } from "../method.ts";

const ANSWERS = {
  readers: { readers: [] },
  mappings: { mappings: [] },
  inbox: { messages: [] },
  scrapers: { scrapers: [] },
  "media.scrape.status": {
    processed: 0,
    total: 0,
    matched: 0,
    skipped: 0,
    totalScraped: 0,
    scraping: false,
    done: false,
    paused: false,
  },
} as const;

/** `readers`, `mappings`, `inbox`, `scrapers` and `media.scrape.status`. */
export function vacantMethods(): RpcMethod[] {
  return Object.entries(ANSWERS).map(([name, answer]) =>
    defineMethod({
      name,
      access: "anyone",
      params: v.object({}),
      result: shapeOf(answer),
      run: () => answer,
    })
  );
}

// Always the same.
function shapeOf(answer: Readonly<Record<string, unknown>>): v.GenericSchema {
  return v.strictObject(
    Object.fromEntries(
      Object.entries(answer).map(([name, value]): [string, v.GenericSchema] => [
        name,
        Array.isArray(value)
          ? v.pipe(v.array(v.never()), v.length(0))
          : v.literal(value as number | boolean),
      ]),
    ),
  );
}
