// What every HTTP handler knows of its request beside the request itself.

import type { ModelKey } from "../../features/models/model_key.ts";
import type { GuardedConnection } from "./guard/guarded_connection.ts";

/** Who is at the other end, as the listener saw it. */
export interface Peer {
  /** The address without a port, normalised. */
  readonly address: string;
  /** Whether the connection came in on a loopback listener. */
  readonly cameOverLoopback: boolean;
  /** The connection in the guard, where it came in that way. */
  readonly guarded: GuardedConnection | undefined;
}

/** The environment of the routes, as Hono wants it. */
export interface RequestEnv {
  /** What the listener hands in with each request. */
  Bindings: { peer: Peer };
  /** What the first steps work out. */
  Variables: {
    /** Names the request in the log and in the answer. */
    requestId: string;
    /** Whether the request came from the device itself (docs/protocol.md §8). */
    isLocal: boolean;
    /** The id of the key that let the request in, if one was asked for. */
    keyId: string | undefined;
    /** The key of a request to the model gateway, once it was accepted. */
    modelKey: ModelKey | undefined;
  };
}
