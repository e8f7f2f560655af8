// What the page at /app/ weighs, and how soon a slow phone shows it: Chromium over loopback, its CPU
// slowed down four times, nothing in its cache.

import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { PAGE_FILES, type PageFile } from "../../src/edges/http/page/built/page_files.ts";
import { buildSdkFiles } from "../../packaging/build/sdk_package.ts";
import { whyNoPageWorld, withBrowser } from "../support/page_world.ts";
import { withService } from "../support/service_process.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

/** The rows, in their order; the times are left out where there is no Chromium. */
export const PAGE_ROWS = [
  "its script, packed",
  "all its files, packed",
  "the SDK alone, packed",
  "until a bare document is painted",
  "until the page is painted",
  "until a phone can pair",
  "what it moves meanwhile",
] as const;

const ROUNDS = 9;
const SLOWED = 4;
// A name of the device's, but not of the device itself, which would not pair.
const NAME = "phone.test";

/** A row for each name. */
export async function pageRows(): Promise<BenchRow[]> {
  const [script, all, sdk, bare, painted, ready, moved] = PAGE_ROWS;
  const files = Object.values<PageFile>(PAGE_FILES);
  const packed = files.map(({ text, base64 = "" }) =>
    text === undefined ? Uint8Array.fromBase64(base64).length : gzipSync(text).length
  );
  const rows: BenchRow[] = [
    { name: script, value: gzipSync(PAGE_FILES.script.text).length / 1024, unit: "KiB" },
    {
      name: all,
      value: packed.reduce((sum, bytes) => sum + bytes, 0) / 1024,
      unit: "KiB",
      goal: { atMost: 60 },
    },
    { name: sdk, value: await packedSdk() / 1024, unit: "KiB", goal: { atMost: 40 } },
  ];
  if (await whyNoPageWorld() !== undefined) return rows;
  const { bareMs, paintedMs, readyMs, shifts } = await loadTimes();
  const timed = (name: string, times: readonly number[]): BenchRow => ({
    name,
    value: median(times),
    unit: "ms",
    ratio: `${(median(times) / median(bareMs)).toFixed(2)} × bare`,
  });
  return [
    ...rows,
    timed(bare, bareMs),
    { ...timed(painted, paintedMs), goal: { atMost: 300 } },
    timed(ready, readyMs),
    { name: moved, value: Math.max(...shifts), unit: "CLS", goal: { atMost: 0.001 } },
  ];
}

async function packedSdk(): Promise<number> {
  const bundle = (await buildSdkFiles()).get("latchkey.js");
  return gzipSync(bundle ?? new Uint8Array()).length;
}

interface LoadTimes {
  readonly bareMs: readonly number[];
  readonly paintedMs: readonly number[];
  readonly readyMs: readonly number[];
  readonly shifts: readonly number[];
}

// In turn, so that what else the machine does weighs on both alike.
async function loadTimes(): Promise<LoadTimes> {
  const bareMs: number[] = [];
  const paintedMs: number[] = [];
  const readyMs: number[] = [];
  const shifts: number[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<!doctype html><p>Bare</p>", { headers: { "Content-Type": "text/html" } }),
  );
  try {
    await withService({ tables: `[security]\nhost_names = ["${NAME}"]` }, async ({ baseUrl }) => {
      const url = `http://${NAME}:${new URL(baseUrl).port}/app/`;
      const args = [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`];
      await withBrowser({ args }, async (browser) => {
        for (let round = 0; round <= ROUNDS; round++) {
          const bare = await loadOnce(browser, `http://${NAME}:${server.addr.port}/`);
          const page = await loadOnce(browser, url, ".pair");
          // The first load is the service's own first one too.
          if (round === 0) continue;
          bareMs.push(bare.paintedMs);
          paintedMs.push(page.paintedMs);
          readyMs.push(page.readyMs);
          shifts.push(page.shift);
        }
      });
    });
  } finally {
    await server.shutdown();
  }
  return { bareMs, paintedMs, readyMs, shifts };
}

const WATCH = `new MutationObserver((_, watch) => {
  if (document.querySelector(".pair") === null) return;
  globalThis.readyMs = performance.now();
  watch.disconnect();
}).observe(document, { childList: true, subtree: true });
globalThis.shift = 0;
new PerformanceObserver((list) => {
  for (const { value } of list.getEntries()) globalThis.shift += value;
}).observe({ type: "layout-shift", buffered: true });`;

async function loadOnce(
  browser: Browser,
  url: string,
  selector = "p",
): Promise<{ paintedMs: number; readyMs: number; shift: number }> {
  const context = await browser.newContext({ viewport: { width: 390, height: 780 } });
  try {
    const page = await context.newPage();
    const devTools = await context.newCDPSession(page);
    await devTools.send("Emulation.setCPUThrottlingRate", { rate: SLOWED });
    await page.addInitScript(WATCH);
    await page.goto(url);
    await page.waitForSelector(selector);
    await page.waitForFunction(() =>
      performance.getEntriesByName("first-contentful-paint").length > 0
    );
    // What moves is told with the frame that shows it.
    await page.evaluate(
      "new Promise((shown) => requestAnimationFrame(() => setTimeout(shown, 50)))",
    );
    return await page.evaluate(
      '({ readyMs: globalThis.readyMs, shift: globalThis.shift, paintedMs: performance.getEntriesByName("first-contentful-paint")[0].startTime })',
    ) as { paintedMs: number; readyMs: number; shift: number };
  } finally {
    await context.close();
  }
}
