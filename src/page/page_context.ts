// What every part of the page has at hand: the store, the words, how times are written.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { CoverShelf } from "./cover_shelf.ts";
import { type DeviceStore, RefusalError } from "./device_store.ts";
import type { ChosenWords } from "./page_words.ts";

/** What the document says of the device. */
export interface ServedFacts {
  /** Its name, where it tells it to everybody. */
  readonly deviceName: string | undefined;
  /** Its own address, where the page's is none that it takes. */
  readonly elsewhere: string | undefined;
  /** Its name in the local network, such as "handheld.local". */
  readonly localName: string | undefined;
  /** Whether the page was opened on the device itself. */
  readonly isLocal: boolean;
}

/** What every part of the page has at hand. */
export interface PageContext extends Omit<ChosenWords, "language"> {
  readonly store: DeviceStore;
  readonly covers: CoverShelf;
  readonly served: ServedFacts;
  /** Says something to who listens to the page instead of looking at it. */
  readonly say: (text: string) => void;
}

/** Hands it down. */
export const PageContextValue = createContext<PageContext | undefined>(undefined);

/** What every part of the page has at hand. */
export function usePage(): PageContext {
  const context = useContext(PageContextValue);
  if (context === undefined) throw new Error("Used outside the page");
  return context;
}

/** The page's context, and a new rendering after every change of the store. */
export function useDevice(): PageContext {
  const page = usePage();
  const [, render] = useState({});
  useEffect(() => page.store.subscribe(() => render({})), [page.store]);
  return page;
}

/** What a method answers; asked again when `keys` change. The error is a text for people. */
export function useAnswer<Result>(
  ask: () => Promise<Result>,
  keys: readonly unknown[],
): { answer: Result | undefined; error: string | undefined; again: () => void } {
  const page = usePage();
  const [state, setState] = useState<{ answer?: Result; error?: string }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    ask().then(
      (answer) => isCurrent && setState({ answer }),
      (error) => isCurrent && setState((before) => ({ ...before, error: reasonOf(error, page) })),
    );
    return () => {
      isCurrent = false;
    };
  }, [...keys, round]);
  return { answer: state.answer, error: state.error, again: () => setRound((n) => n + 1) };
}

/** Why something did not work; "" where the link's state says it already. */
export function reasonOf(
  error: unknown,
  { refusalWords }: Pick<PageContext, "refusalWords">,
): string {
  if (!(error instanceof RefusalError)) return "";
  return refusalWords[error.reason]?.(error.message) ?? error.message;
}

/** What did not work, until the device is there again or `keys` change. */
export function useProblem(
  keys: readonly unknown[] = [],
): [string | undefined, (problem: string | undefined) => void] {
  const { store } = useDevice();
  const [problem, setProblem] = useState<string>();
  const isOnline = store.link.state.step === "online";
  useEffect(() => {
    if (isOnline) setProblem(undefined);
  }, [isOnline, ...keys]);
  return [problem, setProblem];
}

/** A moment as people read it: the time, with the day where it is another one than that of `nowMs`. */
export function momentText(atMs: number, locale: string, nowMs = Date.now()): string {
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return new Intl.DateTimeFormat(
    locale,
    isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(at);
}
