// The one text that a browser keeps for this page: in IndexedDB of the page's origin.

const DATABASE = "latchkey";
const STORE = "pairings";
const KEY = "device";

/** What is kept; undefined where nothing is. Rejected where the browser keeps nothing. */
export async function readKept(): Promise<unknown> {
  return await inStore("readonly", (store) => store.get(KEY));
}

/** Keeps a text in place of the one before. Rejected likewise. */
export async function keepText(text: string): Promise<void> {
  await inStore("readwrite", (store) => store.put(text, KEY));
}

/** Forgets. Rejected likewise. */
export async function forgetKept(): Promise<void> {
  await inStore("readwrite", (store) => store.delete(KEY));
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
