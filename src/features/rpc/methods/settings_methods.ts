// Methods about the settings (docs/protocol.md §8). What a member sees is what concerns it; who may
// come in is for admins, and whether others must encrypt is the device's own to say.

import * as v from "valibot";
import { AppError, asError } from "../../../base/app_error.ts";
import {
  type ApiSettings,
  memberNamed,
  nestByName,
  showSettings,
} from "../../settings/api_settings.ts";
import type { SettingsOutcome } from "../../settings/live_settings.ts";
import {
  PHONE_SETTING_PARAMS,
  PHONE_SETTING_VALUES,
  type PhoneSettings,
} from "../../settings/phone_settings.ts";
import {
  type Config,
  type PlacedSetting,
  RELOADABLE_SETTINGS,
} from "../../settings/settings_table.ts";
import { explainUnchangeable } from "../../settings/unchangeable.ts";
import { schemaOf } from "../../settings/value_types.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { TextShape } from "../shapes.ts";

/** The most entries that a list of settings takes over the API. */
export const MAX_SETTING_ENTRIES = 256;

/** The longest entry, in characters. */
export const MAX_SETTING_CHARACTERS = 512;

/** What the settings methods need. */
export interface SettingsMethodsOptions {
  /** The configuration in force at this moment. */
  current: () => Config;
  /** Changes and keeps settings, by their names in the API. */
  update: (change: ApiSettings, by: string) => SettingsOutcome;
  /** What the phone's app has set for itself. */
  phone: PhoneSettings;
  /** Throws AppError unavailable where nothing can be kept. */
  checkWritable: () => void;
  /** Reads the files again. */
  reload: (by: string) => SettingsOutcome;
}

const OWNERS_MISTAKES = ["CommandError", "ConfigError"];

const Text = v.pipe(v.string(), v.maxLength(MAX_SETTING_CHARACTERS));
const List = v.pipe(v.array(Text), v.maxLength(MAX_SETTING_ENTRIES));

// What a request may hold; whether the values can be taken is for the table's own types to say.
const PARAMS: Readonly<Record<string, v.GenericSchema>> = {
  array: List,
  boolean: v.boolean(),
  number: v.number(),
  string: Text,
};

const UpdateParams = v.strictObject({
  ...nestByName(
    RELOADABLE_SETTINGS,
    paramOf,
    (members) => v.optional(v.strictObject(members)),
  ) as v.ObjectEntries,
  ...PHONE_SETTING_PARAMS,
  debugLogging: v.optional(v.boolean()),
});

// null goes back to what the owner's file says; where that always says something, it is a mistake.
function paramOf(setting: PlacedSetting): v.GenericSchema {
  return v.optional(valueShapeOf(setting));
}

function valueShapeOf({ path, row }: PlacedSetting): v.GenericSchema {
  const schema = row.type.type === "picklist" ? schemaOf(row) : PARAMS[row.type.type];
  if (schema === undefined) throw new TypeError(`${path}: cannot be changed over the API`);
  return row.default === undefined ? v.nullable(schema) : schema;
}

// A member sees fewer than an admin.
const SettingsShape: v.GenericSchema<Record<string, unknown>> = v.strictObject({
  ...nestByName(
    RELOADABLE_SETTINGS,
    (setting) => v.optional(valueShapeOf(setting)),
    (members) => v.optional(v.strictObject(members)),
  ) as v.ObjectEntries,
  ...PHONE_SETTING_VALUES,
  debugLogging: v.boolean(),
});

const OutcomeShape = v.strictObject({
  changed: v.array(TextShape),
  needsRestart: v.array(TextShape),
});

const LOCAL_SETTINGS = RELOADABLE_SETTINGS
  .filter(({ row }) => row.localOnly === true)
  .map(({ apiName }) => apiName);

/** `settings`, `settings.update` and `settings.reload`. */
export function settingsMethods(options: SettingsMethodsOptions): RpcMethod[] {
  const { current, update, phone, checkWritable, reload } = options;
  const phoneSettings = (): Record<string, unknown> => ({
    ...phone.read(),
    debugLogging: current().log.level === "debug",
  });
  // A file that was written cannot be taken back as the store's part can, so it comes last; its entry in
  // the audit log is in the store.
  function updateBoth(ofPhone: ApiSettings, updateOurs: () => SettingsOutcome): SettingsOutcome {
    checkWritable();
    const before = phone.read();
    const ofPhoneChanged = phone.update(ofPhone);
    try {
      const { changed, needsRestart } = updateOurs();
      return { changed: [...changed, ...ofPhoneChanged], needsRestart };
    } catch (error) {
      phone.update(before);
      throw error;
    }
  }
  return [
    defineMethod({
      name: "settings",
      access: "anyone",
      params: v.object({}),
      result: SettingsShape,
      run: (_params, { role }) => {
        const isShown = role === "admin" ? undefined : isPublic;
        return { ...showSettings(current(), isShown), ...phoneSettings() };
      },
    }),
    defineMethod({
      name: "settings.update",
      access: "admin",
      params: UpdateParams,
      explainUnknownKey: explainUnchangeable,
      result: OutcomeShape,
      waitsForDisk: true,
      run: (change, { caller }) => {
        const ownOnly = LOCAL_SETTINGS.find((name) => memberNamed(change, name) !== undefined);
        if (ownOnly !== undefined && !caller.isLocal) {
          throw new AppError("forbidden", `Only the device itself may change ${ownOnly}`);
        }
        const by = caller.clientId ?? "local";
        const wanted = withLogLevel(change, current().log.level);
        const isOurs = Object.keys(wanted).some((name) =>
          !Object.hasOwn(PHONE_SETTING_PARAMS, name)
        );
        if (!isOurs) return { changed: phone.update(change), needsRestart: [] };
        return updateBoth(change, () => ownersMistake(() => update(wanted, by), caller));
      },
    }),
    defineMethod({
      name: "settings.reload",
      // The files may change who gets in, which is for the device itself to say.
      access: "local",
      params: v.object({}),
      result: OutcomeShape,
      waitsForDisk: true,
      run: (_params, { caller }) => ownersMistake(() => reload("local"), caller),
    }),
  ];
}

function isPublic({ row }: PlacedSetting): boolean {
  return row.isPublic === true;
}

// The app's switch is the log level; it takes nothing back that the owner set to other levels.
function withLogLevel(change: ApiSettings, level: string): ApiSettings {
  const { debugLogging, ...others } = change;
  if (debugLogging === undefined || (debugLogging === true) === (level === "debug")) return others;
  return { logLevel: debugLogging === true ? "debug" : "info", ...others };
}

// Such an error tells what is wrong with the owner's file, and its path: a local caller may read it.
function ownersMistake(
  action: () => SettingsOutcome,
  { isLocal }: { isLocal: boolean },
): SettingsOutcome {
  try {
    return action();
  } catch (error) {
    if (!OWNERS_MISTAKES.includes(asError(error).name)) throw error;
    const text = isLocal ? asError(error).message : "Not all of these settings can be taken";
    throw new AppError("bad_request", text, { cause: error });
  }
}
