// What is left of clients that were removed: enough to know their tokens again, and no secret.

/** Clients that were removed on this device, as far as it remembers them. */
export interface RemovedClients {
  /** Whether a removed client had this token. */
  wasRemoved(authToken: string): boolean;
}
