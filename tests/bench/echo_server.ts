// What the platform costs without a service: echoes over Deno.serve, bare or opening each frame and
// sealing it again. A program of its own; the argument is the cipher, and it writes its port.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { sessionKeys } from "../support/reference_wire.ts";
import { countedNonce } from "./counted_nonce.ts";
import { ECHO_PAIRING } from "./echo_pairing.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Answer = (frame: string) => string | Promise<string>;

const TAG = { authTagLength: 16 };
const AAD = new TextEncoder().encode(`${ECHO_PAIRING.authToken}:ws`);

/** An echo's way to answer, for one connection. */
const CIPHERS: Record<string, () => Answer> = {
  none: () => (frame) => frame,
  sync: syncAnswer,
  webcrypto: webCryptoAnswer,
};

function syncAnswer(): Answer {
  let keys: SessionKeys | undefined;
  return (frame) => {
    const { e, s } = JSON.parse(frame);
    const { c2s, s2c } = keys ??= deriveKeys(s);
    const sealed = Uint8Array.fromBase64(e);
    const end = sealed.length - TAG.authTagLength;
    const decipher = createDecipheriv("aes-256-gcm", c2s.key, c2s.nonce(), TAG);
    decipher.setAAD(AAD);
    decipher.setAuthTag(sealed.subarray(end));
    const plaintext = decipher.update(sealed.subarray(0, end));
    decipher.final();
    const cipher = createCipheriv("aes-256-gcm", s2c.key, s2c.nonce(), TAG);
    cipher.setAAD(AAD);
    const answer = new Uint8Array(sealed.length);
    answer.set(cipher.update(plaintext));
    cipher.final();
    answer.set(cipher.getAuthTag(), end);
    return `{"e":"${answer.toBase64()}"}`;
  };
}

function webCryptoAnswer(): Answer {
  let keys: SessionKeys | undefined;
  let imported: Promise<[open: CryptoKey, seal: CryptoKey]> | undefined;
  return async (frame) => {
    const { e, s } = JSON.parse(frame);
    const { c2s, s2c } = keys ??= deriveKeys(s);
    // Each call keeps its own: the buffers are overwritten while the platform works.
    const [openIv, sealIv] = [new Uint8Array(c2s.nonce()), new Uint8Array(s2c.nonce())];
    const options = { name: "AES-GCM", additionalData: AAD };
    const [open, seal] = await (imported ??= importKeys(c2s.key, s2c.key));
    const sealed = Uint8Array.fromBase64(e);
    const plaintext = await crypto.subtle.decrypt({ ...options, iv: openIv }, open, sealed);
    const answer = await crypto.subtle.encrypt({ ...options, iv: sealIv }, seal, plaintext);
    return `{"e":"${new Uint8Array(answer).toBase64()}"}`;
  };
}

interface Direction {
  readonly key: Bytes;
  readonly nonce: () => Bytes;
}

type SessionKeys = Record<"c2s" | "s2c", Direction>;

function deriveKeys(salt: unknown): SessionKeys {
  const pairingKey = Buffer.from(ECHO_PAIRING.pairingKey, "hex");
  const { c2s, s2c } = sessionKeys(pairingKey, Buffer.from(String(salt), "base64"));
  const direction = ({ key, base }: { key: Bytes; base: Bytes }): Direction => ({
    key,
    nonce: countedNonce(base),
  });
  return { c2s: direction(c2s), s2c: direction(s2c) };
}

function importKeys(open: Bytes, seal: Bytes): Promise<[open: CryptoKey, seal: CryptoKey]> {
  const importKey = (key: Bytes, use: KeyUsage): Promise<CryptoKey> =>
    crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
  return Promise.all([importKey(open, "decrypt"), importKey(seal, "encrypt")]);
}

if (import.meta.main) {
  const createAnswer = CIPHERS[Deno.args[0] ?? "none"];
  if (createAnswer === undefined) throw new Error("The cipher is none, sync or webcrypto");
  Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen: ({ port }) => Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`)),
  }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const answer = createAnswer();
    let tail: Promise<void> | undefined;
    socket.onmessage = ({ data }) => {
      const given = answer(String(data));
      if (typeof given === "string") return socket.send(given);
      // WebCrypto does not end in order.
      tail = Promise.all([given, tail]).then(([text]) => socket.send(text));
    };
    return response;
  });
}
