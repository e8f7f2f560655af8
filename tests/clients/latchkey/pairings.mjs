// Pairs with a service on this machine again and again, uses each pairing once in alternating
// envelopes, and removes it: node pairings.mjs

import { connect, connectPlain, pair } from "@latchkey/latchkey";

const url = process.env.LATCHKEY_URL;
const count = Number(process.env.LATCHKEY_PAIRINGS);
const owner = await connectPlain({ url });
for (let i = 0; i < count; i++) {
  const { pin } = await owner.call("clients.pair.start");
  const name = `Node ${i}`;
  const credentials = await pair({ baseUrl: url, pin, name });
  const envelope = i % 2 === 0 ? "json" : "binary";
  const device = await connect({ url, credentials, envelope });
  const { version } = await device.call("version");
  if (typeof version !== "string") throw new Error(`No version: ${JSON.stringify(version)}`);
  device.close();
  await owner.call("clients.delete", { clientId: credentials.clientId });
}
owner.close();
process.stdout.write(`${count} pairings\n`);
