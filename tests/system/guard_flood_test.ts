// The guard under attack, in a process of its own whose memory and descriptors are looked at, with
// the limits of a device in service unless a test says otherwise.

import assert from "node:assert/strict";
import { utf8 } from "../../src/base/bytes.ts";
import { askFrom, frameHead, postHead, RawPeer, textFrame, upgrade } from "./guard_peer.ts";
import { startGuardProcess } from "./guard_process.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SAMPLE_MS = 50;

const ATTACKERS = 20;

const ATTACKS: [string, (peer: RawPeer) => Promise<unknown>][] = [
  ["messages of 63 MiB", async (peer) => {
    await upgrade(peer);
    await peer.send(frameHead(63 * MIB));
    await peer.sendForever(new Uint8Array(64 * KIB));
  }],
  ["messages of 64 fragments of 1 MiB", async (peer) => {
    await upgrade(peer);
    for (let i = 0; i < 64; i++) {
      const opcode = i === 0 ? 1 : 0;
      await peer.send(frameHead(MIB, { opcode, isLast: i === 63 }));
      if (!await peer.send(new Uint8Array(MIB))) return;
    }
  }],
  ["fragments without an end", async (peer) => {
    await upgrade(peer);
    await peer.send(frameHead(0, { isLast: false }));
    await peer.sendForever(joined(frameHead(1000, { opcode: 0, isLast: false }), 1000));
  }],
  ["pings without an end", async (peer) => {
    await upgrade(peer);
    await peer.sendForever(joined(frameHead(0, { opcode: 9 }), 0));
  }],
  ["heads without an end", async (peer) => {
    await peer.send(utf8("GET / HTTP/1.1\r\n"));
    await peer.sendForever(utf8("X: x\r\n"));
  }],
  ["bodies without an end", async (peer) => {
    await peer.send(postHead("/whole", 100_000 * MIB));
    await peer.sendForever(new Uint8Array(64 * KIB));
  }],
];
for (const [name, attack] of ATTACKS) {
  Deno.test({
    name: `${ATTACKERS} peers that send ${name} are cut, cost less than 20 MiB and delay nobody`,
    timeout: 60_000,
    fn: async () => {
      const guard = await startGuardProcess({ maxUnknownPerAddress: ATTACKERS + 1 });
      const client = await RawPeer.connect(guard.port);
      await upgrade(client);
      await echo(client, "warm up");
      const before = await guard.residentBytes();
      const peers = await Promise.all(
        Array.from({ length: ATTACKERS }, () => RawPeer.connect(guard.port)),
      );
      let underAttack = peers.length;
      const attacks = peers.map(async (peer) => {
        await attack(peer);
        await peer.untilEnd();
        underAttack -= 1;
      });
      let most = 0;
      let echoes = 0;
      while (underAttack > 0) {
        await echo(client, `still here ${echoes++}`);
        most = Math.max(most, await guard.residentBytes());
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
      await Promise.all(attacks);
      await echo(client, "and after it");
      client.close();
      await guard.stop();
      assert.ok(echoes > 0);
      const grownMib = (most - before) / MIB;
      assert.ok(grownMib < 20, `grown by ${grownMib.toFixed(1)} MiB`);
    },
  });
}

Deno.test({
  name: "500 peers of one address leave room for another, with 128 descriptors in all",
  timeout: 60_000,
  fn: async () => {
    const guard = await startGuardProcess({}, { maxDescriptors: 128 });
    const peers: RawPeer[] = [];
    for (let i = 0; i < 10; i++) {
      peers.push(...await connectMany(guard.port, 50));
    }
    const { answer, close } = await askFrom("127.0.0.2", guard.port);
    close();
    assert.match(answer, /^HTTP\/1.1 200 [^]*127\.0\.0\.2$/);
    for (const peer of peers) peer.close();
    assert.equal(await guard.stop(), "");
  },
});

Deno.test({
  name: "a guard that ran out of descriptors serves again when the flood is over",
  timeout: 60_000,
  fn: async () => {
    const limits = { maxUnknownPerAddress: 1000, maxUnknown: 1000 };
    const guard = await startGuardProcess(limits, { maxDescriptors: 128 });
    const peers = await connectMany(guard.port, 300);
    await guard.warned;
    for (const peer of peers) peer.close();
    let isServing = false;
    while (!isServing) {
      const asked = await askFrom("127.0.0.2", guard.port).catch(() => undefined);
      asked?.close();
      isServing = asked?.answer.startsWith("HTTP/1.1 200 ") ?? false;
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
    assert.match(await guard.stop(), /Cannot (accept a connection|reach the inner server)/);
  },
});

async function connectMany(port: number, count: number): Promise<RawPeer[]> {
  const peers = await Promise.allSettled(
    Array.from({ length: count }, () => RawPeer.connect(port)),
  );
  return peers.filter((peer) => peer.status === "fulfilled").map(({ value }) => value);
}

async function echo(peer: RawPeer, text: string): Promise<void> {
  await peer.send(textFrame(text));
  await peer.until((received) => received.endsWith(text));
}

function joined(head: Uint8Array, length: number): Uint8Array {
  const frame = new Uint8Array(head.length + length);
  frame.set(head);
  return frame;
}
