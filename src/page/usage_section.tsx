// What API keys have used of the models: the newest day first, and on each who used most.

import type { JSX } from "preact";
import type { KeyEntry, UsageRow } from "./device_shapes.ts";
import { useAnswer, useDevice } from "./page_context.ts";
import { Section } from "./page_parts.tsx";

/** What one day's keys used. */
interface UsageDay {
  /** Such as "2026-01-31". */
  readonly day: string;
  readonly rows: readonly UsageRow[];
}

/** The usage. */
export function UsageSection(): JSX.Element {
  const { store, words } = useDevice();
  const { answer, error } = useAnswer(
    () => store.call<{ usage: UsageRow[] }>("usage"),
    [store.link.state.step],
  );
  const { answer: known } = useAnswer(
    () => store.call<{ keys: KeyEntry[] }>("keys"),
    [store.link.state.step],
  );
  const days = usageDays(answer?.usage ?? []);
  return (
    <Section title={words.usage} aside={<span class="soft">{words.usageDays}</span>}>
      {/* Without a text it is the connection that is missing. */}
      {error && <p class="soft">{words.usageOff}</p>}
      {answer !== undefined && days.length === 0 && <p class="soft">{words.usageNone}</p>}
      {days.length > 0 && <UsageTable days={days} keys={known?.keys ?? []} />}
    </Section>
  );
}

function UsageTable({ days, keys }: {
  days: readonly UsageDay[];
  keys: readonly KeyEntry[];
}): JSX.Element {
  const { words, locale } = useDevice();
  const names = new Map(keys.map(({ keyId, name }) => [keyId, name]));
  const numbers = new Intl.NumberFormat(locale);
  // The device counts by days of UTC.
  const dayText = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "long",
    timeZone: "UTC",
  });
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={words.usage}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.usageKey}</th>
            <th scope="col" class="number">{words.usageRequests}</th>
            <th scope="col" class="number">{words.usageTokens}</th>
          </tr>
        </thead>
        {days.map(({ day, rows }) => (
          <tbody key={day}>
            <tr>
              <th scope="rowgroup" colSpan={3} class="day">{dayText.format(Date.parse(day))}</th>
            </tr>
            {rows.map(({ keyId, requests, promptTokens, outputTokens }) => (
              <tr key={keyId}>
                <td>{names.get(keyId) ?? keyId}</td>
                <td class="number">{numbers.format(requests)}</td>
                <td class="number">{numbers.format(promptTokens + outputTokens)}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

/** Usage by its days, the newest first, and on each who used most tokens first. */
export function usageDays(usage: readonly UsageRow[]): UsageDay[] {
  const tokens = (row: UsageRow): number => row.promptTokens + row.outputTokens;
  const days = [...Map.groupBy(usage, ({ day }) => day)].sort(([a], [b]) => a < b ? 1 : -1);
  return days.map(([day, rows]) => ({
    day,
    rows: rows.toSorted((a, b) => tokens(b) - tokens(a) || b.requests - a.requests),
  }));
}
