// Where there is no library: what the owner made to be run, what was run lately, and a text.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { reasonOf, useDevice, useProblem } from "./page_context.ts";
import { Alert, Section } from "./page_parts.tsx";

const SHOWN_RECENT = 8;

/** The actions. */
export function ActionsSection({ run }: { run: (text: string) => Promise<void> }): JSX.Element {
  const page = useDevice();
  const { store, words } = page;
  const { actions = [], recent = [] } = store.data;
  const [text, setText] = useState("");
  const [problem, setProblem] = useProblem();
  const lately = [...new Set(recent.filter(({ success }) => success).map(({ text }) => text))]
    .filter((text) => !text.startsWith("**stop")).slice(0, SHOWN_RECENT);

  async function stop(name: string): Promise<void> {
    setProblem(undefined);
    await store.call("stop", { name }).catch((error) =>
      setProblem(words.failed(reasonOf(error, page)))
    );
    void store.refresh();
  }

  if (actions.length === 0) {
    return (
      <Section title={words.actions}>
        <p class="title">{words.noActions}</p>
        <p class="soft">{words.noActionsText}</p>
      </Section>
    );
  }
  return (
    <>
      <Section title={words.actions}>
        <Alert problem={problem} class="told" />
        <ul class="list">
          {actions.map(({ name, system, state }) => (
            <li key={name} class="item">
              <div class="grow">
                <p class="name">{name}</p>
                {system !== name && <p class="soft">{system}</p>}
              </div>
              {state === "running" && (
                <>
                  <span class="badge">{words.running}</span>
                  <button
                    type="button"
                    aria-label={words.stopNamed(name)}
                    onClick={() => void stop(name)}
                  >
                    {words.stop}
                  </button>
                </>
              )}
            </li>
          ))}
        </ul>
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() !== "") void run(text.trim());
          }}
        >
          <label class="field grow">
            <span>{words.runLabel}</span>
            <input
              value={text}
              autoCapitalize="none"
              autoComplete="off"
              spellcheck={false}
              aria-describedby="run-help"
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <small id="run-help">{words.runHelp}</small>
          </label>
          <button type="submit" class="main">{words.run}</button>
        </form>
      </Section>
      {lately.length > 0 && (
        <Section title={words.recent}>
          <ul class="list">
            {lately.map((text) => (
              <li key={text} class="item">
                <p class="grow text">{text}</p>
                <button
                  type="button"
                  aria-label={words.runAgain(text)}
                  onClick={() => void run(text)}
                >
                  {words.run}
                </button>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
