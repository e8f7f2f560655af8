// Where a browser keeps what it got from pairing. A browser that keeps nothing (a private window) has
// it as long as the page is open.

import type { Credentials } from "../sdk/credentials.ts";
import { forgetKept, keepText, readKept } from "./kept_text.ts";

/** The credentials of this page. */
export interface CredentialVault {
  /** What was kept; undefined where nothing was. */
  read(): Promise<Credentials | undefined>;
  /** Keeps; false where the browser keeps it only as long as the page is open. */
  write(credentials: Credentials): Promise<boolean>;
  /** Forgets. */
  clear(): Promise<void>;
}

/** The vault of this browser; its first reading is `first`, where that has begun before. */
export function openVault(first?: Promise<unknown>): CredentialVault {
  let inMemory: Credentials | undefined;
  let begun = first;
  return {
    async read(): Promise<Credentials | undefined> {
      const reading = begun ?? readKept();
      begun = undefined;
      try {
        const text = await reading;
        if (typeof text !== "string") return inMemory;
        const { parseCredentials } = await import("../sdk/credentials.ts");
        return parseCredentials(text);
      } catch {
        return inMemory;
      }
    },
    async write(credentials): Promise<boolean> {
      inMemory = credentials;
      begun = undefined;
      const { encodeCredentials } = await import("../sdk/credentials.ts");
      try {
        await keepText(encodeCredentials(credentials));
        return true;
      } catch {
        return false;
      }
    },
    async clear(): Promise<void> {
      inMemory = undefined;
      begun = undefined;
      await forgetKept().catch(() => {});
    },
  };
}
