// The library: systems, a search that answers while somebody types, covers to tap.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type {
  LibraryState,
  MediaAnswer,
  MediaEntry,
  SystemEntry,
  TagEntry,
} from "./device_shapes.ts";
import { FAVORITE_SEARCH, MediaTile } from "./media_tile.tsx";
import { reasonOf, useAnswer, usePage, useProblem } from "./page_context.ts";
import { Alert, Section } from "./page_parts.tsx";

const PAGE_MEDIA = 60;

/** The longest search that the device takes, in characters. */
export const MAX_SEARCH_CHARACTERS = 256;

const TYPING_PAUSE_MS = 150;

interface Found {
  readonly media: readonly MediaEntry[];
  readonly cursor: string | undefined;
}

/** The library. */
export function LibrarySection({ library, playingPath, run, attempt }: {
  library: LibraryState;
  playingPath: string | undefined;
  run: (text: string, name: string) => Promise<void>;
  attempt: (work: () => Promise<void>) => Promise<void>;
}): JSX.Element {
  const { store, words } = usePage();
  const [query, setQuery] = useState("");
  const [filter, setFilter] = useState("");
  const { answer: systems } = useAnswer(
    () => store.call<{ systems: SystemEntry[] }>("systems"),
    [library.totalMedia],
  );
  const { found, problem, more, isAsking, retag } = useSearch({
    query,
    filter,
    totalMedia: library.totalMedia,
  });
  const shown = (systems?.systems ?? []).filter(({ mediaCount }) => mediaCount > 0)
    .sort((a, b) => a.name.localeCompare(b.name));
  const filters = [
    ["", words.all],
    [FAVORITE_SEARCH, words.favorites],
    ...shown.map(({ id, name }) => [id, name] as const),
  ] as const;
  return (
    <Section title={words.library}>
      <search>
        <input
          type="search"
          placeholder={words.search}
          aria-label={words.search}
          autoComplete="off"
          spellcheck={false}
          maxLength={MAX_SEARCH_CHARACTERS}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <div class="chips" role="group" aria-label={words.systems}>
          {filters.map(([id, name]) => (
            <button
              type="button"
              key={id}
              class="chip"
              aria-pressed={filter === id}
              onClick={() => setFilter(id)}
            >
              {name}
            </button>
          ))}
        </div>
      </search>
      {library.indexing && (
        <p class="soft" role="status">{words.indexing(library.currentStepDisplay ?? "")}</p>
      )}
      <Alert problem={problem} class="told" />
      <p class="soft count" role="status">
        {found === undefined ? words.loading : countText(found, words)}
      </p>
      {found?.media.length === 0 && !library.indexing && (
        <p class="empty">
          {library.totalMedia === 0
            ? words.emptyLibraryText
            : filter === FAVORITE_SEARCH && query === ""
            ? words.noFavoritesText
            : words.noneFoundText}
        </p>
      )}
      <ul class="grid" aria-busy={isAsking}>
        {found?.media.map((media) => (
          <MediaTile
            key={media.mediaId}
            media={media}
            isPlaying={media.path === playingPath}
            start={() => run(media.zapScript, media.name)}
            setFavorite={(isWanted) =>
              attempt(async () => {
                const { tags } = await store.call<{ tags: TagEntry[] }>("media.tags.update", {
                  mediaId: media.mediaId,
                  [isWanted ? "add" : "remove"]: [FAVORITE_SEARCH],
                });
                retag(media.mediaId, tags);
              })}
          />
        ))}
      </ul>
      {found?.cursor !== undefined && <MoreButton more={more} />}
    </Section>
  );
}

function countText(
  { media, cursor }: Found,
  words: ReturnType<typeof usePage>["words"],
): string {
  if (media.length === 0) return words.noneFound;
  return cursor === undefined ? words.found(`${media.length}`) : words.foundMore(`${media.length}`);
}

// Asks for more by itself when it comes into view; a button for who does not scroll.
function MoreButton({ more }: { more: () => void }): JSX.Element {
  const { words } = usePage();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = button.current;
    if (element === null) return;
    const watch = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) more();
    }, { rootMargin: "600px" });
    watch.observe(element);
    return () => watch.disconnect();
  });
  return <button type="button" class="wide" ref={button} onClick={more}>{words.more}</button>;
}

function useSearch({ query, filter, totalMedia }: {
  query: string;
  filter: string;
  totalMedia: number;
}): {
  found: Found | undefined;
  problem: string | undefined;
  isAsking: boolean;
  more: () => void;
  retag: (mediaId: number, tags: readonly TagEntry[]) => void;
} {
  const page = usePage();
  const { store, words } = page;
  const [problem, setProblem] = useProblem([query, filter]);
  const [found, setFound] = useState<Found>();
  const [isAsking, setIsAsking] = useState(false);
  // Answers of older searches come to nothing.
  const current = useRef(0);

  async function ask(before: Found | undefined): Promise<void> {
    const mine = ++current.current;
    setIsAsking(true);
    try {
      const { results, pagination } = await store.call<MediaAnswer>("media.search", {
        query,
        ...(filter === ""
          ? {}
          : filter === FAVORITE_SEARCH
          ? { tags: [filter] }
          : { systems: [filter] }),
        maxResults: PAGE_MEDIA,
        ...(before?.cursor === undefined ? {} : { cursor: before.cursor }),
      });
      if (mine !== current.current) return;
      setProblem(undefined);
      setFound({
        media: [...before?.media ?? [], ...results],
        cursor: pagination.hasNextPage ? pagination.nextCursor : undefined,
      });
    } catch (error) {
      // What was found stays. Without a reason it is the connection, and the next one asks again.
      const why = reasonOf(error, page);
      if (mine === current.current && why !== "") setProblem(words.failed(why));
    } finally {
      if (mine === current.current) setIsAsking(false);
    }
  }

  const isFirst = found === undefined;
  useEffect(() => {
    const timer = setTimeout(() => void ask(undefined), isFirst ? 0 : TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [query, filter, totalMedia, store.link.state.step]);
  return {
    found,
    problem,
    isAsking,
    more: () => {
      if (!isAsking && found?.cursor !== undefined) void ask(found);
    },
    // What is no favourite any more stays in the list until the next search, to be made one again.
    retag: (mediaId, tags) =>
      setFound((before) =>
        before && {
          ...before,
          media: before.media.map((one) => one.mediaId === mediaId ? { ...one, tags } : one),
        }
      ),
  };
}
