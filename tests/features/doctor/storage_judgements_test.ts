import type { DatabaseFacts, FolderFacts } from "../../../src/features/doctor/doctor_facts.ts";
import {
  judgeDatabase,
  judgeDataFolder,
  MIN_FREE_BYTES,
  SCARCE_FREE_BYTES,
} from "../../../src/features/doctor/storage_judgements.ts";
import { testJudgement } from "./rows.ts";

function folder(
  state: Partial<Extract<FolderFacts["state"], { kind: "folder" }>>,
  uid = 1000,
): FolderFacts {
  const sound = { kind: "folder", mode: 0o700, ownerUid: 1000, freeBytes: 1e12 } as const;
  return {
    path: "/data",
    uid,
    state: { ...sound, isReadOnly: false, foreignName: undefined, ...state },
  };
}

testJudgement(judgeDataFolder, [
  ["sound", folder({}), "ok", /^\/data, mode 0700, \d+ MiB free/],
  [
    "readable by the group",
    folder({ mode: 0o740 }),
    "fail",
    /mode 0740, not 0700\. chmod 700 \/data/,
  ],
  [
    "open to others, with other things in it",
    folder({ mode: 0o755, foreignName: "www" }),
    "fail",
    /mode 0755 and holds "www".*does not start.*data_dir in \[service\], or.*chmod 700 \/data/,
  ],
  ["closed, with other things in it", folder({ foreignName: "www" }), "ok", /0700/],
  ["passable by others", folder({ mode: 0o701 }), "fail", /mode 0701/],
  ["closed to its owner", folder({ mode: 0o500 }), "fail", /mode 0500/],
  ["shared", folder({ mode: 0o1777 }), "fail", /shared by all users/],
  ["another user's", folder({ ownerUid: 33 }), "fail", /user 33, not to 1000\. chown -R 1000/],
  ["root's, seen by a user", folder({ ownerUid: 0 }), "fail", /user 0/],
  ["a user's, seen by root", folder({ ownerUid: 33 }, 0), "ok", /0700/],
  ["read-only", folder({ isReadOnly: true }), "fail", /read-only disk\. Mount it/],
  ["just enough space", folder({ freeBytes: SCARCE_FREE_BYTES }), "ok", /64 MiB free/],
  [
    "scarce space",
    folder({ freeBytes: SCARCE_FREE_BYTES - 1 }),
    "warn",
    /63 MiB free\. Make space/,
  ],
  ["the least space", folder({ freeBytes: MIN_FREE_BYTES }), "warn", /16 MiB free/],
  ["no space", folder({ freeBytes: MIN_FREE_BYTES - 1 }), "fail", /15 MiB free\. Make space/],
  ["a file", { path: "/data", uid: 1, state: { kind: "not_a_folder" } }, "fail", /is no folder/],
  [
    "not made yet",
    { path: "/data", uid: 1, state: { kind: "missing", canCreate: true } },
    "ok",
    /made at the first start/,
  ],
  [
    "never to be made",
    { path: "/data", uid: 1, state: { kind: "missing", canCreate: false } },
    "fail",
    /cannot be made/,
  ],
]);

function database(state: DatabaseFacts["state"]): DatabaseFacts {
  return { path: "/data/a.sqlite", state };
}

function read(
  state: Partial<Extract<DatabaseFacts["state"], { kind: "read" }>>,
): DatabaseFacts {
  const sound = { kind: "read", verdict: "ok", version: 2, newestVersion: 2, tables: 6 } as const;
  return database({ ...sound, hasOwnTables: true, ...state });
}

testJudgement(judgeDatabase, [
  ["none yet", database({ kind: "none" }), "ok", /first start/],
  ["not closed in order", database({ kind: "unfinished" }), "warn", /Start the service/],
  ["too large", database({ kind: "too_large", bytes: 200 * 1024 ** 2 }), "warn", /^200 MiB/],
  [
    "no database at all",
    database({ kind: "unreadable", reason: "x", isDamage: true }),
    "fail",
    /is damaged\. Put a backup/,
  ],
  [
    "not to be opened",
    database({ kind: "unreadable", reason: "denied", isDamage: false }),
    "fail",
    /cannot be opened: denied\. See to its owner/,
  ],
  ["sound", read({}), "ok", /^sound, version 2/],
  ["damaged", read({ verdict: "row 3 missing" }), "fail", /is damaged/],
  ["of a newer version", read({ version: 3 }), "fail", /version 3, this program knows 2/],
  ["of an older version", read({ version: 1 }), "ok", /next start/],
  ["of another program", read({ version: 0 }), "fail", /another program/],
  ["empty", read({ version: 0, tables: 0 }), "ok", /next start/],
  ["with other tables", read({ hasOwnTables: false }), "fail", /another program/],
]);
