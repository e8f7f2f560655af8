// The PIN in the address that the device's code opens. It stays behind the #, which browsers never
// send, and is taken out of the address at once, so that no history and no screenshot keeps it.

import { PIN_PATTERN } from "../protocol/v1/pin_format.ts";

const PIN_ADDRESS = new RegExp(`^#pair=(${PIN_PATTERN})$`);

/** What is needed of the browser's address. */
export interface PageAddress {
  /** Path and query. */
  readonly pathname: string;
  /** What stands behind the #, with it. */
  readonly hash: string;
}

/** Takes the PIN out of the address; undefined where none, or no PIN of this device, is in it. */
export function takePin(
  { pathname, hash }: PageAddress,
  history: { replaceState(data: unknown, unused: string, url: string): void },
): string | undefined {
  if (!hash.startsWith("#pair=")) return undefined;
  history.replaceState(null, "", pathname);
  return PIN_ADDRESS.exec(hash)?.[1];
}
