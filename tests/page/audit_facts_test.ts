// The security log in words.

import assert from "node:assert/strict";
import type { AuditEvent } from "../../src/features/access/audit_log.ts";
import type { PairingOutcome } from "../../src/features/pairing/pairing_window.ts";
import { factsText } from "../../src/page/audit_section.tsx";
import { chooseWords } from "../../src/page/page_words.ts";

const LANGUAGES = ["en", "de"] as const;
const NAMES = new Map([["11112222-3333", "Kitchen phone"], ["abcdefgh", "Assistant"]]);

// The compiler knows when one is missing.
const EVENTS: Record<AuditEvent, true> = {
  pairing_opened: true,
  pairing_failed: true,
  pairing_refused: true,
  pairing_ended: true,
  paired: true,
  session_opened: true,
  session_refused: true,
  session_throttled: true,
  client_changed: true,
  client_removed: true,
  key_added: true,
  key_changed: true,
  key_revoked: true,
  key_not_required: true,
  settings_changed: true,
  actions_changed: true,
  backup_created: true,
  backup_restored: true,
};
const OUTCOMES: Record<Exclude<PairingOutcome["kind"], "paired">, true> = {
  expired: true,
  cancelled: true,
  too_many_failures: true,
  stopped: true,
};

Deno.test("the log has words for all that the device records, in both languages", () => {
  const [english, german] = LANGUAGES.map((language) => chooseWords([language]).logWords);
  assert.deepEqual(Object.keys(english?.events ?? {}), Object.keys(EVENTS));
  assert.deepEqual(Object.keys(english?.outcomes ?? {}), Object.keys(OUTCOMES));
  for (const part of ["events", "outcomes", "by", "facts"] as const) {
    const [texts = {}, others = {}] = [english?.[part], german?.[part]];
    assert.deepEqual(Object.keys(texts), Object.keys(others));
    for (const [name, text] of Object.entries(texts)) {
      const isSame = part === "by" && name === "signal";
      assert.ok(text !== "" && others[name] !== "" && (text === others[name]) === isSame, name);
    }
  }
});

const ROWS: [details: Record<string, unknown>, english: string, german: string][] = [
  [{}, "", ""],
  [{ role: "admin" }, "Admin", "Verwalter"],
  [{ role: "other" }, "other", "other"],
  [{ outcome: "cancelled" }, "closed by hand", "von Hand geschlossen"],
  [{ outcome: "new" }, "new", "new"],
  [
    { clientId: "11112222-3333", address: "192.0.2.1" },
    "Kitchen phone · 192.0.2.1",
    "Kitchen phone · 192.0.2.1",
  ],
  // Who is gone has no name any more.
  [{ clientId: "99998888-7777" }, "99998888", "99998888"],
  [{ keyId: "abcdefgh", scopes: "models run" }, "Assistant · models run", "Assistant · models run"],
  [{ scope: "models" }, "models", "models"],
  [
    { setting: "keepHistory", from: "true", to: "false", by: "local" },
    "Keep a history · true → false · at the device",
    "Verlauf behalten · true → false · am Gerät",
  ],
  [
    { setting: "keepHistory", from: "true", to: "false", by: "restore" },
    "Keep a history · true → false · from a backup",
    "Verlauf behalten · true → false · aus einer Sicherung",
  ],
  [
    { setting: "other", from: "1", to: "2", by: "11112222-3333" },
    "other · 1 → 2 · Kitchen phone",
    "other · 1 → 2 · Kitchen phone",
  ],
  [
    { added: "film", removed: "", changed: "radio", by: "signal" },
    "new: film · changed: radio · in config.toml",
    "neu: film · geändert: radio · in config.toml",
  ],
  [{ clients: 0, later: "x" }, "phones: 0 · later: x", "Telefone: 0 · later: x"],
];
for (const [details, ...texts] of ROWS) {
  Deno.test(`factsText() of ${JSON.stringify(details)} is "${texts[0]}"`, () => {
    for (const [at, language] of LANGUAGES.entries()) {
      assert.equal(factsText(details, chooseWords([language]), NAMES), texts[at]);
    }
  });
}
