/** How long a device may take to accept a connection or to answer, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 10_000;
