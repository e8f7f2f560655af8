// Every number of the guard in one place (docs/protocol.md §9). A test, or a device that is short
// of memory, hands in other ones.

/** What a guarded connection may take, in bytes, milliseconds and connections. */
export interface GuardLimits {
  /** What an unknown peer may send without progress. */
  readonly unknownAllowanceBytes: number;
  /** What a peer with a session or an accepted key may send without progress. */
  readonly knownAllowanceBytes: number;
  /** How long an allowance may stay used up. */
  readonly stallMs: number;
  /** How long a request may take to arrive: its head from the first byte on, then its body. */
  readonly requestMs: number;
  /** How long a connection is kept without a byte between two requests. */
  readonly idleMs: number;
  /** How long a WebSocket without a session may be without a message, ping or pong. */
  readonly quietMs: number;
  /** How long a peer may take to agree to a close. */
  readonly closeMs: number;
  /** How long a peer may take nothing of what the device sends. */
  readonly writeMs: number;
  /** How long a peer has to read a last answer before its connection is closed. */
  readonly lingerMs: number;
  /** How long the step of a handshake may take before its connection is the first to be evicted. */
  readonly handshakeMs: number;
  /** Connections without a session per address; IPv6 counts per /64. */
  readonly maxUnknownPerAddress: number;
  /** Connections without a session in all. */
  readonly maxUnknown: number;
  /** Of these, kept for addresses from which a client paired or opened a session. */
  readonly reservedForFamiliar: number;
  /** Of these, kept for pairing requests that are being answered. */
  readonly reservedForPairing: number;
  /** How many addresses of clients are remembered. */
  readonly maxFamiliarAddresses: number;
  /** Connections with a session or an accepted key in all. */
  readonly maxKnown: number;
  /** Of these, those of one key for its answers and event streams. */
  readonly maxKnownPerKey: number;
  /** Connections that may wait for a slot, and beside them those that may wait to be known. */
  readonly maxWaiting: number;
  /** How long a connection may wait for either. */
  readonly waitMs: number;
  /**
   * Refused connections that linger at once, and beside them evicted ones without a session that
   * still read their answer; further ones are closed right away.
   */
  readonly maxRefusing: number;
}

// Request heads and frame heads come on top of a message.
const OVERHEAD_BYTES = 4 * 1024;

/** The numbers that the owner may set. */
export interface ConnectionLimits {
  /** Connections without a session per address. */
  readonly connectionsPerAddress: number;
  /** Connections without a session in all. */
  readonly unknownConnections: number;
  /** Connections with a session or an accepted key in all. */
  readonly knownConnections: number;
  /** Of these, those of one key for its answers and event streams. */
  readonly connectionsPerKey: number;
  /** Connections that may wait for a slot. */
  readonly waitingConnections: number;
  /** How long they may, in seconds. */
  readonly connectionWaitS: number;
}

/** One in so many slots without a session is kept for addresses of clients. */
export const FAMILIAR_SHARE = 4;

/** One in so many slots without a session is kept for pairing. */
export const PAIRING_SHARE = 8;

/** The owner's numbers as the guard names them. */
export function guardLimitsOf(limits: ConnectionLimits): Partial<GuardLimits> {
  return {
    maxUnknownPerAddress: limits.connectionsPerAddress,
    maxUnknown: limits.unknownConnections,
    reservedForFamiliar: Math.floor(limits.unknownConnections / FAMILIAR_SHARE),
    reservedForPairing: Math.floor(limits.unknownConnections / PAIRING_SHARE),
    maxKnown: limits.knownConnections,
    maxKnownPerKey: limits.connectionsPerKey,
    maxWaiting: limits.waitingConnections,
    waitMs: limits.connectionWaitS * 1000,
  };
}

/** One in so many file descriptors at most is for connections that wait. */
export const WAITING_DESCRIPTOR_SHARE = 4;

/** The limits of a device in service. */
export const GUARD_LIMITS: GuardLimits = {
  unknownAllowanceBytes: 64 * 1024 + OVERHEAD_BYTES,
  knownAllowanceBytes: 4 * 1024 * 1024 + OVERHEAD_BYTES,
  stallMs: 2_000,
  requestMs: 10_000,
  idleMs: 60_000,
  quietMs: 120_000,
  closeMs: 2_000,
  writeMs: 20_000,
  lingerMs: 1_000,
  handshakeMs: 1_000,
  maxUnknownPerAddress: 8,
  maxUnknown: 64,
  reservedForFamiliar: 64 / FAMILIAR_SHARE,
  reservedForPairing: 64 / PAIRING_SHARE,
  maxFamiliarAddresses: 256,
  maxKnown: 320,
  maxKnownPerKey: 256,
  maxWaiting: 256,
  waitMs: 10_000,
  maxRefusing: 32,
};
