// Every number of docs/protocol.md §3 that bounds a pairing.

import type { BucketRate } from "../../base/token_bucket.ts";

/** How long a PIN is valid, in milliseconds. */
export const PIN_LIFETIME_MS: number = 5 * 60_000;

/** How long a client may take between start and finish, in milliseconds. */
export const PAIRING_SESSION_LIFETIME_MS: number = 2 * 60_000;

/** How many wrong confirms end a PIN, over all its sessions. */
export const MAX_FAILURES_PER_PIN = 3;

/** How many of them one address (of IPv6: its /64) may have; from then on it is refused unheard. */
export const MAX_FAILURES_PER_ADDRESS = 2;

/** How many sessions of a PIN live at once; a further one drops the oldest. */
export const MAX_PAIRING_SESSIONS = 16;

/** How often remote peers together may start, by halves: one is for hosts that have rested. */
export const START_HALF_RATE: BucketRate = { burst: 1, perSecond: 1 };

/** How long a host has rested since its last start to have a part in that half, in milliseconds. */
export const START_REST_MS = 30_000;

/** How many hosts are remembered for that. */
export const MAX_START_ADDRESSES = 4096;

/** How many PINs may die of wrong guesses within the window before pairing closes. */
export const MAX_BURNED_PINS = 5;

/** The window in which burned PINs count, in milliseconds. */
export const BURNED_PINS_WINDOW_MS: number = 60 * 60_000;

/** How long pairing stays closed then, in milliseconds. */
export const LOCKOUT_MS: number = 10 * 60_000;
