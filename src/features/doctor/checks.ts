// All checks of the doctor, in the order in which they are run and shown: what a device needs to
// start comes first. Codes are stable: programs read them.

import { type Check, defineCheck } from "./check.ts";
import {
  judgeActions,
  judgeClock,
  judgeConfig,
  judgeDisplay,
  judgePairingTime,
  judgePermissions,
} from "./device_judgements.ts";
import { judgeLibrary } from "./library_judgements.ts";
import {
  judgeGuard,
  judgeListeners,
  judgeMdns,
  judgePort,
  judgeService,
} from "./network_judgements.ts";
import {
  judgeAllowedIps,
  judgeAllowedOrigins,
  judgeAllowRun,
  judgeEncryption,
  judgeKeys,
  judgeModels,
  judgeTrustedProxies,
} from "./policy_judgements.ts";
import { judgeDatabase, judgeDataFolder } from "./storage_judgements.ts";

/** How long a look at files and settings may take, in milliseconds. */
export const FILES_LIMIT_MS = 5_000;

/** How long reading the whole database may take, in milliseconds. */
export const DATABASE_LIMIT_MS = 30_000;

/** How long reading the sources of the library may take, in milliseconds. */
export const LIBRARY_LIMIT_MS = 60_000;

/** How long talking to the service on this machine may take, in milliseconds. */
export const LOCAL_NETWORK_LIMIT_MS = 10_000;

/** How long others may take to answer, in milliseconds. */
export const OTHERS_LIMIT_MS = 15_000;

/** How long a trial pairing may take, in milliseconds. */
export const TRIAL_PAIRING_LIMIT_MS = 60_000;

/** The checks. */
export const CHECKS: readonly Check[] = [
  defineCheck({
    code: "config",
    asks: "Can the configuration be used?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeConfig,
  }),
  defineCheck({
    code: "actions",
    asks: "Can every action's program be started?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeActions,
  }),
  defineCheck({
    code: "library",
    asks: "Can the library's sources be read, and their media be launched?",
    limitMs: LIBRARY_LIMIT_MS,
    judge: judgeLibrary,
  }),
  defineCheck({
    code: "data_folder",
    asks: "Is the data folder there, closed to others, with room in it?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeDataFolder,
  }),
  defineCheck({
    code: "database",
    asks: "Is the database sound and of this version?",
    limitMs: DATABASE_LIMIT_MS,
    judge: judgeDatabase,
  }),
  defineCheck({
    code: "service",
    asks: "Does the service run?",
    limitMs: LOCAL_NETWORK_LIMIT_MS,
    judge: judgeService,
  }),
  defineCheck({
    code: "port",
    asks: "Is the port free, or the service's?",
    limitMs: LOCAL_NETWORK_LIMIT_MS,
    judge: judgePort,
  }),
  defineCheck({
    code: "listeners",
    asks: "Does the service answer at the addresses it is configured for, and at no others?",
    limitMs: LOCAL_NETWORK_LIMIT_MS,
    judge: judgeListeners,
  }),
  defineCheck({
    code: "guard",
    asks: "Does the guard stand between the service and other hosts?",
    limitMs: LOCAL_NETWORK_LIMIT_MS,
    judge: judgeGuard,
  }),
  defineCheck({
    code: "clock",
    asks: "Can the time be right?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeClock,
  }),
  defineCheck({
    code: "mdns",
    asks: "Is the device found in the local network?",
    limitMs: OTHERS_LIMIT_MS,
    judge: judgeMdns,
  }),
  defineCheck({
    code: "display",
    asks: "Can PINs be shown?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeDisplay,
  }),
  defineCheck({
    code: "pairing_time",
    asks: "How long does a pairing take on this CPU?",
    limitMs: TRIAL_PAIRING_LIMIT_MS,
    judge: judgePairingTime,
  }),
  defineCheck({
    code: "encryption",
    asks: "Must other hosts encrypt?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeEncryption,
  }),
  defineCheck({
    code: "allowed_ips",
    asks: "Is allowed_ips no wider than a local network?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeAllowedIps,
  }),
  defineCheck({
    code: "trusted_proxies",
    asks: "Do programs on the device count as its own beside the proxies?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeTrustedProxies,
  }),
  defineCheck({
    code: "allow_run",
    asks: "Does allow_run let through what is meant, and no more?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeAllowRun,
  }),
  defineCheck({
    code: "allowed_origins",
    asks: "Can the allowed origins be trusted?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeAllowedOrigins,
  }),
  defineCheck({
    code: "keys",
    asks: "Are the API keys in use, and do they end?",
    limitMs: FILES_LIMIT_MS,
    judge: judgeKeys,
  }),
  defineCheck({
    code: "permissions",
    asks: "Does the service run with no more rights than it needs?",
    limitMs: FILES_LIMIT_MS,
    judge: judgePermissions,
  }),
  defineCheck({
    code: "models",
    asks: "Is there all that the model gateway needs?",
    limitMs: OTHERS_LIMIT_MS,
    judge: judgeModels,
  }),
];
