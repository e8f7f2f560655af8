import assert from "node:assert/strict";
import { MAX_FAVORITES } from "../../../src/features/library/favorites.ts";
import {
  type BackupContent,
  encodeBackup,
  parseBackup,
} from "../../../src/features/backup/backup_content.ts";
import { utf8 } from "../../../src/base/bytes.ts";
import { assertAppError } from "../../support/app_error.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const random = seededRandom(7);

const CONTENT: BackupContent = {
  createdAtMs: 1_790_000_000_000,
  program: "0.1.0",
  configText: "[service]\nencryption = true\n",
  settingsText: undefined,
  clients: [{
    clientId: "id-1",
    clientName: "Ann\u0000's \u202ephone 🎮",
    authToken: "token-1",
    role: "admin",
    pairingKey: random(32),
    createdAtMs: 1,
    lastSeenAtMs: 2,
  }],
  salts: [{ clientId: "id-1", salts: random(48), used: 5 }],
  keys: [{
    keyId: "abcdefgh",
    name: "script",
    secretHash: random(32),
    scopes: ["rpc", "models"],
    models: undefined,
    createdAtMs: 3,
    expiresAtMs: undefined,
    lastUsedAtMs: 4,
    revokedAtMs: 5,
  }],
  requiredKeys: ["rpc", "run"],
  removed: { clients: [{ clientId: "id-7", tokenHash: random(32) }], keys: ["gonegone"] },
  auditHead: { id: 9, hash: random(32) },
  favorites: [{ path: "/roms/snes/a 'b'.sfc", isFavorite: true }],
};

Deno.test("a backup comes back as it was", () => {
  assert.deepEqual(parseBackup(encodeBackup(CONTENT)), CONTENT);
  const bare = { ...CONTENT, clients: [], salts: [], keys: [], configText: undefined };
  assert.deepEqual(parseBackup(encodeBackup({ ...bare, settingsText: "" })), {
    ...bare,
    settingsText: "",
  });
});

type Json = Record<string, unknown>;

/** The content as JSON, with one part of one of its lists changed. */
function changed(list: "clients" | "salts" | "keys", change: Json): Json {
  const json = JSON.parse(new TextDecoder().decode(encodeBackup(CONTENT)));
  Object.assign(json[list][0], change);
  return json;
}

function repeated(list: "clients" | "salts" | "keys", change: Json = {}): Json {
  const json = changed(list, {});
  const entries = json[list] as Json[];
  return { ...json, [list]: [...entries, { ...entries[0], ...change }] };
}

function removedToo(clientId: string, keyId = "gonegone", times = 1): Json {
  const one = { clientId, tokenHash: btoa("x".repeat(32)) };
  return {
    ...changed("clients", {}),
    removed: { clients: Array.from({ length: times }, () => one), keys: [keyId] },
  };
}

Deno.test("a backup of before tombstones can still be read", () => {
  const { removed: _removed, auditHead: _head, requiredKeys: _, favorites: _none, ...first } =
    changed("clients", {});
  const before = {
    ...CONTENT,
    removed: { clients: [], keys: [] },
    auditHead: undefined,
    favorites: [],
  };
  // Any key closed everything then.
  assert.deepEqual(parseBackup(utf8(JSON.stringify({ ...first, format: 1 }))), {
    ...before,
    requiredKeys: ["rpc", "events", "run"],
  });
  assert.deepEqual(parseBackup(utf8(JSON.stringify({ ...first, format: 1, keys: [] }))), {
    ...before,
    keys: [],
    requiredKeys: [],
  });
});

Deno.test("a backup of before favourites has none", () => {
  const { favorites: _, ...before } = changed("clients", {});
  assert.deepEqual(parseBackup(utf8(JSON.stringify(before))), { ...CONTENT, favorites: [] });
});

Deno.test("of too many favourites the first are kept: such backups were made", () => {
  const favorites = Array.from(
    { length: MAX_FAVORITES + 1 },
    (_, n) => ({ path: `/${n}`, isFavorite: n % 2 === 0 }),
  );
  assert.deepEqual(parseBackup(encodeBackup({ ...CONTENT, favorites })), {
    ...CONTENT,
    favorites: favorites.slice(0, MAX_FAVORITES),
  });
});

Deno.test("a revoked key may have been removed as well: a restore leaves it so", () => {
  const removed = { ...CONTENT.removed, keys: ["abcdefgh"] };
  assert.deepEqual(parseBackup(encodeBackup({ ...CONTENT, removed })), { ...CONTENT, removed });
});

const BAD: [string, unknown][] = [
  ["a favourite without a path", {
    ...changed("clients", {}),
    favorites: [{ path: "", isFavorite: true }],
  }],
  ["nothing", null],
  ["a list", []],
  ["another format", { ...changed("clients", {}), format: 3 }],
  ["a client that was removed as well", removedToo("id-1")],
  ["a key in force that was removed as well", {
    ...removedToo("id-7", "abcdefgh"),
    keys: changed("keys", { revokedAtMs: null })["keys"],
  }],
  ["a client that was removed twice", removedToo("id-7", "gonegone", 2)],
  ["the head of no audit log", { ...changed("clients", {}), auditHead: undefined }],
  ["a key required for models", { ...changed("keys", {}), requiredKeys: ["models"] }],
  ["a key required twice", { ...changed("keys", {}), requiredKeys: ["rpc", "rpc"] }],
  ["nothing about required keys", { ...changed("keys", {}), requiredKeys: undefined }],
  ["something unknown", { ...changed("clients", {}), more: 1 }],
  ["a time that is none", { ...changed("clients", {}), createdAtMs: -1 }],
  ["a time with a part", { ...changed("clients", {}), createdAtMs: 1.5 }],
  ["a client with more", changed("clients", { isAdmin: true })],
  ["a client without an id", changed("clients", { clientId: "" })],
  ["a role that is none", changed("clients", { role: "owner" })],
  ["a short pairing key", changed("clients", { pairingKey: "AAAA" })],
  ["a pairing key that is no base64", changed("clients", { pairingKey: "?".repeat(44) })],
  ["a name that is no text", changed("clients", { clientName: 5 })],
  ["two clients of one id", repeated("clients", { authToken: "token-2" })],
  ["two clients of one token", repeated("clients", { clientId: "id-2" })],
  ["half a salt", changed("salts", { salts: "AAAA" })],
  ["salts of nobody", changed("salts", { clientId: "id-9" })],
  ["salts of one client twice", repeated("salts")],
  ["more salts than were counted", changed("salts", { used: 2 })],
  ["a key without a scope", changed("keys", { scopes: [] })],
  ["a key with an unknown scope", changed("keys", { scopes: ["root"] })],
  ["a short hash", changed("keys", { secretHash: "AAAA" })],
  ["two keys of one id", repeated("keys")],
];
for (const [what, json] of BAD) {
  Deno.test(`a backup with ${what} is none`, () => {
    assertAppError(() => parseBackup(utf8(JSON.stringify(json))), "bad_request");
  });
}

for (const bytes of [utf8(""), utf8("{"), Uint8Array.of(0xff, 0xfe)]) {
  Deno.test(`the bytes ${bytes.toHex()} are no backup`, () => {
    assertAppError(() => parseBackup(bytes), "bad_request");
  });
}
