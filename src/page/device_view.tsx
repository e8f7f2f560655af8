// The device itself: settings, usage, the audit log, and what this page is.

import type { JSX } from "preact";
import type { KeyEntry, LogEntry, UsageRow } from "./device_shapes.ts";
import { momentText, useAnswer, useDevice } from "./page_context.ts";
import { Notice, Section, ViewTitle } from "./page_parts.tsx";
import { SettingsSection } from "./settings_section.tsx";

const SHOWN_ENTRIES = 30;
const APP_URL = "https://zaparoo.app/";

/** The view. */
export function DeviceView(): JSX.Element {
  const { store, words } = useDevice();
  const access = store.data.access?.access;
  return (
    <>
      <ViewTitle>{words.device}</ViewTitle>
      <AboutSection />
      {access !== undefined && <SettingsSection access={access} />}
      {access === "localhost" && <UsageSection />}
      {access === "localhost" && <AuditSection />}
      {access === "admin" && <p class="aside">{words.recordsElsewhere}</p>}
    </>
  );
}

function AboutSection(): JSX.Element {
  const { store, served, words } = useDevice();
  const { answer } = useAnswer(
    () => store.call<{ version: string; platform: string }>("version"),
    [store.link.state.step],
  );
  return (
    <Section title={served.deviceName ?? words.about}>
      <dl>
        <dt>{words.version}</dt>
        <dd>{answer?.version.replace(/^latchkey-/, "") ?? "…"}</dd>
        <dt>{words.system}</dt>
        <dd>{answer?.platform ?? "…"}</dd>
        <dt>{words.address}</dt>
        <dd>{location.host}</dd>
      </dl>
      <p>{served.isLocal ? words.isLocal : words.encrypted}</p>
      {!served.isLocal && location.protocol === "http:" && <p class="soft">{words.caveat}</p>}
      {!served.isLocal && <p class="soft">{words.bookmark}</p>}
      <p>
        <a href={APP_URL} rel="noreferrer" target="_blank">{words.getApp}</a>
        <br />
        <small class="soft">{words.getAppText}</small>
      </p>
    </Section>
  );
}

function UsageSection(): JSX.Element {
  const { store, words, locale } = useDevice();
  const { answer, error } = useAnswer(
    () => store.call<{ usage: UsageRow[] }>("usage"),
    [store.link.state.step],
  );
  const { answer: known } = useAnswer(
    () => store.call<{ keys: KeyEntry[] }>("keys"),
    [store.link.state.step],
  );
  const names = new Map(known?.keys.map(({ keyId, name }) => [keyId, name]));
  const numbers = new Intl.NumberFormat(locale);
  // The device counts by days of UTC.
  const days = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const rows = answer?.usage ?? [];
  return (
    <Section title={words.usage} aside={<span class="soft">{words.usageDays}</span>}>
      {/* Without a text it is the connection that is missing. */}
      {error && <p class="soft">{words.usageOff}</p>}
      {answer !== undefined && rows.length === 0 && <p class="soft">{words.usageNone}</p>}
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label={words.usage}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.usageDay}</th>
                <th scope="col">{words.usageKey}</th>
                <th scope="col" class="number">{words.usageRequests}</th>
                <th scope="col" class="number">{words.usageTokens}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ day, keyId, requests, promptTokens, outputTokens }) => (
                <tr key={`${day} ${keyId}`}>
                  <td>{days.format(Date.parse(day))}</td>
                  <td>{names.get(keyId) ?? keyId}</td>
                  <td class="number">{numbers.format(requests)}</td>
                  <td class="number">{numbers.format(promptTokens + outputTokens)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function AuditSection(): JSX.Element {
  const { store, words, locale } = useDevice();
  const { answer, error } = useAnswer(
    () => store.call<{ entries: LogEntry[] }>("audit", { limit: SHOWN_ENTRIES }),
    [store.changes, store.link.state.step],
  );
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
              <span class="name">{event.replaceAll("_", " ")}</span>{" "}
              <span class="soft">{detailsText(details)}</span>
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

function detailsText(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details).map(([name, value]) => `${name} ${String(value)}`).join(", ");
}
