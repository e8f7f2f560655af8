// Whether the time of a refused key tells what is wrong with it: four kinds of wrong keys, taken in
// turn over a database on disk.

import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { KeyRing } from "../../src/features/access/key_ring.ts";
import { openStores } from "../../src/edges/sqlite/stores.ts";
import { median } from "./statistics.ts";
import type { BenchRow } from "./table.ts";

const TRIES = 5000;

/** A row per kind of wrong key. */
export async function keyRows(): Promise<BenchRow[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
  const stores = openStores({ dataDir, log: silentLogger });
  const keys = new KeyRing({
    store: stores.keys,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const create = (): { text: string; keyId: string } => {
    const { text, key } = keys.create({ name: "bench", scopes: ["rpc"] });
    return { text, keyId: key.keyId };
  };
  const valid = create();
  const revoked = create();
  keys.revoke(revoked.keyId);
  const kinds: [name: string, text: string | undefined][] = [
    ["missing", undefined],
    ["malformed", "lk_nonsense"],
    ["unknown", `lk_00000000_${valid.text.slice(12)}`],
    ["revoked", revoked.text],
  ];
  const times = new Map<string, number[]>(kinds.map(([name]) => [name, []]));
  for (let i = 0; i < TRIES; i++) {
    for (const [name, text] of kinds) {
      const startedAt = performance.now();
      keys.authenticate(text);
      times.get(name)?.push((performance.now() - startedAt) * 1000);
    }
  }
  stores.close();
  await Deno.remove(dataDir, { recursive: true });
  const first = median(times.get("missing") ?? []);
  return kinds.map(([name]) => {
    const middle = median(times.get(name) ?? []);
    return {
      name: `${name} key`,
      value: middle,
      unit: "µs",
      ratio: `${(middle / first).toFixed(2)} ×`,
    };
  });
}
