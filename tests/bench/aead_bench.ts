// What a frame costs with each cipher, as CPU of the whole process: WebCrypto works on other threads.

import process from "node:process";
import { platformAead } from "../../src/edges/platform/sync_aead.ts";
import { createFrameCipher, type SyncAead } from "../../src/protocol/v1/aead.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

const ROUNDS = 5;
const FRAMES = 2000;
const KEYS = { key: new Uint8Array(32).fill(1), nonceBase: new Uint8Array(12) };

/** Two rows per size, the ciphers alternating. */
export async function aeadRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const bytes of [300, 2048]) {
    const web: number[] = [];
    const platform: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      web.push(await measure(bytes, undefined));
      platform.push(await measure(bytes, platformAead));
    }
    const row = (name: string, ms: number): BenchRow => ({
      name: `seal and open ${bytes} bytes, ${name}`,
      value: ms,
      unit: "ms",
      ratio: `${(ms / median(web)).toFixed(2)} ×`,
    });
    rows.push(row("WebCrypto", median(web)), row("synchronous", median(platform)));
  }
  return rows;
}

async function measure(bytes: number, syncAead: SyncAead | undefined): Promise<number> {
  const options = { authToken: "bench", syncAead };
  const sealing = createFrameCipher(KEYS, options);
  const opening = createFrameCipher(KEYS, options);
  const plaintext = new Uint8Array(bytes);
  const before = process.cpuUsage();
  for (let i = 0; i < FRAMES; i++) {
    if (await opening.open(await sealing.seal(plaintext)) === undefined) {
      throw new Error("A frame does not open");
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / FRAMES;
}
