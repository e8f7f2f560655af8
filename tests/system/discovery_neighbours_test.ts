// The device's announcement beside others: another responder on the same device keeps its unicasts,
// and hosts that only speak IPv6 find the device too.

import assert from "node:assert/strict";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "../support/remote_host.ts";
import { startService, withDataDir } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const whyNot = await whyNoRemoteHost();
const ANNOUNCED = /Announced in the local network/;

async function withAnnounced(
  number: number,
  test: (host: RemoteHost) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(number);
  try {
    await withDataDir(async (dataDir) => {
      const tables = '[discovery]\ninstance_name = "den"';
      const service = await startService({ dataDir, listen: "[::]:0", tables });
      try {
        await until("it is announced", () => Promise.resolve(ANNOUNCED.test(service.output())));
        await test(host);
        assert.doesNotMatch(service.output(), /Cannot announce/);
      } finally {
        assert.equal(await service.stop(), 0);
      }
    });
  } finally {
    await host.remove();
  }
}

async function runThere(host: RemoteHost, script: string): Promise<string> {
  const { code, stdout } = await host.run(Deno.execPath(), "eval", "--unstable-net", script);
  assert.equal(code, 0);
  return stdout.trim();
}

systemTest("unicasts to the port of multicast DNS reach another responder on the device", {
  whyNot,
  run: async () => {
    const other = Deno.listenDatagram({
      transport: "udp",
      hostname: "0.0.0.0",
      port: 5353,
      reuseAddress: true,
    });
    const heard: string[] = [];
    const reading = (async () => {
      for await (const [bytes] of other) {
        if (bytes.length < 12) heard.push(new TextDecoder().decode(bytes));
      }
    })();
    try {
      await withAnnounced(73, async (host) => {
        await runThere(
          host,
          `const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
          for (const text of ["one", "two", "three"]) {
            const to = { transport: "udp", hostname: "${host.deviceAddress}", port: 5353 };
            await socket.send(new TextEncoder().encode(text), to);
          }
          socket.close();`,
        );
        await until("all came", () => Promise.resolve(heard.length >= 3));
      });
    } finally {
      other.close();
      await reading;
    }
    assert.deepEqual(heard, ["one", "two", "three"]);
  },
});

// A question for PTR of _zaparoo._tcp.local, on the wire.
const QUESTION = [
  ...[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
  ...["_zaparoo", "_tcp", "local"].flatMap((label) => [
    label.length,
    ...new TextEncoder().encode(label),
  ]),
  ...[0, 0, 12, 0, 1],
];

systemTest("who asks over IPv6 is told the addresses of the interface, its link's among them", {
  whyNot,
  run: () =>
    withAnnounced(74, async (host) => {
      const answer = await runThere(
        host,
        `const group = "ff02::fb%lktest74b";
        const { scopeid } = Deno.networkInterfaces()
          .find(({ address }) => address.startsWith("fe80:"));
        const socket = Deno.listenDatagram(
          { transport: "udp", hostname: group, port: 5353, reuseAddress: true },
        );
        await socket.joinMulticastV6("ff02::fb", scopeid);
        const ask = () => socket.send(
          Uint8Array.from(${JSON.stringify(QUESTION)}),
          { transport: "udp", hostname: group, port: 5353 },
        );
        await ask();
        // Asked again until it is more than a second since the announcement.
        const timer = setInterval(ask, 500);
        setTimeout(() => Deno.exit(3), 10_000);
        for await (const [bytes, from] of socket) {
          if ((bytes[2] & 0x80) === 0) continue;
          console.log(from.hostname.split("%")[0], bytes.toHex());
          Deno.exit(0);
        }`,
      );
      const own = Deno.networkInterfaces()
        .filter(({ name, family }) => name === "lktest74a" && family === "IPv6")
        .map(({ address }) => address);
      assert.equal(own.length, 2);
      // Which of its addresses speaks is the system's choice; both are on the link.
      assert.ok(own.includes(answer.split(" ")[0] ?? ""), answer);
      for (const address of own) assert.ok(answer.includes(hexOf(address)), address);
    }),
});

function hexOf(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const [left, right] = [head, tail].map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [
    ...left ?? [],
    ...Array<string>(8 - (left ?? []).length - (right ?? []).length).fill("0"),
    ...right ?? [],
  ];
  return groups.map((group) => group.padStart(4, "0")).join("");
}
