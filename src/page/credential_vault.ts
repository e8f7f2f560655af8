// Where a browser keeps what it got from pairing: in IndexedDB of this page's origin. A browser that
// keeps nothing (a private window) has it as long as the page is open.

import { type Credentials, encodeCredentials, parseCredentials } from "../sdk/connect.ts";

const DATABASE = "latchkey";
const STORE = "pairings";
const KEY = "device";

/** The credentials of this page. */
export interface CredentialVault {
  /** What was kept; undefined where nothing was. */
  read(): Promise<Credentials | undefined>;
  /** Keeps; false where the browser keeps it only as long as the page is open. */
  write(credentials: Credentials): Promise<boolean>;
  /** Forgets. */
  clear(): Promise<void>;
}

/** The vault of this browser. */
export function openVault(): CredentialVault {
  let inMemory: Credentials | undefined;
  return {
    async read(): Promise<Credentials | undefined> {
      try {
        const text = await inStore("readonly", (store) => store.get(KEY));
        return typeof text === "string" ? parseCredentials(text) : inMemory;
      } catch {
        return inMemory;
      }
    },
    async write(credentials): Promise<boolean> {
      inMemory = credentials;
      try {
        await inStore("readwrite", (store) => store.put(encodeCredentials(credentials), KEY));
        return true;
      } catch {
        return false;
      }
    },
    async clear(): Promise<void> {
      inMemory = undefined;
      await inStore("readwrite", (store) => store.delete(KEY)).catch(() => {});
    },
  };
}

async function inStore(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([settled(request(transaction.objectStore(STORE))), done]);
    return result;
  } finally {
    database.close();
  }
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
