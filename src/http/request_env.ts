// What every HTTP handler knows of its request beside the request itself.

/** Who is at the other end, as the listener saw it. */
export interface Peer {
  /** The address without a port; IPv4 inside IPv6 is written as IPv4. */
  readonly address: string;
  /** Whether the connection came in on a loopback listener. */
  readonly cameOverLoopback: boolean;
}

/** The environment of the routes, as Hono wants it. */
export interface RequestEnv {
  /** What the listener hands in with each request. */
  Bindings: { peer: Peer };
  /** What the first middleware works out. */
  Variables: {
    /** Names the request in the log and in the answer. */
    requestId: string;
    /** Whether the request came from the device itself (docs/protocol.md §8). */
    isLocal: boolean;
  };
}
