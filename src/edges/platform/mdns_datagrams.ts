// The datagrams of multicast DNS on one interface, as multicast-dns wants its socket. node:dgram
// allocates 64 KiB for every packet that comes, so that a flood of them takes hundreds of MiB; here
// every packet is read into the same buffer, and most of a flood is dropped before it is decoded.
//
// Whoever listens is bound to the group's address. A socket that is bound to the interface's own would
// be handed the unicasts of another responder on this device, such as avahi's answers.

import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { asError } from "../../base/app_error.ts";
import type { MdnsPlace } from "../../features/discovery/mdns_socket.ts";
import { MAX_PACKET_BYTES, PacketLimits } from "../../features/discovery/packet_limits.ts";

const GROUP4 = "224.0.0.251";
const GROUP6 = "ff02::fb";
const PORT = 5353;

/** The reach of packets that stay on their link (RFC 6762, section 11). */
const TTL = 255;

/** The destination of what everybody shall hear, over each protocol that the interface has. */
export const EVERYBODY = { address: "everybody", port: PORT };

/** A socket on an interface; throws where it cannot be bound. */
export function openDatagrams(place: MdnsPlace): DatagramSocket {
  const limits = new PacketLimits();
  return new DatagramSocket(place, (packet) => limits.admits(packet, performance.now()));
}

/** One protocol of the interface. */
interface Family {
  readonly listener: Deno.DatagramConn;
  readonly ready: Promise<unknown>;
  send(packet: Uint8Array, to: { hostname: string; port: number }): Promise<unknown>;
  readonly group: string;
}

/** The part of node:dgram's socket that multicast-dns uses. */
export class DatagramSocket extends EventEmitter {
  /** Those that work. One is enough: a system may have lost the other. */
  #families: readonly Family[];
  #isClosed = false;

  /** Binds a socket for each protocol; `admits` says which packets are looked at. */
  constructor(
    { address, scopeId }: MdnsPlace,
    admits: (packet: { address: string; bytes: number }) => boolean,
  ) {
    super();
    const failures: unknown[] = [];
    const families: Family[] = [];
    const add = (open: () => Family): void => {
      try {
        families.push(open());
      } catch (error) {
        failures.push(error);
      }
    };
    if (address !== undefined) add(() => openFamily4(address));
    if (scopeId !== undefined) add(() => openFamily6(scopeId));
    if (families.length === 0) throw failures[0] ?? new Error("The interface has no address");
    this.#families = families;
    for (const family of families) {
      family.ready.catch((error: unknown) => this.#lost(family, error));
      void this.#receive(family, admits);
    }
  }

  /** Sends a packet, as node:dgram's sockets do. */
  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    hostname: string,
    done: (error: Error | null) => void,
  ): void {
    const packet = bytes.subarray(offset, offset + length);
    const isForAll = hostname === EVERYBODY.address;
    const sends = this.#families
      .filter(({ group }) => isForAll || group.includes(":") === hostname.includes(":"))
      .map(async ({ ready, send, group }) => {
        await ready;
        await send(packet, { hostname: isForAll ? group : hostname, port });
      });
    // All of them are waited for: a goodbye over one must not be cut by the end of the other.
    void Promise.allSettled(sends).then((results) => {
      const isSent = results.some(({ status }) => status === "fulfilled");
      const failed = results.find((result) => result.status === "rejected");
      done(isSent || this.#isClosed ? null : asError(failed?.reason));
    });
  }

  /** Closes all sockets. */
  close(done: () => void = () => {}): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      for (const { listener } of this.#families) listener.close();
    }
    queueMicrotask(done);
  }

  async #receive(
    family: Family,
    admits: (packet: { address: string; bytes: number }) => boolean,
  ): Promise<void> {
    // One byte more than is taken, so that a longer packet is seen to be longer.
    const buffer = Buffer.alloc(MAX_PACKET_BYTES + 1);
    try {
      while (!this.#isClosed) {
        const [bytes, sender] = await family.listener.receive(buffer);
        const { hostname: address, port } = sender as Deno.NetAddr;
        if (!admits({ address, bytes: bytes.length })) continue;
        this.emit("message", buffer.subarray(0, bytes.length), { address, port });
      }
    } catch (error) {
      this.#lost(family, error);
    }
  }

  #lost(family: Family, error: unknown): void {
    if (this.#isClosed || !this.#families.includes(family)) return;
    this.#families = this.#families.filter((other) => other !== family);
    family.listener.close();
    if (this.#families.length > 0) return;
    this.emit("error", Object.assign(asError(error), { syscall: "udp" }));
  }
}

function openFamily4(address: string): Family {
  const listener = listen(GROUP4);
  return {
    listener,
    group: GROUP4,
    ready: listener.joinMulticastV4(GROUP4, address),
    // From the interface's own address, and so through this interface and from the right port. It is
    // open for this moment only, so that unicasts go to whoever else waits for them.
    async send(packet, to): Promise<void> {
      const sender = listen(address);
      try {
        const membership = await sender.joinMulticastV4(GROUP4, address);
        await membership.setTTL(TTL);
        await sender.send(packet, { transport: "udp", ...to });
      } finally {
        sender.close();
      }
    },
  };
}

// The zone in its address binds it to the interface, for both ways.
function openFamily6(scopeId: number): Family {
  const listener = listen(`${GROUP6}%${scopeId}`);
  return {
    listener,
    group: GROUP6,
    ready: listener.joinMulticastV6(GROUP6, scopeId),
    send: (packet, to) => listener.send(packet, { transport: "udp", ...to }),
  };
}

function listen(hostname: string): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname,
    port: PORT,
    reuseAddress: true,
    loopback: true,
  });
}
