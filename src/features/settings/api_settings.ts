// The settings as the API has them (docs/protocol.md §8): members by name, those of "table.name" in an
// object of their own, each as TOML has it and null for none.

import { tomlOf } from "./setting.ts";
import { type Config, type PlacedSetting, RELOADABLE_SETTINGS, valueIn } from "./settings_table.ts";

/** Settings by their names in the API. */
export type ApiSettings = Readonly<Record<string, unknown>>;

/** The settings of rows for which `isShown` holds. */
export function showSettings(
  config: Config,
  isShown: ((setting: PlacedSetting) => boolean) | undefined = () => true,
): ApiSettings {
  return nestByName(
    RELOADABLE_SETTINGS.filter(isShown),
    (setting) => tomlOf(setting.row, valueIn(config, setting)) ?? null,
  );
}

/** What stands under a name, "table.name" or "name"; undefined where nothing does. */
export function memberNamed(settings: ApiSettings, name: string): unknown {
  return name.split(".").reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as ApiSettings)[part]
        : undefined,
    settings,
  );
}

/** An object with a member for each row, those of "table.name" in one of their own. */
export function nestByName<Value>(
  settings: readonly PlacedSetting[],
  valueOf: (setting: PlacedSetting) => Value,
  nest: (members: Record<string, Value>) => unknown = (members) => members,
): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const nested = new Map<string, Record<string, Value>>();
  for (const setting of settings) {
    const [name = "", member] = setting.apiName.split(".");
    if (member === undefined) flat[name] = valueOf(setting);
    else nested.set(name, { ...nested.get(name), [member]: valueOf(setting) });
  }
  for (const [name, members] of nested) flat[name] = nest(members);
  return flat;
}
