// Settings that the phone's app knows from Core and that mean nothing on this device: it shows what it
// was told to keep. `debugLogging` is the one that does something, and is the log level.

import * as v from "valibot";

/** The most ids in `readersScanIgnoreSystems`. */
export const MAX_IGNORED_SYSTEMS = 256;

const ROWS = {
  runZapScript: { type: v.boolean(), default: true },
  audioScanFeedback: { type: v.boolean(), default: false },
  readersAutoDetect: { type: v.boolean(), default: false },
  readersScanMode: { type: v.picklist(["tap", "hold"]), default: "tap" },
  readersScanExitDelay: { type: v.pipe(v.number(), v.minValue(0), v.maxValue(3600)), default: 0 },
  readersScanIgnoreSystems: {
    type: v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(64))),
      v.maxLength(MAX_IGNORED_SYSTEMS),
    ),
    default: [],
  },
  errorReporting: { type: v.boolean(), default: false },
} as const;

/** What each of them may be. */
export const PHONE_SETTING_VALUES: v.ObjectEntries = Object.fromEntries(
  Object.entries(ROWS).map(([name, { type }]) => [name, type]),
);

/** The params of `settings.update` that are the app's own. */
export const PHONE_SETTING_PARAMS: v.ObjectEntries = Object.fromEntries(
  Object.entries(ROWS).map(([name, { type }]) => [name, v.optional(type)]),
);

/** Where the values are kept, as JSON texts by name. */
export interface PhoneSettingsStore {
  read(): Readonly<Record<string, string>>;
  write(values: Readonly<Record<string, string>>): void;
}

/** Who tells of changes. */
export interface SettingsNotifications {
  /** Tells those who administer. */
  publish(method: "settings.changed", params: Record<string, never>, audience: "admin"): void;
}

/** The app's settings. */
export class PhoneSettings {
  readonly #store: PhoneSettingsStore;
  readonly #notifications: SettingsNotifications;

  /** The settings of a store; every change is told to those who administer. */
  constructor(store: PhoneSettingsStore, notifications: SettingsNotifications) {
    this.#store = store;
    this.#notifications = notifications;
  }

  /** All values. */
  read(): Record<string, unknown> {
    const kept = this.#store.read();
    return Object.fromEntries(
      Object.entries(ROWS).map(([name, row]) => [name, valueOf(kept[name], row) ?? row.default]),
    );
  }

  /** Keeps those of some values that are the app's; the names of those that changed. */
  update(change: Readonly<Record<string, unknown>>): string[] {
    const before = this.read();
    const changed = Object.keys(ROWS).filter((name) =>
      change[name] !== undefined && JSON.stringify(change[name]) !== JSON.stringify(before[name])
    );
    if (changed.length > 0) {
      this.#store.write(
        Object.fromEntries(changed.map((name) => [name, JSON.stringify(change[name])])),
      );
      this.#notifications.publish("settings.changed", {}, "admin");
    }
    return changed;
  }
}

function valueOf(text: string | undefined, { type }: { type: v.GenericSchema }): unknown {
  if (text === undefined) return undefined;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), type), text);
  return result.success ? result.output : undefined;
}
