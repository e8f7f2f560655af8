// The library of the device, as the rest of the service sees it. Without a [[library]] nothing of it is
// loaded or opened, and the first one waits for a restart.

import { noLibrary } from "../features/library/no_library.ts";
import type { OpenLibrary, OpenLibraryOptions } from "./open_library.ts";

/** The library of a device without one. */
export function absentLibrary(): OpenLibrary {
  return {
    media: noLibrary(),
    isConfigured: false,
    createLaunch: undefined,
    replaceSources: () => {},
  };
}

/** Opens the library and begins to scan it. */
export async function openLibrary(options: OpenLibraryOptions): Promise<OpenLibrary> {
  if (options.config.libraries.length === 0) return absentLibrary();
  // What it brings along would make every start longer.
  const { openConfiguredLibrary } = await import("./configured_library.ts");
  return openConfiguredLibrary(options, await options.edges.loadLibrary());
}
