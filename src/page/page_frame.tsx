// The page around its views: the device's name and how things stand, the sections, and the views of a
// phone that is not let in.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { AwayReason, LinkState } from "./device_link.ts";
import { DeviceView } from "./device_view.tsx";
import { useDevice, usePage } from "./page_context.ts";
import { Notice } from "./page_parts.tsx";
import { PairView } from "./pair_view.tsx";
import { PeopleView } from "./people_view.tsx";
import { PlayView } from "./play_view.tsx";

const SECTIONS = ["play", "people", "device"] as const;
type SectionName = (typeof SECTIONS)[number];

/**
 * The whole page; `pin` is what the address had until it was used, and `spoken` what is said to who
 * does not look.
 */
export function PageFrame({ pin, onPaired, spoken }: {
  pin: string | undefined;
  onPaired: () => void;
  spoken: string;
}): JSX.Element {
  const { store, served, words } = useDevice();
  const { state } = store.link;
  const section = useSection();
  const isIn = served.elsewhere === undefined && isLetIn(state);
  return (
    <>
      <a class="skip" href="#content" onClick={skipToContent}>{words.skip}</a>
      <header class="top">
        <p class="device">{served.deviceName ?? location.hostname}</p>
        {served.elsewhere === undefined && <LinkBadge state={state} />}
        {isIn && (
          <nav aria-label={words.nav}>
            {SECTIONS.map((name) => (
              <a
                key={name}
                href={`#${name}`}
                aria-current={section === name ? "page" : undefined}
              >
                {words[name]}
              </a>
            ))}
          </nav>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        {served.elsewhere === undefined
          ? <View state={state} section={section} pin={pin} onPaired={onPaired} />
          : <ElsewhereView pin={pin} />}
      </main>
      <div class="unseen" role="status" aria-live="polite">{spoken}</div>
    </>
  );
}

function isLetIn({ step }: LinkState): boolean {
  return step === "online" || step === "away";
}

// Not a real address: what stands behind the # is the section's.
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function useSection(): SectionName {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return SECTIONS.find((name) => hash === `#${name}`) ?? "play";
}

function LinkBadge({ state }: { state: LinkState }): JSX.Element | null {
  const { words } = usePage();
  switch (state.step) {
    case "online":
      return <p class="link on" role="status">{words.connected}</p>;
    case "connecting":
    case "loading":
      return <p class="link" role="status">{words.connecting}</p>;
    case "away":
      return <p class="link off" role="status">{navigator.onLine ? words.away : words.offline}</p>;
    default:
      return null;
  }
}

function View({ state, section, pin, onPaired }: {
  state: LinkState;
  section: SectionName;
  pin: string | undefined;
  onPaired: () => void;
}): JSX.Element {
  const { store, served, words } = usePage();
  const device = served.deviceName ?? words.thisDevice;
  switch (state.step) {
    case "loading":
    case "connecting":
      return <h1 class="soft wait">{words.connecting}</h1>;
    case "unpaired":
      return <PairView key="unpaired" pin={pin} onPaired={onPaired} />;
    case "removed":
      return (
        <PairView
          key="removed"
          pin={pin}
          onPaired={onPaired}
          title={words.removedTitle}
          text={words.removedText(device)}
        />
      );
    case "unsupported":
      return (
        <section class="card narrow">
          <h1>{words.refusedTitle}</h1>
          <p>{words.versionText}</p>
        </section>
      );
    case "away":
    case "online":
      return (
        <>
          {!store.link.isKept && <Notice kind="calm">{words.noStore}</Notice>}
          {state.step === "away" && <AwayNotice why={state.why} pin={pin} onPaired={onPaired} />}
          {section === "play" && <PlayView />}
          {section === "people" && <PeopleView />}
          {section === "device" && <DeviceView />}
        </>
      );
  }
}

function AwayNotice({ why, pin, onPaired }: {
  why: AwayReason;
  pin: string | undefined;
  onPaired: () => void;
}): JSX.Element {
  const { store, served, words } = usePage();
  const [isPairing, setIsPairing] = useState(false);
  const device = served.deviceName ?? location.hostname;
  const [title, text] = {
    silent: [words.awayTitle(device), words.awayText],
    refused: [words.refusedTitle, words.refusedText],
    stranger: [words.strangerTitle, words.strangerText],
    replaced: [words.replacedTitle, words.replacedText],
  }[why];
  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  return (
    <>
      <section class="card away" role="status">
        <p class="title">{title}</p>
        <p>{text}</p>
        {why === "silent" && isAddress && !served.isLocal && <p class="soft">{words.awayAddress}
        </p>}
        <div class="row">
          <button type="button" onClick={() => store.link.wake()}>{words.retry}</button>
          {(why === "refused" || why === "stranger") && (
            <button
              type="button"
              class="main"
              onClick={() => setIsPairing(true)}
            >
              {words.pairAgain}
            </button>
          )}
        </div>
      </section>
      {isPairing && <PairView pin={pin} onPaired={onPaired} />}
    </>
  );
}

function ElsewhereView({ pin }: { pin: string | undefined }): JSX.Element {
  const { served, words } = usePage();
  const address = `${served.elsewhere}/app/${pin === undefined ? "" : `#pair=${pin}`}`;
  return (
    <section class="card narrow">
      <h1>{words.elsewhereTitle}</h1>
      <p>{words.elsewhereText(location.host)}</p>
      {served.elsewhere === "" ? <p>{words.nowhereText}</p> : (
        <p>
          <a class="button main" href={address}>
            {words.elsewhereGo(served.elsewhere ?? "")}
          </a>
        </p>
      )}
    </section>
  );
}
