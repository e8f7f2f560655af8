// A paired client that wants a session and tries again and again, as the phone's app does.

import { connectPhone, type PhonePairing } from "./reference_phone.ts";

/** An owner in need. */
export interface Owner {
  /** Where the device answers. */
  baseUrl: string;
  /** What the phone keeps, its key as numbers so that it fits into JSON. */
  pairing: Omit<PhonePairing, "pairingKey"> & { pairingKey: number[] };
  /** How long its first frame is on its way after the upgrade, in milliseconds. */
  roundTripMs: number;
  /** How long it waits after a failure, in milliseconds. */
  retryMs: number;
  /** After how long it gives up, in milliseconds. */
  limitMs: number;
}

/** What became of it. */
export interface OwnerResult {
  /** How long it took until a call was answered over a session; undefined where none was. */
  afterMs: number | undefined;
  /** How often it tried. */
  tries: number;
}

/** Tries until a call is answered. */
export async function runOwner(owner: Owner): Promise<OwnerResult> {
  const { baseUrl, roundTripMs, retryMs, limitMs } = owner;
  const pairing = { ...owner.pairing, pairingKey: Uint8Array.from(owner.pairing.pairingKey) };
  const startedAt = performance.now();
  const passedMs = (): number => performance.now() - startedAt;
  let tries = 0;
  while (passedMs() < limitMs) {
    tries += 1;
    try {
      const phone = await connectPhone(baseUrl, pairing);
      await new Promise((resolve) => setTimeout(resolve, roundTripMs));
      await phone.call("version");
      const afterMs = passedMs();
      await phone.close();
      return { afterMs, tries };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  return { afterMs: undefined, tries };
}
