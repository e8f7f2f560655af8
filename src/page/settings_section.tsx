// The settings that may change while the service runs. What kind of field one has follows from its
// value; the device judges what is sent.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { reasonOf, useAnswer, useDevice, usePage } from "./page_context.ts";
import { Notice, Section } from "./page_parts.tsx";

type Value = boolean | number | string | readonly string[] | null;

const LOG_LEVELS = ["debug", "info", "warn", "error"];
const LOCAL_ONLY = ["encryption"];

/** The settings. */
export function SettingsSection({ access }: {
  access: "localhost" | "admin" | "member";
}): JSX.Element {
  const { store, words, settingWords } = useDevice();
  const { answer, again } = useAnswer(
    () => store.call<Record<string, unknown>>("settings"),
    [store.link.state.step, access],
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
            key={`${name} ${JSON.stringify(value)}`}
            name={name}
            value={value}
            mayChange={access === "localhost" || access === "admin" && !LOCAL_ONLY.includes(name)}
            onChanged={again}
          />
        ))}
      </div>
    </Section>
  );
}

function SettingField({ name, value, mayChange, onChanged }: {
  name: string;
  value: Value;
  mayChange: boolean;
  onChanged: () => void;
}): JSX.Element {
  const { store, words, settingWords, say } = usePage();
  const [label = name, help = ""] = settingWords[name] ?? [];
  const [draft, setDraft] = useState(textOf(value));
  const [problem, setProblem] = useState<string>();
  const [note, setNote] = useState<string>();
  const id = `setting-${name}`;
  const isChanged = draft !== textOf(value);
  async function save(wanted: Value): Promise<void> {
    setProblem(undefined);
    try {
      const { needsRestart } = await store.call<{ needsRestart: string[] }>(
        "settings.update",
        nested(name, wanted),
      );
      if (needsRestart.length > 0) setNote(words.restart);
      say(`${label}: ${words.saved}`);
      onChanged();
      store.touch();
    } catch (error) {
      setProblem(words.failed(reasonOf(error)));
    }
  }
  const common = { id, disabled: !mayChange, "aria-describedby": `${id}-help` };
  const isList = Array.isArray(value);
  return (
    <form
      class={typeof value === "boolean" ? "setting switchrow" : "setting"}
      onSubmit={(event) => {
        event.preventDefault();
        void save(valueOf(draft, value));
      }}
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
            checked={value}
            onChange={(event) => void save(event.currentTarget.checked)}
          />
        )
        : name === "logLevel"
        ? (
          <select
            {...common}
            value={draft}
            onChange={(event) => void save(event.currentTarget.value)}
          >
            {LOG_LEVELS.map((level) => <option key={level} value={level}>{level}</option>)}
          </select>
        )
        : isList
        ? (
          <textarea
            {...common}
            rows={Math.min(6, Math.max(1, draft.split("\n").length))}
            spellcheck={false}
            value={draft}
            onInput={(event) => setDraft(event.currentTarget.value)}
          />
        )
        : (
          <input
            {...common}
            inputMode={typeof value === "number" ? "decimal" : "text"}
            value={draft}
            onInput={(event) => setDraft(event.currentTarget.value)}
          />
        )}
      {isChanged && typeof value !== "boolean" && name !== "logLevel" && (
        <div class="row">
          <button type="submit" class="main">{words.save}</button>
          <button type="button" onClick={() => setDraft(textOf(value))}>{words.cancel}</button>
        </div>
      )}
      <div role="alert" class="whole">
        {problem !== undefined && <Notice kind="bad">{problem}</Notice>}
        {note !== undefined && <Notice kind="calm">{note}</Notice>}
      </div>
    </form>
  );
}

function textOf(value: Value): string {
  return value === null ? "" : Array.isArray(value) ? value.join("\n") : String(value);
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
