// Asks the local network once which instances of a service there are. For the doctor, which wants to
// know whether the device is found.

import { createSocket } from "node:dgram";
import type { FoundInstance } from "../../features/doctor/doctor_facts.ts";
import { type RealInterface, realInterfaces } from "../../features/discovery/interfaces.ts";
import { interfaceAddresses } from "./host.ts";

interface Answer {
  name: string;
  type: string;
  data: unknown;
}

/** The instances of a service type, such as "_zaparoo._tcp", that answer within the limit. */
export async function findInstances(
  service: string,
  limitMs: number,
): Promise<readonly FoundInstance[]> {
  const { default: multicastDns } = await import("multicast-dns");
  const answers: Answer[] = [];
  const sockets = realInterfaces(interfaceAddresses()).flatMap(({ addresses }: RealInterface) => {
    const [address] = addresses;
    if (address === undefined) return [];
    // A port of its own: answers come to it alone, whoever else listens on 5353.
    const own = createSocket("udp4");
    const socket = multicastDns({ socket: own, bind: address, port: 0, multicast: false });
    // Without a default route the system would not know where to send to the group.
    own.on("listening", () => {
      try {
        own.setMulticastInterface(address);
      } catch {
        // The address went in this moment: nobody answers there.
      }
    });
    socket.on("error", () => {});
    socket.on("warning", () => {});
    socket.on("response", (packet: { answers: Answer[]; additionals: Answer[] }) => {
      answers.push(...packet.answers, ...packet.additionals);
    });
    const to = { address: "224.0.0.251", port: 5353 };
    socket.query([{ name: `${service}.local`, type: "PTR" }], to, () => {});
    return [socket];
  });
  await new Promise((resolve) => setTimeout(resolve, limitMs));
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.destroy(resolve))),
  );
  return instancesIn(answers, service);
}

/** The instances that some records tell of. */
export function instancesIn(answers: readonly Answer[], service: string): FoundInstance[] {
  const suffix = `.${service}.local`.toLowerCase();
  const found = new Map<string, FoundInstance>();
  for (const { name, type, data } of answers) {
    if (type !== "SRV" || !name.toLowerCase().endsWith(suffix)) continue;
    const { port, target } = data as { port: number; target: string };
    const addresses = answers
      .filter((other) => /^A{1,4}$/.test(other.type) && isSame(other.name, target))
      .map((other) => String(other.data));
    const key = `${name} ${port} ${target}`;
    found.set(key, {
      name: name.slice(0, -suffix.length),
      port,
      addresses: [...new Set(addresses)],
    });
  }
  return [...found.values()];
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
