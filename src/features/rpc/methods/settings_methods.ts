// Methods about the settings (docs/protocol.md §8). What a member sees is what concerns it; who may
// come in is for admins, and whether others must encrypt is the device's own to say.

import * as v from "valibot";
import { AppError, asError } from "../../../base/app_error.ts";
import { LOG_LEVELS } from "../../../base/log.ts";
import type { Settings } from "../../settings/live_settings.ts";
import type { SettingsChange } from "../../settings/settings_file.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

/** The most entries that a list of settings takes over the API. */
export const MAX_SETTING_ENTRIES = 256;

/** The longest entry, in characters. */
export const MAX_SETTING_CHARACTERS = 512;

/** What the settings methods need. */
export interface SettingsMethodsOptions {
  /** The settings at this moment. */
  current: () => Settings;
  /** Changes and keeps settings. */
  update: (change: SettingsChange, by: string) => SettingsOutcome;
  /** Reads the files again. */
  reload: (by: string) => SettingsOutcome;
}

/** What a change or a reload led to. */
export interface SettingsOutcome {
  /** The names of the settings that changed, and are in force. */
  readonly changed: readonly string[];
  /** The keys of the configuration that differ from what is in force until a restart. */
  readonly needsRestart: readonly string[];
}

const OWNERS_MISTAKES = ["CommandError", "ConfigError"];

const List = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(MAX_SETTING_CHARACTERS))),
  v.maxLength(MAX_SETTING_ENTRIES),
);

const UpdateParams = v.strictObject({
  encryption: v.optional(v.boolean()),
  allowedIps: v.optional(List),
  allowedOrigins: v.optional(List),
  allowRun: v.optional(List),
  discovery: v.optional(v.strictObject({
    enabled: v.optional(v.boolean()),
    instanceName: v.optional(v.nullable(v.string())),
  })),
  models: v.optional(v.strictObject({
    allow: v.optional(List),
    maxConcurrent: v.optional(v.number()),
    queue: v.optional(v.number()),
    perKeyPerMinute: v.optional(v.number()),
    perKeyTokensPerDay: v.optional(v.number()),
  })),
  logLevel: v.optional(v.picklist(LOG_LEVELS)),
});

/** `settings`, `settings.update` and `settings.reload`. */
export function settingsMethods(options: SettingsMethodsOptions): RpcMethod[] {
  const { current, update, reload } = options;
  return [
    defineMethod({
      name: "settings",
      access: "anyone",
      params: v.object({}),
      run: (_params, { role }) => {
        const { encryption, discovery, models, ...others } = current();
        const { enabled, instanceName = null } = discovery;
        if (role !== "admin") return { encryption, discovery: { enabled } };
        const { perKeyPerMinute = 0, perKeyTokensPerDay = 0 } = models;
        return {
          encryption,
          ...others,
          discovery: { enabled, instanceName },
          models: { ...models, perKeyPerMinute, perKeyTokensPerDay },
        };
      },
    }),
    defineMethod({
      name: "settings.update",
      access: "admin",
      params: UpdateParams,
      run: (change, { caller }) => {
        if (change.encryption !== undefined && !caller.isLocal) {
          throw new AppError("forbidden", "Only the device itself may change encryption");
        }
        try {
          return ownersMistake(() => update(change, caller.clientId ?? "local"));
        } catch (error) {
          if (caller.isLocal || !isBadRequest(error)) throw error;
          // The text names a file of the device.
          throw new AppError("bad_request", "Not all of these settings can be taken", {
            cause: error,
          });
        }
      },
    }),
    defineMethod({
      name: "settings.reload",
      // The files may change who gets in, which is for the device itself to say.
      access: "local",
      params: v.object({}),
      run: () => ownersMistake(() => reload("local")),
    }),
  ];
}

function isBadRequest(error: unknown): boolean {
  return error instanceof AppError && error.code === "bad_request";
}

// Such an error tells what is wrong with the owner's file, which a local caller may read. All others
// are mistakes of ours.
function ownersMistake(action: () => SettingsOutcome): SettingsOutcome {
  try {
    return action();
  } catch (error) {
    if (!OWNERS_MISTAKES.includes(asError(error).name)) throw error;
    throw new AppError("bad_request", asError(error).message, { cause: error });
  }
}
