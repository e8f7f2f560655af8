// A PIN that opens nothing, on the displays that the configuration names.

import { systemClock } from "../base/clock.ts";
import { createLogger } from "../base/log.ts";
import { openDisplays } from "../edges/platform/displays.ts";
import { hostName, pairingUrl, reachableUrls } from "../edges/platform/host.ts";
import type { DisplaySettings } from "../features/screen/display_settings.ts";

const TEST_PIN = "123456";
// The port is of no matter: nothing listens for this PIN.
const ANY_PORT = 7497;

/** Options of {@linkcode showTestPin}. */
export interface TestPinOptions {
  settings: DisplaySettings;
  /** The buttons that would cancel it, by name. */
  cancelButtons: readonly string[];
  /** How long it is shown, in milliseconds. */
  forMs: number;
  /** Writes to the terminal. */
  write: (text: string) => void;
  /** The variables of this process. */
  environment: Readonly<Record<string, string>>;
}

/** Shows it and takes it away. */
export async function showTestPin(options: TestPinOptions): Promise<void> {
  const { settings, cancelButtons, forMs, write, environment } = options;
  const clock = systemClock;
  const log = createLogger({
    write: (line) => write(`${line}\n`),
    level: () => "info",
    format: "text",
    wallMs: () => clock.wallMs(),
  });
  const display = await openDisplays(settings, {
    cancelButtons,
    write,
    isTerminal: Deno.stdout.isTerminal(),
    environment,
    clock,
    log,
  });
  try {
    await display.show({
      pin: TEST_PIN,
      expiresAtMs: clock.wallMs() + forMs,
      deviceName: `${hostName()} (test)`,
      url: pairingUrl(TEST_PIN, reachableUrls(ANY_PORT)[0]),
    });
    await new Promise<void>((resolve) => clock.after(forMs, resolve));
    await display.clear({ kind: "cancelled" });
  } finally {
    display.close();
  }
}
