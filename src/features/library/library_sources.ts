// The sources that the owner's [[library]] tables name.

import { createEmulationStationHttpSource } from "./emulationstation_http_source.ts";
import { createEmulationStationSource } from "./emulationstation_source.ts";
import type { FileAccess } from "./file_access.ts";
import { createFolderSource } from "./folder_source.ts";
import type { Frontend } from "./frontend.ts";
import type { LibrarySettings } from "./library_settings.ts";
import type { LibrarySource } from "./library_source.ts";

/** What sources read with. */
export interface LibraryEdges {
  readonly files: FileAccess;
  /** The EmulationStation of this device, whether it runs or not. */
  readonly frontend: Frontend;
}

/** The sources of some settings, in their order; the settings have been checked. */
export function librarySources(
  libraries: readonly LibrarySettings[],
  edges: LibraryEdges,
): LibrarySource[] {
  return libraries.map((library) => {
    switch (library.source) {
      case "folder":
        return createFolderSource(library, edges.files);
      case "emulationstation":
        return createEmulationStationSource(library, edges.files);
      case "emulationstation_http":
        return createEmulationStationHttpSource(library, edges);
    }
  });
}
