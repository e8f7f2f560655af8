// What plays and what can be started: the library where there is one, the actions elsewhere.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ActionsSection } from "./actions_section.tsx";
import { CoverTile } from "./cover_tile.tsx";
import type { PlayingMedia } from "./device_shapes.ts";
import { LibrarySection } from "./library_section.tsx";
import { momentText, reasonOf, useDevice, usePage, useProblem } from "./page_context.ts";
import { Alert, ViewTitle } from "./page_parts.tsx";

/** The view. */
export function PlayView(): JSX.Element {
  const page = useDevice();
  const { store, words, say } = page;
  const { playing, library } = store.data;
  const [problem, setProblem] = useProblem();
  async function attempt(work: () => Promise<void>): Promise<void> {
    setProblem(undefined);
    await work().catch((error) => {
      const why = store.link.state.step === "away" ? words.away : reasonOf(error, page);
      setProblem(words.failed(why));
    });
  }
  async function run(text: string, saying: string): Promise<void> {
    await attempt(async () => {
      await store.call("run", { text });
      if (saying !== "") say(saying);
    });
    void store.refresh();
  }
  useSpokenMedia(playing);
  return (
    <>
      <ViewTitle>{words.play}</ViewTitle>
      <NowPlaying playing={playing} onStop={() => void run("**stop", "")} />
      <Alert problem={problem} class="told" />
      {library === undefined
        ? <p class="soft wait">{words.loading}</p>
        : library.exists
        ? (
          <LibrarySection
            library={library}
            playingPath={playing?.mediaPath}
            run={(text, name) => run(text, words.starting(name))}
            attempt={attempt}
          />
        )
        : <ActionsSection run={(text) => run(text, words.ran(text))} />}
    </>
  );
}

function NowPlaying({ playing, onStop }: {
  playing: PlayingMedia | null | undefined;
  onStop: () => void;
}): JSX.Element {
  const { words, locale } = usePage();
  if (!playing) {
    return (
      <section class="now idle card" aria-label={words.nowPlaying}>
        <p class="title">{playing === undefined ? words.loading : words.nothingPlays}</p>
        <p class="soft">{playing === null && words.nothingPlaysText}</p>
      </section>
    );
  }
  const { mediaName, systemName, systemId, mediaPath, started } = playing;
  const systemText = systemName === mediaName ? "" : `${systemName} · `;
  return (
    <section class="now card" aria-label={words.nowPlaying}>
      <CoverTile
        reference={{ system: systemId, path: mediaPath }}
        name={mediaName}
        system={systemName}
      />
      <div class="what">
        <p class="over">{words.nowPlaying}</p>
        <p class="title">{mediaName}</p>
        <p class="soft">
          {systemText}
          {words.since(momentText(Date.parse(started), locale))}
        </p>
        <button
          type="button"
          class="main"
          aria-label={words.stopNamed(mediaName)}
          onClick={onStop}
        >
          {words.stop}
        </button>
      </div>
    </section>
  );
}

// Begins and ends are said to who does not look; not what played before the page came.
function useSpokenMedia(playing: PlayingMedia | null | undefined): void {
  const { say, words } = usePage();
  const before = useRef(playing);
  useEffect(() => {
    const last = before.current;
    before.current = playing;
    if (last === undefined || playing === undefined) return;
    if (playing !== null && playing.started !== last?.started) {
      say(words.started(playing.mediaName));
    } else if (playing === null && last !== null) say(words.stopped(last.mediaName));
  }, [playing?.started, playing === null]);
}
