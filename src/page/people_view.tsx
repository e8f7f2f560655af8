// Who is paired. The list, removing and opening pairing are the device's own (docs/protocol.md §8);
// a phone sees itself, and an admin may rename it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { OwnAccess, PersonEntry, ShownPairing } from "./device_shapes.ts";
import { momentText, reasonOf, useAnswer, useDevice, usePage, useProblem } from "./page_context.ts";
import { Alert, AskedButton, Notice, Section, ViewTitle } from "./page_parts.tsx";

/** The view. */
export function PeopleView(): JSX.Element {
  const { store, words } = useDevice();
  const { access } = store.data;
  return (
    <>
      <ViewTitle>{words.people}</ViewTitle>
      {access === undefined
        ? <p class="soft wait">{words.loading}</p>
        : access.access === "localhost"
        ? <Household />
        : <OwnEntry access={access} />}
    </>
  );
}

function OwnEntry({ access }: { access: OwnAccess }): JSX.Element {
  const { store, words } = usePage();
  const { client } = access;
  return (
    <>
      {client !== null && (
        <Section title={words.you}>
          <ul class="list">
            <Person person={client} mayRename={access.access === "admin"} />
          </ul>
          <p class="soft">{words.memberText}</p>
          <AskedButton
            label={words.forget}
            title={words.forgetAsk}
            text={words.forgetText}
            class="danger"
            act={() => void store.link.forget()}
          />
        </Section>
      )}
      {access.access === "admin" && <p class="aside">{words.peopleElsewhere}</p>}
    </>
  );
}

function Household(): JSX.Element {
  const { store, words } = useDevice();
  const { answer, error } = useAnswer(
    () => store.call<{ clients: PersonEntry[] }>("clients"),
    [store.changes, store.link.state.step],
  );
  const people = answer?.clients ?? [];
  return (
    <>
      <PairingSection isFirst={answer?.clients.length === 0} />
      <Section title={words.people}>
        {error && <Notice kind="bad">{words.failed(error)}</Notice>}
        {answer !== undefined && people.length === 0 && <p class="soft">{words.nobody}</p>}
        <ul class="list">
          {people.map((person) => (
            <Person key={person.clientId} person={person} mayRename mayRemove />
          ))}
        </ul>
        <p class="soft">{words.memberText}</p>
      </Section>
    </>
  );
}

function Person({ person, mayRename, mayRemove = false }: {
  person: PersonEntry;
  mayRename: boolean;
  mayRemove?: boolean;
}): JSX.Element {
  const page = usePage();
  const { store, words, locale } = page;
  const { clientId, clientName, role, lastSeenAt, createdAt } = person;
  const [name, setName] = useState<string>();
  const [problem, setProblem] = useProblem([clientName, role]);
  /** The new name as it is typed; undefined to leave it. */
  function edit(typed: string | undefined): void {
    setName(typed);
    setProblem(undefined);
  }
  async function change(method: string, params: Record<string, unknown>): Promise<void> {
    setProblem(undefined);
    try {
      await store.call(method, { clientId, ...params });
      setName(undefined);
      store.touch();
    } catch (error) {
      setProblem(words.failed(reasonOf(error, page)));
    }
  }
  return (
    <li class="item person">
      {name === undefined
        ? (
          <div class="grow">
            <p class="name">{clientName}</p>
            <p class="soft">
              {words.pairedAt(momentText(createdAt * 1000, locale))} ·{" "}
              {words.lastSeen(momentText(lastSeenAt * 1000, locale))}
            </p>
          </div>
        )
        : (
          <form
            class="row grow"
            onSubmit={(event) => {
              event.preventDefault();
              void change("clients.update", { clientName: name });
            }}
          >
            <input
              aria-label={words.newName}
              value={name}
              ref={(element) => element?.focus()}
              onInput={(event) => edit(event.currentTarget.value)}
            />
            <button type="submit" class="main">{words.save}</button>
            <button type="button" onClick={() => edit(undefined)}>{words.cancel}</button>
          </form>
        )}
      {mayRemove
        ? (
          <select
            aria-label={words.roleOf(clientName)}
            value={role}
            onChange={(event) => void change("clients.update", { role: event.currentTarget.value })}
          >
            <option value="member">{words.member}</option>
            <option value="admin">{words.admin}</option>
          </select>
        )
        : <span class="badge">{words[role]}</span>}
      {mayRename && name === undefined && (
        <button
          type="button"
          aria-label={words.renameNamed(clientName)}
          onClick={() => edit(clientName)}
        >
          {words.rename}
        </button>
      )}
      {mayRemove && (
        <AskedButton
          label={words.remove}
          title={words.removeAsk(clientName)}
          text={words.removeAskText}
          class="danger"
          act={() => void change("clients.delete", {})}
        />
      )}
      <Alert problem={problem} class="whole" />
    </li>
  );
}

function PairingSection({ isFirst }: { isFirst: boolean }): JSX.Element {
  const page = useDevice();
  const { store, words, locale } = page;
  const [role, setRole] = useState("member");
  const { answer, again } = useAnswer(
    () => store.call<ShownPairing | null>("clients.pair.current"),
    [store.changes, store.link.state.step],
  );
  const [problem, setProblem] = useProblem([answer?.pin]);
  useEffect(() => {
    if (!answer) return;
    const timer = setTimeout(again, Math.max(0, answer.expiresAt * 1000 - Date.now()) + 1000);
    return () => clearTimeout(timer);
  }, [answer?.expiresAt]);
  async function change(method: string, params: Record<string, unknown>): Promise<void> {
    setProblem(undefined);
    try {
      await store.call(method, params);
    } catch (error) {
      setProblem(words.failed(reasonOf(error, page)));
    }
    again();
  }
  return (
    <Section title={words.pairPhone}>
      <Alert problem={problem} />
      {answer
        ? (
          <div class="row">
            <p class="shownpin" role="status" aria-label={words.pinIs(answer.pin)}>
              {answer.pin.slice(0, answer.pin.length / 2)} {answer.pin.slice(answer.pin.length / 2)}
            </p>
            <p class="soft grow">
              {words.nextBecomes(words[answer.role])}
              <br />
              {words.pinUntil(momentText(answer.expiresAt * 1000, locale))}
            </p>
            <button type="button" onClick={() => void change("clients.pair.cancel", {})}>
              {words.closePairing}
            </button>
          </div>
        )
        : (
          <div class="row">
            {isFirst ? <p class="grow">{words.firstIsAdmin}</p> : (
              <label class="field grow">
                <span>{words.openAs}</span>
                <select value={role} onChange={(event) => setRole(event.currentTarget.value)}>
                  <option value="member">{words.member}</option>
                  <option value="admin">{words.admin}</option>
                </select>
              </label>
            )}
            <button
              type="button"
              class="main"
              onClick={() => void change("clients.pair.start", isFirst ? {} : { role })}
            >
              {words.openPairing}
            </button>
          </div>
        )}
    </Section>
  );
}
