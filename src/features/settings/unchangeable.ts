// What to say of a change that the API does not take although the configuration has such a setting: it
// stands in the owner's file and needs a restart, or has another name here. Pure; says names of ours only.

import { isTable } from "./value_types.ts";
import { ALL_SETTINGS, type PlacedSetting } from "./settings_table.ts";

/** Lists of the owner's file that a reload takes, under the names that callers may have for them. */
const LISTS: Readonly<Record<string, string>> = {
  action: "[[action]]",
  actions: "[[action]]",
  library: "[[library]]",
  libraries: "[[library]]",
};

/** One sentence about the first such setting in a change; undefined where there is none. */
export function explainUnchangeable(change: unknown): string | undefined {
  if (!isTable(change)) return undefined;
  for (const [name, value] of Object.entries(change)) {
    const list = Object.hasOwn(LISTS, name) ? LISTS[name] : undefined;
    if (list !== undefined) {
      return `${list} is set in the configuration file, which settings.reload reads again`;
    }
    const names = isTable(value) ? Object.keys(value).map((key) => `${name}.${key}`) : [name];
    for (const one of names) {
      const setting = settingNamed(one);
      if (setting === undefined) continue;
      if (setting.apiName !== one || setting.row.reloadable !== true) return explain(setting);
    }
  }
  return undefined;
}

function explain({ path, apiName, row }: PlacedSetting): string {
  return row.reloadable === true
    ? `${path} of the configuration is called ${apiName} here`
    : `${path} is set in the configuration file, and a change of it needs a restart`;
}

// As the file or the API writes it, with its table or, where no other has such a key, without.
function settingNamed(text: string): PlacedSetting | undefined {
  const found = ALL_SETTINGS.filter(({ table, key, name, apiName, row }) =>
    text === apiName ||
    [key, name, row.formerKey].some((one) => text === one || text === `${table}.${one}`)
  );
  return found.length === 1 ? found[0] : undefined;
}
