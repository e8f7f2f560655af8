// The media that people marked as favourites on their phones. They are kept here alone, never in a
// file of the frontend; where somebody has decided here, that counts, and elsewhere the frontend's
// own mark.

import { AppError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import { type BucketRate, TokenBucket } from "../../base/token_bucket.ts";
import type { IndexedMedia } from "./media.ts";

/** How many decisions are kept. */
export const MAX_FAVORITES = 5_000;

/** How often all callers together may change one, for each change is written to the disk. */
export const FAVORITE_RATE: BucketRate = { burst: 200, perSecond: 10 };

/** When a change should come again that came too often, in seconds. */
export const FAVORITE_RETRY_AFTER_S = 1;

/** A decision about one media. */
export interface Favorite {
  /** The media's path. */
  readonly path: string;
  readonly isFavorite: boolean;
}

/** Where decisions are kept. */
export interface FavoriteStore {
  list(): Favorite[];
  /** Keeps a decision in the place of the one before. */
  set(favorite: Favorite): void;
}

/** The favourites. */
export class Favorites {
  readonly #store: FavoriteStore;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #changes: TokenBucket;
  readonly #decisions: Map<string, boolean>;

  /** The favourites of a store. */
  constructor(store: FavoriteStore, clock: Pick<Clock, "monotonicMs">) {
    this.#store = store;
    this.#clock = clock;
    this.#changes = new TokenBucket(FAVORITE_RATE, clock.monotonicMs());
    this.#decisions = new Map(store.list().map(({ path, isFavorite }) => [path, isFavorite]));
  }

  /** Goes on from what the store has: decisions that were not on the disk may be gone. */
  reload(): void {
    this.#decisions.clear();
    for (const { path, isFavorite } of this.#store.list()) this.#decisions.set(path, isFavorite);
  }

  /** Whether a media is one. */
  has({ path, details }: Pick<IndexedMedia, "path" | "details">): boolean {
    return this.#decisions.get(path) ?? details.isFavorite ?? false;
  }

  /**
   * Decides about a media; conflict where there are too many already, rate_limited where they change
   * too often. What was decided before is neither written nor counted.
   */
  set(path: string, isFavorite: boolean): void {
    if (this.#decisions.get(path) === isFavorite) return;
    if (!this.#decisions.has(path) && this.#decisions.size >= MAX_FAVORITES) {
      throw new AppError("conflict", `There are already ${MAX_FAVORITES} favourites`);
    }
    if (!this.#changes.take(this.#clock.monotonicMs())) {
      throw new AppError("rate_limited", "Favourites change too often", {
        retryAfterS: FAVORITE_RETRY_AFTER_S,
      });
    }
    this.#store.set({ path, isFavorite });
    this.#decisions.set(path, isFavorite);
  }

  /** The paths of all favourites, given those that their sources mark. */
  paths(marked: readonly string[]): ReadonlySet<string> {
    const paths = new Set(marked);
    for (const [path, isFavorite] of this.#decisions) {
      if (isFavorite) paths.add(path);
      else paths.delete(path);
    }
    return paths;
  }
}
