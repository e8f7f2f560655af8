// The last entries of the security log, in words: with the names of phones and keys that are still
// there.

import type { JSX } from "preact";
import type { KeyEntry, LogEntry, PersonEntry } from "./device_shapes.ts";
import { momentText, useAnswer, useDevice } from "./page_context.ts";
import { Notice, Section } from "./page_parts.tsx";
import type { ChosenWords } from "./page_words.ts";

const SHOWN_ENTRIES = 30;
/** As much of an id as tells it from others. */
const ID_CHARACTERS = 8;

/** The security log. */
export function AuditSection(): JSX.Element {
  const page = useDevice();
  const { store, words, locale, logWords } = page;
  const asked = [store.changes, store.link.state.step];
  const { answer, error } = useAnswer(
    () => store.call<{ entries: LogEntry[] }>("audit", { limit: SHOWN_ENTRIES }),
    asked,
  );
  const { answer: phones } = useAnswer(
    () => store.call<{ clients: PersonEntry[] }>("clients"),
    asked,
  );
  const { answer: known } = useAnswer(() => store.call<{ keys: KeyEntry[] }>("keys"), asked);
  const names = new Map([
    ...phones?.clients.map(({ clientId, clientName }) => [clientId, clientName] as const) ?? [],
    ...known?.keys.map(({ keyId, name }) => [keyId, name] as const) ?? [],
  ]);
  const entries = (answer?.entries ?? []).toSorted((a, b) => b.id - a.id);
  return (
    <Section title={words.audit}>
      {error && <Notice kind="bad">{words.failed(error)}</Notice>}
      {answer !== undefined && entries.length === 0 && <p class="soft">{words.auditNone}</p>}
      <ol class="list log" reversed>
        {entries.map(({ id, at, event, details }) => (
          <li key={id} class="item">
            <time class="soft" dateTime={at}>{momentText(Date.parse(at), locale)}</time>
            <p class="grow">
              <span class="name">{logWords.events[event] ?? event.replaceAll("_", " ")}</span>{" "}
              <span class="soft">{factsText(details, page, names)}</span>
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** The facts of an entry in words; `names` are those of ids. */
export function factsText(
  details: Readonly<Record<string, unknown>>,
  words: Pick<ChosenWords, "words" | "settingWords" | "logWords">,
  names: ReadonlyMap<string, string>,
): string {
  const { from, to, ...others } = details;
  const texts = Object.entries(others).map(([name, value]) =>
    factText(name, { value: String(value), words, names })
  );
  if (from !== undefined) texts.splice(1, 0, `${from} → ${to}`);
  return texts.filter((text) => text !== "").join(" · ");
}

function factText(name: string, { value, words, names }: {
  value: string;
  words: Pick<ChosenWords, "words" | "settingWords" | "logWords">;
  names: ReadonlyMap<string, string>;
}): string {
  const { settingWords, logWords } = words;
  switch (name) {
    case "clientId":
    case "keyId":
      return names.get(value) ?? value.slice(0, ID_CHARACTERS);
    case "role":
      return value === "admin" || value === "member" ? words.words[value] : value;
    case "outcome":
      return logWords.outcomes[value] ?? value;
    case "setting":
      return settingWords[value]?.[0] ?? value;
    case "by":
      return logWords.by[value] ?? names.get(value) ?? value.slice(0, ID_CHARACTERS);
    case "address":
    case "scope":
    case "scopes":
      return value;
    default:
      return value === "" ? "" : `${logWords.facts[name] ?? name}: ${value}`;
  }
}
