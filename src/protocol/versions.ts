// The versions of the encryption that this device speaks, each a folder of its own beside this file.

import { PROTOCOL_VERSION } from "./v1/labels.ts";

/** The versions by the number that a first frame names, as peers are told. */
export const SUPPORTED_VERSIONS: readonly number[] = [PROTOCOL_VERSION];
