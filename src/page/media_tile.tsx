// A game in the library: its cover starts it, the star on it makes it a favourite.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { CoverTile } from "./cover_tile.tsx";
import type { MediaEntry } from "./device_shapes.ts";
import { usePage } from "./page_context.ts";

/** The tag of favourites, as it is searched for and changed. */
export const FAVORITE_SEARCH = "user:favorite";

/** The tile. */
export function MediaTile({ media, isPlaying, start, setFavorite }: {
  media: MediaEntry;
  isPlaying: boolean;
  start: () => Promise<void>;
  setFavorite: (isWanted: boolean) => Promise<void>;
}): JSX.Element {
  const { words } = usePage();
  const { mediaId, name, system, hasCover, tags } = media;
  const isFavorite = tags.some(({ type, tag }) => `${type}:${tag}` === FAVORITE_SEARCH);
  const [startOnce, isStarting] = useOneAtATime(start);
  const [toggle, isChanging] = useOneAtATime(() => setFavorite(!isFavorite));
  return (
    <li class="media">
      <button
        type="button"
        class="tile"
        aria-current={isPlaying ? "true" : undefined}
        aria-disabled={isStarting}
        title={name}
        onClick={startOnce}
      >
        <CoverTile
          reference={hasCover ? { mediaId } : undefined}
          name={name}
          system={system.id}
        />
        <span class="name">{name}</span> <span class="soft">{system.name}</span>{" "}
        <span class="unseen">{words.start}</span>
      </button>
      <button
        type="button"
        class="star"
        aria-label={words.favoriteNamed(name)}
        aria-pressed={isFavorite}
        aria-disabled={isChanging}
        onClick={toggle}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 3.4l2.7 5.4 5.9.9-4.3 4.2 1 5.9-5.3-2.8-5.3 2.8 1-5.9-4.3-4.2 5.9-.9z" />
        </svg>
      </button>
    </li>
  );
}

// Not disabled meanwhile: that would take the focus away.
function useOneAtATime(work: () => Promise<void>): [act: () => void, isActing: boolean] {
  const [isActing, setIsActing] = useState(false);
  async function act(): Promise<void> {
    if (isActing) return;
    setIsActing(true);
    await work();
    setIsActing(false);
  }
  return [() => void act(), isActing];
}
