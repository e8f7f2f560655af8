// A process that pairs clients and opens their sessions in the data folder of its first argument
// until it is killed, and writes a line about each only when it is kept: "client N", "salt N S".
// Its second argument is the first N.

import { silentLogger } from "../../../src/base/log.ts";
import { openStores } from "../../../src/edges/sqlite/stores.ts";
import { sampleClient, sampleSalt } from "./samples.ts";

const SALTS_PER_CLIENT = 3;

const [dataDir = "", first = "1"] = Deno.args;
const { clients, ledger } = openStores({ dataDir, log: silentLogger });
const encoder = new TextEncoder();
const report = (line: string): void => void Deno.stdout.writeSync(encoder.encode(`${line}\n`));

for (let n = Number(first);; n++) {
  clients.add(sampleClient(n));
  report(`client ${n}`);
  for (let salt = 1; salt <= SALTS_PER_CLIENT; salt++) {
    if (ledger.record(`id-${n}`, sampleSalt(salt)) !== "recorded") throw new Error("Not recorded");
    report(`salt ${n} ${salt}`);
  }
}
