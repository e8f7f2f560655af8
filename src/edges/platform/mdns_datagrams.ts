// The datagrams of multicast DNS on one interface, as multicast-dns wants its socket. node:dgram
// allocates 64 KiB for every packet that comes, so that a flood of them takes hundreds of MiB; here
// every packet is read into the same buffer, and most of a flood is dropped before it is decoded.

import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { asError } from "../../base/app_error.ts";
import { MAX_PACKET_BYTES, PacketLimits } from "../../features/discovery/packet_limits.ts";

const GROUP = "224.0.0.251";
const PORT = 5353;

/** The reach of packets that stay on their link (RFC 6762, section 11). */
const TTL = 255;

/** A socket on the interface with an IPv4 address; throws where it cannot be bound. */
export function openDatagrams(address: string): DatagramSocket {
  const limits = new PacketLimits();
  const socket = new DatagramSocket(address, (packet) => limits.admits(packet, performance.now()));
  return socket;
}

/** The part of node:dgram's socket that multicast-dns uses. */
export class DatagramSocket extends EventEmitter {
  /** Sends, from the interface's own address, and so through this interface; hears unicasts. */
  readonly #own: Deno.DatagramConn;
  /** Hears multicasts: a socket that is bound to an address of its own is sent none. */
  readonly #group: Deno.DatagramConn;
  readonly #ready: Promise<void>;
  #isClosed = false;

  /** Binds both sockets; `admits` says which packets are looked at. */
  constructor(address: string, admits: (packet: { address: string; bytes: number }) => boolean) {
    super();
    this.#own = listen(address);
    try {
      this.#group = listen("0.0.0.0");
    } catch (error) {
      this.#own.close();
      throw error;
    }
    this.#ready = this.#join(address);
    this.#ready.catch((error: unknown) => this.#failed(error));
    void this.#receive(this.#own, admits);
    void this.#receive(this.#group, admits);
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
    this.#ready.then(() => this.#own.send(packet, { transport: "udp", hostname, port })).then(
      () => done(null),
      (error: unknown) => done(this.#isClosed ? null : asError(error)),
    );
  }

  /** Closes both sockets. */
  close(done: () => void = () => {}): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#own.close();
      this.#group.close();
    }
    queueMicrotask(done);
  }

  // The sender is a member for the reach of what it sends alone.
  async #join(address: string): Promise<void> {
    for (const one of [this.#group, this.#own]) {
      const membership = await one.joinMulticastV4(GROUP, address);
      await membership.setTTL(TTL);
    }
  }

  async #receive(
    from: Deno.DatagramConn,
    admits: (packet: { address: string; bytes: number }) => boolean,
  ): Promise<void> {
    // One byte more than is taken, so that a longer packet is seen to be longer.
    const buffer = Buffer.alloc(MAX_PACKET_BYTES + 1);
    try {
      while (!this.#isClosed) {
        const [bytes, sender] = await from.receive(buffer);
        const { hostname: address, port } = sender as Deno.NetAddr;
        if (!admits({ address, bytes: bytes.length })) continue;
        this.emit("message", buffer.subarray(0, bytes.length), { address, port });
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!this.#isClosed) this.emit("error", Object.assign(asError(error), { syscall: "udp" }));
  }
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
