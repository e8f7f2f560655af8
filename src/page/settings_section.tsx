// The settings that may change while the service runs. What kind of field one has follows from its
// value; the device judges what is sent.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { reasonOf, useAnswer, useDevice, usePage, useProblem } from "./page_context.ts";
import { Alert, Section } from "./page_parts.tsx";

type Value = boolean | number | string | readonly string[] | null;

const LOG_LEVELS = ["debug", "info", "warn", "error"];
const LOCAL_ONLY = ["encryption"];

/** The settings. */
export function SettingsSection({ access }: {
  access: "localhost" | "admin" | "member";
}): JSX.Element {
  const { store, words, settingWords } = useDevice();
  const { answer } = useAnswer(
    () => store.call<Record<string, unknown>>("settings"),
    [store.changes, store.link.state.step, access],
  );
  const known = Object.keys(settingWords).flatMap((name) => {
    const value = answer === undefined ? undefined : valueAt(answer, name);
    return value === undefined ? [] : [[name, value as Value] as const];
  });
  return (
    <Section title={words.settings}>
      {access === "member" && <p class="soft">{words.settingsReadOnly}</p>}
      <div class="settings">
        {known.map(([name, value]) => (
          <SettingField
            key={name}
            name={name}
            value={value}
            mayChange={access === "localhost" || access === "admin" && !LOCAL_ONLY.includes(name)}
          />
        ))}
      </div>
    </Section>
  );
}

function SettingField({ name, value, mayChange }: {
  name: string;
  value: Value;
  mayChange: boolean;
}): JSX.Element {
  const page = usePage();
  const { store, words, settingWords, say } = page;
  const [label = name, help = ""] = settingWords[name] ?? [];
  const known = textOf(value);
  // Undefined where the field shows what the device has.
  const [draft, setDraft] = useState<string>();
  const [problem, setProblem] = useProblem([known]);
  const [note, setNote] = useState<string>();
  const sent = useRef<string | undefined>(undefined);
  // What was saved is shown as the device tells it; what was typed since stays.
  const dropSent = (): void => setDraft((now) => now === sent.current ? undefined : now);
  useEffect(dropSent, [known]);
  const id = `setting-${name}`;
  const text = draft ?? known;
  const isTyped = typeof value !== "boolean" && name !== "logLevel";
  async function save(wanted: Value, asText: string): Promise<void> {
    setProblem(undefined);
    sent.current = asText;
    try {
      const { changed, needsRestart } = await store.call<
        { changed: readonly string[]; needsRestart: readonly string[] }
      >("settings.update", nested(name, wanted));
      setNote(needsRestart.length > 0 ? words.restart : undefined);
      say(`${label}: ${words.saved}`);
      // What has changed comes with the device's next answer.
      if (changed.length === 0) dropSent();
      store.touch();
    } catch (error) {
      setProblem(words.failed(reasonOf(error, page)));
      if (!isTyped) setDraft(undefined);
    }
  }
  function choose(chosen: boolean | string): void {
    setDraft(String(chosen));
    void save(chosen, String(chosen));
  }
  function submit(event: Event): void {
    event.preventDefault();
    if (typeof value === "number" && !isNumber(text)) return setProblem(words.numberNeeded);
    void save(valueOf(text, value), text);
  }
  /** What is typed; undefined to leave it. */
  function edit(typed: string | undefined): void {
    setDraft(typed);
    setProblem(undefined);
  }
  const common = { id, disabled: !mayChange, "aria-describedby": `${id}-help` };
  const isList = Array.isArray(value);
  return (
    <form
      class={typeof value === "boolean" ? "setting switchrow" : "setting"}
      onSubmit={submit}
    >
      <div class="grow">
        <label for={id}>{label}</label>
        <p class="soft" id={`${id}-help`}>
          {help} {isList && mayChange && words.onePerLine}
          {!mayChange && LOCAL_ONLY.includes(name) && words.localOnly}
        </p>
      </div>
      {typeof value === "boolean"
        ? (
          <input
            {...common}
            type="checkbox"
            role="switch"
            checked={text === "true"}
            onChange={(event) => choose(event.currentTarget.checked)}
          />
        )
        : name === "logLevel"
        ? (
          <select
            {...common}
            value={text}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {LOG_LEVELS.map((level) => <option key={level} value={level}>{level}</option>)}
          </select>
        )
        : isList
        ? (
          <textarea
            {...common}
            rows={Math.min(6, Math.max(1, text.split("\n").length))}
            spellcheck={false}
            value={text}
            onInput={(event) => edit(event.currentTarget.value)}
          />
        )
        : (
          <input
            {...common}
            inputMode={typeof value === "number" ? "decimal" : "text"}
            value={text}
            onInput={(event) => edit(event.currentTarget.value)}
          />
        )}
      {isTyped && text !== known && (
        <div class="row">
          <button type="submit" class="main">{words.save}</button>
          <button type="button" onClick={() => edit(undefined)}>{words.cancel}</button>
        </div>
      )}
      <Alert problem={problem} note={note} class="whole" />
    </form>
  );
}

function textOf(value: Value): string {
  return value === null ? "" : Array.isArray(value) ? value.join("\n") : String(value);
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function valueOf(draft: string, before: Value): Value {
  if (typeof before === "number") return Number(draft);
  if (Array.isArray(before)) {
    return draft.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  }
  // Only what may be nothing is nothing when it is empty.
  return draft.trim() === "" ? null : draft;
}

function valueAt(settings: Readonly<Record<string, unknown>>, name: string): unknown {
  const [first = "", second] = name.split(".");
  const value = settings[first];
  if (second === undefined) return value;
  return (value as Readonly<Record<string, unknown>> | undefined)?.[second];
}

function nested(name: string, value: Value): Record<string, unknown> {
  const [first = "", second] = name.split(".");
  return { [first]: second === undefined ? value : { [second]: value } };
}
