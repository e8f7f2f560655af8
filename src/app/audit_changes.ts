// What a change of settings or a reload changed, for the audit log: who, which, from what to what. The
// settings that can be reloaded hold no secrets; of actions, whose environment may, only the names.

import type { ActionSettings } from "../features/actions/action_settings.ts";
import type { AuditLog } from "../features/access/audit_log.ts";
import { showSettings } from "../features/settings/api_settings.ts";
import type { Config } from "../features/settings/settings_table.ts";

/** The longest value of a setting in the audit log, in characters; longer ones are cut. */
export const MAX_AUDITED_CHARACTERS = 500;

/** Records what changed. */
export function auditChanges(
  audit: Pick<AuditLog, "record">,
  change: { changed: readonly string[]; before: Config; after: Config; by: string },
): void {
  const { changed, before, after, by } = change;
  const [had, has] = [showSettings(before), showSettings(after)];
  for (const setting of changed) {
    const [from, to] = [show(had[setting]), show(has[setting])];
    audit.record("settings_changed", { setting, from, to, by });
  }
  const [old, now] = [byName(before.actions), byName(after.actions)];
  const added = [...now.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !now.has(name));
  const altered = [...now].filter(([name, text]) => old.has(name) && old.get(name) !== text);
  const names = { added, removed, changed: altered.map(([name]) => name) };
  if (Object.values(names).every((list) => list.length === 0)) return;
  audit.record("actions_changed", {
    added: cut(names.added.join(" ")),
    removed: cut(names.removed.join(" ")),
    changed: cut(names.changed.join(" ")),
    by,
  });
}

function byName(actions: readonly ActionSettings[]): Map<string, string> {
  // A pattern is compiled and shows nothing of itself.
  return new Map(actions.map((action) => [
    action.name,
    JSON.stringify(action, (_key, value) => value instanceof RegExp ? String(value) : value),
  ]));
}

function show(value: unknown): string {
  return cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length <= MAX_AUDITED_CHARACTERS ? text : `${text.slice(0, MAX_AUDITED_CHARACTERS)}…`;
}
