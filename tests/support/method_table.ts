// The table of all methods as the service has it, over real parts with a store in memory.

import { absentLibrary } from "../../src/app/library.ts";
import { Lifetime } from "../../src/app/lifetime.ts";
import { methodTable } from "../../src/app/methods.ts";
import { createPlaying } from "../../src/app/playing.ts";
import { openRecords } from "../../src/app/records.ts";
import { ServiceStatus } from "../../src/app/service_status.ts";
import { createSettingsControl } from "../../src/app/settings_control.ts";
import { silentLogger } from "../../src/base/log.ts";
import { parseConfig } from "../../src/edges/config/config.ts";
import { KeyHolds } from "../../src/features/access/key_holds.ts";
import { PairingWindow } from "../../src/features/pairing/pairing_window.ts";
import type { RpcMethod } from "../../src/features/rpc/method.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { PhoneSettings } from "../../src/features/settings/phone_settings.ts";
import { LiveConnections } from "../../src/features/session/live_connections.ts";
import { LiveSettings } from "../../src/features/settings/live_settings.ts";
import { innerEdges, memoryStores } from "./app_in_process.ts";
import { FakeClock } from "./fake_clock.ts";
import { seededRandom } from "./seeded_random.ts";

/** Every method of the API. Nothing here is to be run. */
export function readMethodTable(): RpcMethod[] {
  const log = silentLogger;
  const clock = new FakeClock();
  const random = seededRandom(1);
  const stores = memoryStores();
  const live = new LiveConnections();
  const notifications = new Notifications();
  const records = openRecords({ stores, live, notifications, clock, random, log });
  const settings = new LiveSettings(
    parseConfig("", { file: "test", env: { HOME: "/nowhere", isRoot: false } }),
  );
  const holds = new KeyHolds({ isInForce: () => true, clock, log });
  const frame = {
    config: settings.current,
    edges: innerEdges(stores),
    environment: {},
    lifetime: new Lifetime({ clock, graceMs: 0 }),
    notifications,
    clock,
    log,
  };
  const library = absentLibrary();
  const playing = createPlaying({
    ...frame,
    stores,
    library,
    settings,
    random,
  });
  const methods = methodTable({
    durable: () => Promise.resolve(),
    status: new ServiceStatus(0),
    platform: "test",
    addresses: () => [],
    live,
    records,
    window: new PairingWindow({
      clock,
      random,
      clients: { limit: 1, maxNameBytes: 1, count: () => 0, add: () => {} },
      events: { opened: () => {}, failed: () => {}, refused: () => {}, ended: () => {} },
    }),
    models: undefined,
    holds,
    playing,
    library,
    phoneSettings: new PhoneSettings(stores.phoneSettings, notifications),
    settings,
    control: createSettingsControl({
      settings,
      source: undefined,
      canStartPrograms: true,
      hasLibrary: false,
      files: { write: () => {} },
      onChanged: () => {},
      log,
    }),
    clock,
    log,
  });
  records.keyClock.close();
  stores.close();
  return methods;
}
