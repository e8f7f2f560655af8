// From a text to what it starts: the owner's actions first, then the library. Every text that is run
// is told to all clients and kept in the history; a stop is neither.

import { AppError } from "../../base/app_error.ts";
import type { Clock } from "../../base/clock.ts";
import type { ActionRunner } from "../actions/action_runner.ts";
import { checkRunRequest, MAX_RUN_CHARACTERS, MAX_UID_CHARACTERS } from "../actions/run_text.ts";
import type { IndexedMedia } from "./media.ts";
import type { MediaIndex } from "./media_index.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";
import type { SystemCatalogue } from "./system_catalogue.ts";
import { parseZapScript, type Script, withoutTags } from "./zap_script.ts";

/** A text with what is known of the tag that it stood on. */
export interface RunToken {
  readonly text: string;
  readonly uid?: string | undefined;
  readonly type?: string | undefined;
  readonly data?: string | undefined;
}

/** Who wants a text to be run. */
export interface RunOrigin {
  /** The id of a client or key, "local" or "remote". */
  readonly by: string;
}

/** A token as clients are told of it. */
export type ScannedToken = Pick<HistoryEntry, "atMs" | "type" | "uid" | "text" | "data">;

/** The library, as far as texts need it. */
export interface RunnableLibrary {
  readonly index: MediaIndex;
  readonly catalogue: SystemCatalogue;
  /** Launches a media; AppError where that is not possible. */
  launch(media: IndexedMedia, token: RunToken): Promise<void>;
}

/** Options of {@linkcode TextRunner}. */
export interface TextRunnerOptions {
  actions: Pick<ActionRunner, "handles" | "run" | "stop">;
  /** The library; undefined where the owner has configured none. */
  library: RunnableLibrary | undefined;
  history: RunHistory;
  /** Hears of a text before it is run. */
  onScanned: (token: ScannedToken) => void;
  /** A number from 0 up to but not including 1. */
  fraction: () => number;
  clock: Clock;
}

/** Runs texts. */
export class TextRunner {
  readonly #options: TextRunnerOptions;
  #last: ScannedToken | undefined;

  /** A runner that has run nothing yet. */
  constructor(options: TextRunnerOptions) {
    this.#options = options;
    this.#last = options.history.newest(1)[0];
  }

  /** The token that was run last. */
  last(): ScannedToken | undefined {
    return this.#last;
  }

  /**
   * Starts what a text stands for; resolves when it was started. bad_request for a text that cannot
   * be run or asks for what is not supported, not_found where nothing fits it, and what the runner of
   * actions and the launcher throw.
   */
  async run(token: RunToken, { by }: RunOrigin): Promise<void> {
    const { text, uid = "" } = checkRunRequest(token);
    const { actions, history, onScanned, clock } = this.#options;
    const isAction = actions.handles(text);
    const script = isAction ? undefined : parseZapScript(text);
    if (script?.kind === "stop") {
      await actions.stop();
      return;
    }
    const type = shortened(token.type, MAX_UID_CHARACTERS);
    const data = shortened(token.data, MAX_RUN_CHARACTERS);
    const scanned = { atMs: clock.wallMs(), type, uid, text, data };
    this.#last = scanned;
    onScanned(scanned);
    let media: IndexedMedia | undefined;
    let isSuccess = false;
    try {
      if (script === undefined) await actions.run({ text, uid: token.uid });
      else {
        media = this.#find(script);
        await this.#options.library?.launch(media, token);
      }
      isSuccess = true;
    } finally {
      history.add({ ...scanned, by, isSuccess, media });
    }
  }

  #find(script: Script): IndexedMedia {
    const { library, history, fraction } = this.#options;
    const found = library && findMedia(script, { ...library, history, fraction });
    if (found !== undefined) return found;
    throw new AppError(
      "not_found",
      library === undefined
        ? "No action matches this text"
        : "No action and no media fits this text",
    );
  }
}

interface Shelf extends Pick<RunnableLibrary, "index" | "catalogue"> {
  readonly history: Pick<RunHistory, "lastPath">;
  readonly fraction: () => number;
}

function findMedia(script: Script, shelf: Shelf): IndexedMedia | undefined {
  const { index, catalogue, history, fraction } = shelf;
  switch (script.kind) {
    case "path":
      return index.findPath(script.path);
    case "file": {
      // Of two cards that have it, one may be out.
      const found = catalogue.named(script.systemId)
        .flatMap(({ folder }) => index.findPath(`${folder}/${script.file}`) ?? []);
      return found.find(({ isMissing }) => !isMissing) ?? found[0];
    }
    case "title":
      return firstOf(idsOf(script, shelf), (id) => findTitle(index, id, script.title));
    case "random":
      return firstOf(idsOf(script, shelf), (id) => index.pick(id, fraction()));
    case "system":
      return firstOf(idsOf(script, shelf), (id) => {
        const path = history.lastPath(id);
        const played = path === undefined ? undefined : index.findPath(path);
        if (played?.isMissing === false) return played;
        return index.search({ systemIds: [id] }, { maxResults: 1 }).results[0];
      });
    default:
      return undefined;
  }
}

function idsOf({ systemId }: { systemId: string }, { catalogue }: Shelf): string[] {
  return [...new Set(catalogue.named(systemId).map(({ id }) => id))];
}

// Tags tell variants apart where other devices wrote them; a name may look like one.
function findTitle(index: MediaIndex, systemId: string, title: string): IndexedMedia | undefined {
  const bare = index.countTitle(systemId, title) > 0 ? title : withoutTags(title);
  return index.findTitle(systemId, bare);
}

function firstOf<From, Found>(
  candidates: readonly From[],
  find: (candidate: From) => Found | undefined,
): Found | undefined {
  for (const candidate of candidates) {
    const found = find(candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

// What changes nothing is no reason to refuse a run, and no reason to be kept at any length.
function shortened(text: string | undefined, maxCharacters: number): string {
  return (text ?? "").slice(0, maxCharacters).toWellFormed().replaceAll("\0", "");
}
