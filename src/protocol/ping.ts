// The heartbeat inside a connection (docs/protocol.md §6): four letters, not JSON.

/** What a client sends to see whether the device is still there. */
export const PING = "ping";

/** What the device answers, sealed where the ping was. */
export const PONG = "pong";
