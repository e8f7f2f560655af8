// Texts and examples of all methods; those about media stand in a file of their own.

import { MAX_AUDIT_PAGE } from "../methods/audit_methods.ts";
import { MAX_USAGE_DAYS } from "../methods/usage_methods.ts";
import { MEDIA_TEXTS } from "./media_texts.ts";
import type { MethodText } from "./method_text.ts";

const CLIENT_ID = "5b0e2c1a-7a5f-4c52-9d0b-3f1f0c9e7a11";

const CLIENT = {
  clientId: CLIENT_ID,
  clientName: "Living room phone",
  role: "member",
  createdAt: 1769882400,
  lastSeenAt: 1769886000,
};

const PIN = { pin: "925558", expiresAt: 1769882700, role: "member" };

const KEY = {
  keyId: "k3yk3yk3",
  name: "home automation",
  scopes: ["rpc"],
  models: null,
  limits: {},
  shared: false,
  createdAt: 1769882400,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
};

const KEY_LIMITS = "`perMinute`, `tokensPerDay`, `concurrent` and `weight`; 0 is no limit";

const IGNORED = "Kept for the phone's app, and changes nothing";

/** The texts, by method. */
export const METHOD_TEXTS: Readonly<Record<string, MethodText>> = {
  ...MEDIA_TEXTS,
  "rpc.discover": {
    summary: "This API as an OpenRPC document",
    more: "The same for every caller, whatever the caller may call.",
    example: { result: { openrpc: "1.3.2", info: { title: "Latchkey" }, methods: [] } },
  },
  version: {
    summary: "The version of the program, with its name before it",
    example: {
      result: { version: "latchkey-0.1.0", platform: "linux", encryption: [1] },
    },
  },
  health: {
    summary: "What the service is doing",
    example: { result: { status: "ok", state: "ready" } },
  },
  status: {
    summary: "The service at a glance: addresses, connections, what plays",
    example: {
      result: {
        version: "0.1.0",
        state: "ready",
        addresses: ["http://192.168.1.20:7497"],
        encryption: true,
        clients: 2,
        connections: 3,
        sessions: 1,
        playing: "Super Mario World",
      },
    },
  },
  clients: {
    summary: "Lists the paired clients",
    example: { result: { clients: [CLIENT] } },
  },
  "clients.current": {
    summary: "Who is calling, and what the caller may do",
    example: {
      result: {
        access: "member",
        paired: true,
        role: "member",
        capabilities: [],
        client: CLIENT,
      },
    },
  },
  "clients.update": {
    summary: "Renames a client or changes its role",
    more: "A change of role ends its connections.",
    params: { clientId: "The client", role: "Its new role", clientName: "Its new name" },
    refusals: {
      not_found: "There is no such client",
      bad_request: "The name is empty or too long",
      conflict: "A remote admin may not demote the last admin",
    },
    example: {
      params: { clientId: CLIENT_ID, clientName: "Living room phone" },
      result: CLIENT,
    },
  },
  "clients.delete": {
    summary: "Removes a client and ends its connections",
    params: { clientId: "The client" },
    refusals: { not_found: "There is no such client" },
    example: { params: { clientId: CLIENT_ID }, result: null },
  },
  "clients.pair.start": {
    summary: "Opens pairing: draws a PIN and shows it",
    params: {
      role: "The role of the client that pairs; the first client is admin whatever is asked",
      liftLock: "Whether to open pairing although it is closed because of burned PINs",
    },
    refusals: {
      conflict: "A PIN is valid already, or all places are taken",
      rate_limited: "Pairing is closed because of burned PINs",
      unavailable: "The device's storage fails",
    },
    example: { params: { role: "member" }, result: PIN },
  },
  "clients.pair.current": {
    summary: "The valid PIN, or null",
    example: { result: PIN },
  },
  "clients.pair.cancel": {
    summary: "Ends the valid PIN, if there is one",
    example: { result: null },
  },
  keys: {
    summary: "Lists the API keys, without their secrets",
    more: "`required` are the scopes for which other hosts need a key. `sharedUnavailable` says, " +
      "where gateways share a store, whether it is away.",
    example: { result: { keys: [KEY], required: ["rpc"] } },
  },
  "keys.new": {
    summary: "Makes an API key; its text is told this once",
    more: "`nowRequired` are the scopes for which other hosts need a key that did not before.",
    params: {
      name: "The owner's name for it",
      scopes: "What it opens",
      models: "The models that it may use, with the scope `models`; all that the gateway allows " +
        "where it is left out",
      limits: `${KEY_LIMITS}; with the scope \`models\``,
      expiresIn: "How long it lives, in seconds; for ever where it is left out",
    },
    refusals: { bad_request: "The name, the scopes, the models or the limits cannot be" },
    example: {
      params: { name: "home automation", scopes: ["rpc"] },
      result: { ...KEY, key: `lk_k3yk3yk3_${"A".repeat(43)}`, nowRequired: ["rpc"] },
    },
  },
  "keys.update": {
    summary: "Changes the limits of an API key",
    params: {
      keyId: "The key",
      limits: `${KEY_LIMITS}; null goes back to what the configuration says`,
    },
    refusals: {
      not_found: "There is no such key in force",
      bad_request: "A limit is out of its range, or the key is not for models",
    },
    example: {
      params: { keyId: "k3yk3yk3", limits: { perMinute: 30 } },
      result: { ...KEY, scopes: ["models"], limits: { perMinute: 30 } },
    },
  },
  "keys.delete": {
    summary: "Revokes an API key and cuts what it opened",
    params: { keyId: "The key" },
    refusals: { not_found: "There is no such key in force" },
    example: { params: { keyId: "k3yk3yk3" }, result: null },
  },
  "keys.open": {
    summary: "Lets other hosts in without a key again, for one scope",
    params: { scope: "The scope" },
    refusals: { conflict: "A key of the scope is in force" },
    example: { params: { scope: "rpc" }, result: { changed: true } },
  },
  "keys.purge": {
    summary: "Forgets the revoked API keys",
    example: { result: { purged: 1 } },
  },
  usage: {
    summary: "What API keys have used of the model gateway",
    params: {
      keyId: "One key; all of them where it is left out",
      days: `How many days of UTC, today included; at most ${MAX_USAGE_DAYS}`,
      by: "What is added up by, each only once; `day` and `key` where it is left out",
    },
    refusals: { unavailable: "The model gateway is off" },
    example: {
      params: { days: 1, by: ["key"] },
      result: {
        sinceDay: "2026-01-31",
        usage: [{
          keyId: "k3yk3yk3",
          requests: 12,
          promptTokens: 3400,
          outputTokens: 910,
          errors: 0,
          durationMs: 48210,
        }],
      },
    },
  },
  audit: {
    summary: "What happened to the device's security, oldest first",
    params: {
      afterId: "Only entries with higher numbers; the newest ones where it is left out",
      limit: `How many; at most ${MAX_AUDIT_PAGE}`,
      refusals: "Whether to tell of refusals, which are a chain of their own, instead",
    },
    example: {
      params: { limit: 10 },
      result: {
        entries: [{
          id: 1,
          at: "2026-01-31T18:00:00.000Z",
          event: "pairing_opened",
          details: { role: "member" },
          hash: "9f".repeat(32),
        }],
      },
    },
  },
  "audit.verify": {
    summary: "Checks the chain of the audit log, and that nothing was cut off",
    more: "`brokenAt`, `refusalBrokenAt` and `cutAt` are null where all is well.",
    params: { anchor: "A head that was written down earlier, as NUMBER:HASH" },
    example: {
      result: { entries: 12, brokenAt: null, refusalBrokenAt: null, cutAt: null },
    },
  },
  settings: {
    summary: "The settings that the caller may see",
    more: "A member sees `encryption`, `discovery.enabled` and what is kept for the phone's app.",
    example: {
      result: {
        encryption: true,
        discovery: { enabled: true },
        runZapScript: true,
        debugLogging: false,
        audioScanFeedback: false,
        readersAutoDetect: false,
        readersScanMode: "tap",
        readersScanExitDelay: 0,
        readersScanIgnoreSystems: [],
        errorReporting: false,
      },
    },
  },
  "settings.update": {
    summary: "Changes settings, all of those that are given or none",
    more: "`needsRestart` names keys of the configuration that differ from what is in force. A " +
      "setting that is set in the configuration file alone, and needs a restart, is refused as " +
      "invalid params that say so.",
    params: {
      debugLogging: "Whether the log tells everything: `logLevel` as the phone's app knows it",
      runZapScript: IGNORED,
      audioScanFeedback: IGNORED,
      readersAutoDetect: IGNORED,
      readersScanMode: IGNORED,
      readersScanExitDelay: IGNORED,
      readersScanIgnoreSystems: IGNORED,
      errorReporting: IGNORED,
    },
    refusals: {
      forbidden: "The caller may not call it, or may not change one of these settings",
      bad_request: "A value cannot be taken",
    },
    example: {
      params: { keepHistory: false },
      result: { changed: ["keepHistory"], needsRestart: [] },
    },
  },
  "settings.reload": {
    summary: "Reads the configuration again",
    more: "`changed` names settings, and `action` and `library` where these lists differ; " +
      "`needsRestart` names keys that wait for a restart, as the log does.",
    refusals: { bad_request: "The file cannot be used; nothing has changed" },
    example: { result: { changed: ["allowRun"], needsRestart: [] } },
  },
};
