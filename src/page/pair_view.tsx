// The view of a phone that is not paired: one button where the scanned address had the PIN, a field
// for it elsewhere, and in words why it did not work.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { PIN_DIGITS, PIN_PATTERN } from "../protocol/v1/pin_format.ts";
import { ClientError } from "../sdk/client_error.ts";
import { momentText, type PageContext, usePage } from "./page_context.ts";
import { Alert } from "./page_parts.tsx";
import { guessPhoneName } from "./phone_name.ts";

const MAX_NAME_BYTES = 128;
const PIN = new RegExp(`^${PIN_PATTERN}$`);

/** The view; `pin` is what the scanned address had. */
export function PairView({ pin: scanned, onPaired, title, text }: {
  pin: string | undefined;
  onPaired: () => void;
  title?: string;
  text?: string;
}): JSX.Element {
  const page = usePage();
  const { store, served, words } = page;
  const [pin, setPin] = useState(scanned);
  const [typed, setTyped] = useState("");
  const [name, setName] = useState(() => guessPhoneName(navigator.userAgent, words));
  const [problem, setProblem] = useState<string>();
  const [isPairing, setIsPairing] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    setPin(scanned);
    if (scanned !== undefined) setProblem(undefined);
  }, [scanned]);
  useEffect(() => heading.current?.focus(), []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const wanted = pin ?? typed.replace(/\s/g, "");
    if (!PIN.test(wanted)) return setProblem(words.pinShort(PIN_DIGITS));
    if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
      return setProblem(words.phoneNameLong);
    }
    setIsPairing(true);
    setProblem(undefined);
    try {
      await store.link.pair({ pin: wanted, name: name.trim() || words.phone });
      onPaired();
      page.say(words.paired);
    } catch (error) {
      setProblem(problemOf(error, page));
      // Whatever is wrong with a scanned PIN, the next one is another.
      if (!isTransient(error)) setPin(undefined);
      setTyped("");
      setIsPairing(false);
    }
  }

  const host = location.hostname;
  const isAddress = /^[\d.]+$|^\[/.test(host);
  return (
    <form class="pair card" onSubmit={(event) => void submit(event)}>
      <h1 ref={heading} tabIndex={-1}>{title ?? words.pairTitle}</h1>
      <p class="lead">{text ?? words.pairWith(served.deviceName ?? host)}</p>
      <Alert problem={problem} />
      {pin === undefined
        ? (
          <label class="field">
            <span>{words.pinLabel}</span>
            <input
              class="pin"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={PIN_DIGITS + 2}
              value={typed}
              aria-describedby="pin-help"
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
            <small id="pin-help">{words.pinHelp}</small>
          </label>
        )
        : <p class="soft">{words.pinReady}</p>}
      <button type="submit" class="main" disabled={isPairing}>
        {isPairing ? words.pairing : words.pairButton}
      </button>
      <details>
        <summary>{words.phoneName}: {name}</summary>
        <label class="field">
          <span class="unseen">{words.phoneName}</span>
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
          <small>{words.phoneNameHelp}</small>
        </label>
      </details>
      <div class="fine">
        {isAddress && title === undefined && pin === undefined && <p>{words.newAddress}</p>}
        {isAddress && served.localName !== undefined && (
          <p>
            <a href={localUrl(served.localName, pin)}>{words.localName(served.localName)}</a>
          </p>
        )}
        {location.protocol === "http:" && <p>{words.caveat}</p>}
      </div>
    </form>
  );
}

function localUrl(localName: string, pin: string | undefined): string {
  const { protocol, port, pathname } = location;
  const host = port === "" ? localName : `${localName}:${port}`;
  return `${protocol}//${host}${pathname}${pin === undefined ? "" : `#pair=${pin}`}`;
}

function isTransient(error: unknown): boolean {
  return error instanceof ClientError &&
    ["unreachable", "timeout", "rate_limited"].includes(error.code);
}

function problemOf(error: unknown, page: PageContext): string {
  const { words, store, locale } = page;
  switch (error instanceof ClientError ? error.code : undefined) {
    case "wrong_pin":
      return words.wrongPin(store.link.triesLeft);
    case "pairing_expired":
      return words.pinExpired;
    case "no_pairing": {
      const closedForS = store.link.closedForS;
      return closedForS === undefined
        ? words.pairingClosed
        : words.closedUntil(momentText(Date.now() + closedForS * 1000, locale));
    }
    case "too_many_attempts":
      return words.tooMany;
    case "no_place":
      return words.noPlace;
    case "rate_limited":
      return words.busy;
    case "unreachable":
    case "timeout":
      return words.pairAway;
    case "device_not_authentic":
      return words.notDevice;
    case "origin_not_allowed":
      return words.originRefused;
    default:
      return words.pairFailed;
  }
}
