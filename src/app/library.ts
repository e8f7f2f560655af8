// The library of the device: its index, its sources and the scans between them.

import type { Frontend } from "../features/library/frontend.ts";
import type { MediaLibrary } from "../features/library/media_library.ts";
import { noLibrary } from "../features/library/no_library.ts";

/** The library of a running service. */
export interface OpenLibrary {
  readonly media: MediaLibrary;
  /** Whether the owner has configured one. */
  readonly isConfigured: boolean;
  /** The frontend over which media are launched, where one is. */
  readonly frontend: () => Frontend | undefined;
}

/** Opens the library. */
export function openLibrary(): OpenLibrary {
  return { media: noLibrary(), isConfigured: false, frontend: () => undefined };
}
