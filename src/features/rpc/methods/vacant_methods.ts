// Methods about what this device never has: tag readers, mappings, an inbox and scrapers. The phone's
// app asks for them when it connects, and takes "none" better than an unknown method.

import * as v from "valibot";
import { defineMethod, type RpcMethod } from "../method.ts";

const ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
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
};

/** `readers`, `mappings`, `inbox`, `scrapers` and `media.scrape.status`. */
export function vacantMethods(): RpcMethod[] {
  return Object.entries(ANSWERS).map(([name, answer]) =>
    defineMethod({ name, access: "anyone", params: v.object({}), run: () => answer })
  );
}
