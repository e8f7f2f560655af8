// Favourites, in SQLite.

import {
  type Favorite,
  type FavoriteStore,
  MAX_FAVORITES,
} from "../../features/library/favorites.ts";
import type { SqlDatabase, SqlStatement } from "./sql_database.ts";
import { inTransaction } from "./transaction.ts";

/** A FavoriteStore over a table of the seventh migration. */
export class SqliteFavoriteStore implements FavoriteStore {
  readonly #database: SqlDatabase;
  readonly #list: SqlStatement;
  readonly #set: SqlStatement;
  readonly #addMissing: SqlStatement;

  /** A store over an open, migrated database. */
  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#list = database.prepare("SELECT path, is_favorite FROM favorites ORDER BY path");
    this.#set = database.prepare(
      `INSERT INTO favorites (path, is_favorite) VALUES (?, ?)
       ON CONFLICT (path) DO UPDATE SET is_favorite = excluded.is_favorite`,
    );
    this.#addMissing = database.prepare(
      "INSERT OR IGNORE INTO favorites (path, is_favorite) VALUES (?, ?)",
    );
  }

  /** All decisions. */
  list(): Favorite[] {
    return this.#list.all().map((row) => ({
      path: String(row["path"]),
      isFavorite: row["is_favorite"] === 1,
    }));
  }

  /** Keeps a decision in the place of the one before. */
  set({ path, isFavorite }: Favorite): void {
    inTransaction(this.#database, () => this.#set.run(path, isFavorite ? 1 : 0));
  }

  /** Keeps decisions where there are none: the first of them, up to MAX_FAVORITES in all. */
  addMissing(favorites: readonly Favorite[]): void {
    inTransaction(this.#database, () => {
      const decided = new Set(this.list().map(({ path }) => path));
      for (const { path, isFavorite } of favorites) {
        if (decided.size >= MAX_FAVORITES) return;
        this.#addMissing.run(path, isFavorite ? 1 : 0);
        decided.add(path);
      }
    });
  }
}
