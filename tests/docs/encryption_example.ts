// The client that docs/api/encryption.md prints, as a module: what the tests run is what people
// copy. It shares no code with src.

const DOCUMENT = new URL("../../docs/api/encryption.md", import.meta.url);

/** What the example keeps of a pairing. */
export interface ExampleCredentials {
  /** UUID by which the device's owner can name the client. */
  readonly clientId: string;
  /** UUID that names the client in first frames. */
  readonly authToken: string;
  /** The 32-byte key in base64. */
  readonly pairingKey: string;
}

/** The example's connection. */
export interface ExampleSession {
  /** Calls a method. */
  call(method: string, params?: unknown): Promise<unknown>;
  /** Resolves with the pong. */
  ping(): Promise<unknown>;
  /** Closes. */
  close(): void;
}

/** What the example exports; it uses the platform's fetch and WebSocket. */
export interface EncryptionExample {
  /** Pairs with the device at `baseUrl`. */
  pair(baseUrl: string, pin: string, name: string): Promise<ExampleCredentials>;
  /** Opens a session over a WebSocket to `url`. */
  openSession(
    url: string,
    credentials: ExampleCredentials,
    onNotification?: (method: string, params: unknown) => void,
  ): Promise<ExampleSession>;
}

/** The document. */
export function readEncryptionDocument(): string {
  return Deno.readTextFileSync(DOCUMENT);
}

/** The one block of JavaScript in the document. */
export function encryptionExampleSource(): string {
  const blocks = [...readEncryptionDocument().matchAll(/^```js\n(.*?)^```$/gms)];
  const [, source] = blocks[0] ?? [];
  if (source === undefined || blocks.length !== 1) {
    throw new Error("Cannot load the example: expected one block of js in encryption.md");
  }
  return source;
}

/** The example, imported as it stands; the imports of deno.json tell where its package is. */
export async function loadEncryptionExample(): Promise<EncryptionExample> {
  return await import(`data:text/javascript,${encodeURIComponent(encryptionExampleSource())}`);
}

/** The address of the WebSocket of the device at `baseUrl`. */
export function socketUrl(baseUrl: string): string {
  return `${baseUrl.replace("http", "ws")}/api/v0.1`;
}
