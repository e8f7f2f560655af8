// The pairing that the bench's own echoes know.

import type { LoadPairing } from "./load/load_session.ts";

/** Token and key. */
export const ECHO_PAIRING: LoadPairing = { authToken: "echo", pairingKey: "11".repeat(32) };
