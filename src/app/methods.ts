// All methods of the API with their parts, and what role a caller has.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { DOOR_SCOPES, KEY_SCOPES } from "../features/access/api_key.ts";
import type { KeyHolds } from "../features/access/key_holds.ts";
import { dayOf } from "../features/models/usage.ts";
import type { PairingWindow } from "../features/pairing/pairing_window.ts";
import { roleOfCaller } from "../features/rpc/caller.ts";
import { createDispatcher, type Dispatcher } from "../features/rpc/dispatcher.ts";
import type { RpcMethod } from "../features/rpc/method.ts";
import { actionMethods } from "../features/rpc/methods/action_methods.ts";
import { auditMethods } from "../features/rpc/methods/audit_methods.ts";
import { discoverMethod } from "../features/rpc/methods/discover_method.ts";
import { clientMethods } from "../features/rpc/methods/client_methods.ts";
import { libraryMethods } from "../features/rpc/methods/library_methods.ts";
import { mediaMethods } from "../features/rpc/methods/media_methods.ts";
import { keyMethods } from "../features/rpc/methods/key_methods.ts";
import { serviceMethods } from "../features/rpc/methods/service_methods.ts";
import { settingsMethods } from "../features/rpc/methods/settings_methods.ts";
import { tokenMethods } from "../features/rpc/methods/token_methods.ts";
import { vacantMethods } from "../features/rpc/methods/vacant_methods.ts";
import { usageMethods } from "../features/rpc/methods/usage_methods.ts";
import type { LiveConnections } from "../features/session/live_connections.ts";
import type { PhoneSettings } from "../features/settings/phone_settings.ts";
import type { LiveSettings } from "../features/settings/live_settings.ts";
import { VERSION } from "../version.ts";
import type { OpenLibrary } from "./open_library.ts";
import type { Models } from "./models.ts";
import type { Playing } from "./playing.ts";
import type { Records } from "./records.ts";
import type { ServiceStatus } from "./service_status.ts";
import type { SettingsControl } from "./settings_control.ts";

/** The parts that the methods act on. */
export interface MethodParts {
  /** What the service is doing. */
  status: ServiceStatus;
  /** The kind of system, as `version` tells it. */
  platform: string;
  /** The URLs under which other hosts reach the service. */
  addresses: () => string[];
  /** The open connections. */
  live: LiveConnections;
  /** Clients, keys and the audit log. */
  records: Records;
  /** Resolves once all that was kept is on the disk. */
  durable: () => Promise<void>;
  window: PairingWindow;
  /** The model gateway, where there is one. */
  models: Models | undefined;
  /** What keys hold open. */
  holds: KeyHolds;
  /** What runs and has the screen. */
  playing: Playing;
  library: OpenLibrary;
  phoneSettings: PhoneSettings;
  /** The settings in force. */
  settings: LiveSettings;
  /** Changes them. */
  control: SettingsControl;
  clock: Clock;
  log: Logger;
}

/** Answers every method of the API. */
export function createMethods(parts: MethodParts): Dispatcher {
  const { roster } = parts.records;
  return createDispatcher({
    methods: methodTable(parts),
    roleOf: (caller) => roleOfCaller(caller, (clientId) => roster.find(clientId)),
    durable: parts.durable,
    log: parts.log,
  });
}

/** Every method of the API, as docs/protocol.md lists them. */
export function methodTable(parts: MethodParts): RpcMethod[] {
  const { status, platform, live, records, window, models, holds } = parts;
  const { playing, library, phoneSettings, settings, control, clock } = parts;
  const { screen, actions, texts, history, favorites } = playing;
  const { audit, roster, lastSeen, keys } = records;
  const methods = [
    ...serviceMethods({
      version: VERSION,
      program: "latchkey",
      platform,
      state: () => status.health,
      addresses: parts.addresses,
      encryption: () => settings.current.service.encryption,
      connections: () => live.counts(),
      clients: () => roster.list().length,
      playing: () => screen.current()?.media.mediaName,
    }),
    ...clientMethods({
      roster,
      pairing: window,
      unsavedLastSeenMs: (clientId) => lastSeen.unsaved(clientId),
      durable: parts.durable,
    }),
    ...keyMethods({
      keys,
      shared: models?.sharedKeys,
      scopes: KEY_SCOPES,
      doors: DOOR_SCOPES,
      onAdded: ({ keyId, scopes }) =>
        audit.record("key_added", { keyId, scopes: scopes.join(" ") }),
      onChanged: ({ keyId, limits = {} }) => {
        models?.keyChanged({ keyId, limits });
        audit.record("key_changed", { keyId, limits: JSON.stringify(limits) });
      },
      onRevoked: (keyId) => {
        holds.cut(keyId);
        audit.record("key_revoked", { keyId });
      },
      onOpened: (scope) => audit.record("key_not_required", { scope }),
    }),
    ...actionMethods({ actions, run: (token, origin) => texts.run(token, origin), screen }),
    ...libraryMethods({ library: library.media, favorites }),
    ...mediaMethods({
      library: library.media,
      hasLibrary: library.isConfigured,
      favorites,
      screen,
    }),
    ...tokenMethods({ texts, history }),
    ...vacantMethods(),
    ...usageMethods({
      usage: models && (() => models.usage),
      wallMs: () => clock.wallMs(),
      dayOf,
    }),
    ...auditMethods({ audit }),
    ...settingsMethods({
      current: () => settings.current,
      update: control.update,
      phone: phoneSettings,
      checkWritable: () => roster.checkWritable(),
      reload: control.reload,
    }),
  ];
  return [...methods, discoverMethod(methods)];
}
