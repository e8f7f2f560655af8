// The library of a device whose owner has configured none: nothing is there, and nothing is sought.

import { AppError } from "../../base/app_error.ts";
import type { MediaIndex } from "./media_index.ts";
import type { MediaLibrary } from "./media_library.ts";
import { SystemCatalogue } from "./system_catalogue.ts";

const EMPTY_INDEX: MediaIndex = {
  total: () => 0,
  countBySystem: () => new Map(),
  search: () => ({ results: [], nextCursor: undefined }),
  count: () => 0,
  browse: () => ({ entries: [], totalMedia: 0, directMedia: 0, nextCursor: undefined }),
  countBelow: () => 0,
  letters: () => [],
  find: () => undefined,
  findPath: () => undefined,
  findTitle: () => undefined,
  countTitle: () => 0,
  favoritePaths: () => [],
  pick: () => undefined,
};

// deno-lint-ignore require-yield -- there is nothing to give
async function* noBytes(): AsyncGenerator<Uint8Array> {
  await Promise.reject(new AppError("not_found", "No such file"));
}

/** An empty library. */
export function noLibrary(): MediaLibrary {
  return {
    index: EMPTY_INDEX,
    catalogue: new SystemCatalogue(),
    scans: {
      progress: {
        isIndexing: false,
        totalSteps: 0,
        currentStep: 0,
        currentStepDisplay: "",
        totalFiles: 0,
      },
      request: () => {},
      cancel: () => false,
      subscribe: () => () => {},
    },
    files: { read: noBytes },
    imageFolders: () => [],
  };
}
