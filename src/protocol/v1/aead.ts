// AES-256-GCM under the keys of one direction, with the implicit counter (docs/protocol.md §5).
// WebCrypto finishes out of call order and after the synchronous cipher, so the counter is taken when
// a call begins; whoever calls keeps the results in that order.

import { type Bytes, utf8 } from "../../base/bytes.ts";
import type { Eventual } from "../../base/eventual.ts";
import { type DirectionKeys, NONCE_BYTES } from "./key_schedule.ts";
import { AAD_SUFFIX } from "./labels.ts";

/** Length of the tag behind every ciphertext, in bytes. */
export const TAG_BYTES = 16;

/**
 * The longest plaintext that goes through a synchronous cipher beside WebCrypto, in bytes. WebCrypto
 * hops to a thread for every call, which costs more than the cipher itself up to about this size.
 */
export const MAX_SYNC_BYTES = 2048;

// The counter's halves lie at the end of the nonce, the higher one first.
const HIGH_AT = NONCE_BYTES - 8;
const LOW_AT = NONCE_BYTES - 4;
const MAX_HALF = 0xffffffff;

/** The counter that is refused: one frame fewer than its range has values. */
export const COUNTER_LIMIT: bigint = 2n ** 64n - 1n;

/**
 * One direction of a session: each call uses the next counter and throws RangeError at its end. What
 * the synchronous cipher takes is there at once.
 */
export interface FrameCipher {
  /** The tagged ciphertext of the next frame. */
  seal(plaintext: Bytes): Eventual<Bytes>;
  /** The next frame's plaintext, or undefined where it is not authentic. */
  open(ciphertext: Bytes): Eventual<Bytes | undefined>;
}

/** What a frame is sealed and opened under: a key of 32 bytes, a nonce of 12. */
export interface FrameParams {
  /** The direction's key. */
  readonly key: Bytes;
  /** The frame's nonce. */
  readonly nonce: Bytes;
  /** What it is bound to. */
  readonly additionalData: Bytes;
}

/** AES-256-GCM without a thread, which the platform may have. */
export interface SyncAead {
  /**
   * The longest plaintext that it takes, in bytes; WebCrypto takes what is longer.
   * @default {MAX_SYNC_BYTES}
   */
  readonly maxBytes?: number;
  /** The ciphertext with its tag of 16 bytes behind it. */
  seal(plaintext: Bytes, params: FrameParams): Bytes;
  /** The plaintext, or undefined where it is not authentic; takes at least a tag. */
  open(ciphertext: Bytes, params: FrameParams): Bytes | undefined;
}

/** What every frame of a connection is bound to. */
export function frameAad(authToken: string): Bytes {
  return utf8(`${authToken}${AAD_SUFFIX}`);
}

/** The nonce of a frame: the base with the 64-bit counter mixed into its last eight bytes. */
export function frameNonce(nonceBase: Uint8Array, counter: bigint): Bytes {
  return nonceSequence(nonceBase, counter)();
}

/**
 * Gives the nonces of one direction from `first` on; RangeError where the counter is exhausted. The
 * counter is kept in two halves: a bigint for each frame costs more than the rest of the nonce.
 */
function nonceSequence(nonceBase: Uint8Array, first: bigint): () => Bytes {
  if (first < 0n || first > COUNTER_LIMIT) throw counterExhausted();
  if (nonceBase.length !== NONCE_BYTES) throw new RangeError("Cannot make nonce: wrong base");
  let high = Number(first >> 32n);
  let low = Number(first & 0xffffffffn);
  return () => {
    if (low === MAX_HALF && high === MAX_HALF) throw counterExhausted();
    const nonce = new Uint8Array(nonceBase);
    mixInto(nonce, HIGH_AT, high);
    mixInto(nonce, LOW_AT, low);
    if (low === MAX_HALF) high += 1;
    low = low === MAX_HALF ? 0 : low + 1;
    return nonce;
  };
}

function mixInto(nonce: Uint8Array, at: number, half: number): void {
  for (let i = 0; i < 4; i++) nonce[at + i] = (nonce[at + i] ?? 0) ^ (half >>> (24 - 8 * i));
}

function counterExhausted(): RangeError {
  return new RangeError("Cannot make nonce: counter exhausted, close the connection");
}

/**
 * A cipher for one direction, beginning at `counter`. What `syncAead` takes goes through it, all else
 * through WebCrypto, which gets its key with the first of those frames; the bytes are the same.
 */
export function createFrameCipher(
  keys: DirectionKeys,
  options: { authToken: string; counter?: bigint; syncAead?: SyncAead | undefined },
): FrameCipher {
  const { authToken, counter = 0n, syncAead } = options;
  const additionalData = frameAad(authToken);
  let webKey: Promise<CryptoKey> | undefined;
  const nextNonce = nonceSequence(keys.nonceBase, counter);
  const maxSyncBytes = syncAead?.maxBytes ?? MAX_SYNC_BYTES;
  function nextParams(): FrameParams {
    return { key: keys.key, nonce: nextNonce(), additionalData };
  }
  function importKey(): Promise<CryptoKey> {
    return webKey ??= crypto.subtle.importKey("raw", keys.key, "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
  }
  function webParams({ nonce }: FrameParams): AesGcmParams {
    return { name: "AES-GCM", iv: nonce, additionalData, tagLength: TAG_BYTES * 8 };
  }
  async function sealWithWeb(plaintext: Bytes, params: FrameParams): Promise<Bytes> {
    const key = await importKey();
    return new Uint8Array(await crypto.subtle.encrypt(webParams(params), key, plaintext));
  }
  async function openWithWeb(ciphertext: Bytes, params: FrameParams): Promise<Bytes | undefined> {
    const key = await importKey();
    try {
      return new Uint8Array(await crypto.subtle.decrypt(webParams(params), key, ciphertext));
    } catch {
      return undefined;
    }
  }
  return {
    seal(plaintext: Bytes): Eventual<Bytes> {
      const params = nextParams();
      return syncAead !== undefined && plaintext.length <= maxSyncBytes
        ? syncAead.seal(plaintext, params)
        : sealWithWeb(plaintext, params);
    },
    open(ciphertext: Bytes): Eventual<Bytes | undefined> {
      const params = nextParams();
      if (ciphertext.length < TAG_BYTES) return undefined;
      return syncAead !== undefined && ciphertext.length <= maxSyncBytes + TAG_BYTES
        ? syncAead.open(ciphertext, params)
        : openWithWeb(ciphertext, params);
    },
  };
}
