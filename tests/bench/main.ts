// `deno task bench`: prints medians and ratios. Nothing here passes or fails; compare rows of one
// run, not of two.

import { displayRows } from "./display_bench.ts";
import { handshakeRows } from "./handshake_bench.ts";
import { keyRows } from "./keys_bench.ts";
import { modelRows } from "./models_bench.ts";
import { requestRows } from "./request_bench.ts";
import { serviceRows } from "./service_bench.ts";
import { type BenchRow, formatRows } from "./table.ts";

const sections: [title: string, rows: () => Promise<BenchRow[]>][] = [
  ["Requests over WebSocket, 300-byte frames", requestRows],
  ["Pairing and session set-up", handshakeRows],
  ["The PIN on a panel of 640 × 480, per second", displayRows],
  ["Refusing API keys, medians of 5,000", keyRows],
  ["The model gateway, beside its upstream directly", modelRows],
  ["The process", serviceRows],
];

const encoder = new TextEncoder();
for (const [title, rows] of sections) {
  Deno.stdout.writeSync(encoder.encode(`\n${title}\n${formatRows(await rows())}`));
}
// The sockets of the load generator keep the process alive.
Deno.exit(0);
