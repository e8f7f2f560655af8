// What the phone's app has set, in memory.

import type { PhoneSettingsStore } from "../../src/features/settings/phone_settings.ts";

/** A store of nothing yet. */
export function memoryPhoneSettings(): PhoneSettingsStore {
  let kept: Readonly<Record<string, string>> = {};
  return {
    read: () => kept,
    write: (values) => {
      kept = { ...kept, ...values };
    },
  };
}
