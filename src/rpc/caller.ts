// Who is calling, as the edges know it. What the caller may do is decided per request from this
// (docs/protocol.md §8), never remembered.

/** The origin of one request. */
export interface Caller {
  /** Whether the request came from the device itself. */
  readonly isLocal: boolean;
  /** The peer's address without a port; "local" in-process. */
  readonly address: string;
  /** The paired client whose session carries the request, if any. */
  readonly clientId: string | undefined;
  /** Names the request in the log and in the answer. */
  readonly requestId: string;
}
