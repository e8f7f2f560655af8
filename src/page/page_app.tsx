// The page at /app/: builds its parts and shows them in place of what the document has.

import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { JSX } from "preact";
import { CoverShelf } from "./cover_shelf.ts";
import { openVault } from "./credential_vault.ts";
import { createDoor } from "./device_door.ts";
import { DeviceLink } from "./device_link.ts";
import { DeviceStore } from "./device_store.ts";
import { keepFocusPlace } from "./focus_place.ts";
import { type PageContext, PageContextValue, type ServedFacts } from "./page_context.ts";
import { PageFrame } from "./page_frame.tsx";
import { chooseWords } from "./page_words.ts";
import { takePin } from "./pin_address.ts";

/** Tells the other tabs of this page that who is paired has changed. */
const TABS = "latchkey";

const SPOKEN_MS = 5000;

/** What was begun before the page was there. */
export interface PageStart {
  /** The PIN that the address had. */
  readonly pin: string | undefined;
  /** What the browser keeps for the page, as it was read. */
  readonly kept: Promise<unknown>;
}

/** Shows the page and goes on for as long as it is open. */
export async function openPage({ pin, kept }: PageStart): Promise<void> {
  const root = document.getElementById("page");
  if (root === null) return;
  const served = readServedFacts();
  const { language, ...words } = chooseWords(navigator.languages);
  document.documentElement.lang = language;
  const tabs = new BroadcastChannel(TABS);
  const link = new DeviceLink({
    door: createDoor({
      pageUrl: location.href,
      fetch: (url, request) => fetch(url, request),
      nowMs: () => performance.now(),
      wait: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    }),
    vault: openVault(kept),
    isLocal: served.isLocal,
    heard: (method, params) => store.heard(method, params),
    changed: () => tabs.postMessage(null),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => Math.random(),
  });
  const store = new DeviceStore(link);
  const covers = new CoverShelf((reference) => store.call("media.image", reference));
  if (served.elsewhere === undefined) {
    tabs.onmessage = () => void link.start();
    addEventListener("online", () => link.wake());
    addEventListener("offline", () => link.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      link.wake();
      // What no notification tells, such as when somebody was last there.
      store.touch();
    });
    // What the document has stays until it is known whether this phone is paired.
    await link.start();
  }
  keepFocusPlace(root);
  root.replaceChildren();
  render(<App firstPin={pin} parts={{ store, covers, served, ...words }} />, root);
}

function readServedFacts(): ServedFacts {
  const { dataset } = document.documentElement;
  return {
    deviceName: dataset["device"],
    elsewhere: dataset["elsewhere"],
    localName: dataset["local"],
    isLocal: ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname),
  };
}

function App({ firstPin, parts }: {
  firstPin: string | undefined;
  parts: Omit<PageContext, "say">;
}): JSX.Element {
  const [spoken, setSpoken] = useState("");
  const [pin, setPin] = useState(firstPin);
  const page: PageContext = useMemo(() => ({ ...parts, say: setSpoken }), []);
  useEffect(() => {
    if (spoken === "") return;
    const timer = setTimeout(() => setSpoken(""), SPOKEN_MS);
    return () => clearTimeout(timer);
  }, [spoken]);
  useEffect(() => {
    // Another code was scanned into the same tab.
    const scanned = (): void => {
      const next = takePin(location, history);
      if (next !== undefined) setPin(next);
    };
    addEventListener("hashchange", scanned);
    return () => removeEventListener("hashchange", scanned);
  }, []);
  return (
    <PageContextValue.Provider value={page}>
      <PageFrame pin={pin} onPaired={() => setPin(undefined)} spoken={spoken} />
    </PageContextValue.Provider>
  );
}
