// What the phone's app has set for itself, in SQLite.

import type { PhoneSettingsStore } from "../../features/settings/phone_settings.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A PhoneSettingsStore over a table of the seventh migration. */
export class SqlitePhoneSettingsStore implements PhoneSettingsStore {
  readonly #database: SqlDatabase;
  readonly #list: SqlStatement;
  readonly #set: SqlStatement;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#list = database.prepare("SELECT name, value FROM phone_settings");
    this.#set = database.prepare(
      `INSERT INTO phone_settings (name, value) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    );
  }

  /** The kept values as JSON texts, by name. */
  read(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      this.#list.all().map((row) => [String(row["name"]), String(row["value"])]),
    );
  }

  /** Keeps values. */
  write(values: Readonly<Record<string, string>>): void {
    inTransaction(this.#database, () => {
      for (const [name, value] of Object.entries(values)) this.#set.run(name, value);
    });
  }
}
