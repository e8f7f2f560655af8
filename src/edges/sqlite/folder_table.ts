// The folders of the index and how many media each has, itself and below. Changes are gathered for a
// transaction and written once for each folder.

import { sortKeyOf } from "../../features/library/media_name.ts";
import type { LibraryDatabase } from "./library_database.ts";
import { splitPath } from "./media_query.ts";

interface CountChange {
  readonly folderNo: number;
  readonly systemNo: number;
  direct: number;
  below: number;
}

/** The folders within one transaction; {@linkcode FolderTable.flush} writes the counts. */
export class FolderTable {
  readonly #database: LibraryDatabase;
  readonly #numbers = new Map<string, number>();
  readonly #changes = new Map<string, CountChange>();

  /** Works on `database`, within a transaction. */
  constructor(database: LibraryDatabase) {
    this.#database = database;
  }

  /** The number of a folder, which is added with those above it where it is new. */
  numberOf(path: string): number {
    const cached = this.#numbers.get(path);
    if (cached !== undefined) return cached;
    const row = this.#database.prepare("SELECT folder_no FROM folder WHERE path = ?").get(path);
    const number = row === undefined ? this.#insert(path) : Number(row["folder_no"]);
    this.#numbers.set(path, number);
    return number;
  }

  /** Counts media that came into a folder, or left it. */
  add({ folderNo, systemNo, count }: { folderNo: number; systemNo: number; count: number }): void {
    this.#change(folderNo, systemNo).direct += count;
  }

  /** Writes the counts of the folders, of those above them, and of their systems. */
  flush(): void {
    const systems = new Map<number, number>();
    for (const { folderNo, systemNo, direct } of [...this.#changes.values()]) {
      systems.set(systemNo, (systems.get(systemNo) ?? 0) + direct);
      let above: number | undefined = folderNo;
      while (above !== undefined) {
        this.#change(above, systemNo).below += direct;
        above = this.#parentOf(above);
      }
    }
    for (const { folderNo, systemNo, direct, below } of this.#changes.values()) {
      this.#database.prepare(
        `INSERT INTO folder_count (folder_no, system_no, direct, below) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET direct = direct + excluded.direct, below = below + excluded.below`,
      ).run(folderNo, systemNo, direct, below);
    }
    for (const [systemNo, count] of systems) {
      this.#database.prepare("UPDATE system SET here_count = here_count + ? WHERE system_no = ?")
        .run(count, systemNo);
    }
    this.#changes.clear();
  }

  /** Forgets a folder that has no media and no folder any more, and those above that it emptied. */
  removeEmpty(folderNo: number): void {
    let emptied: number | undefined = folderNo;
    while (emptied !== undefined) {
      const above = this.#parentOf(emptied);
      const { changes } = this.#database.prepare(
        `DELETE FROM folder WHERE folder_no = ?1
         AND NOT EXISTS (SELECT 1 FROM media WHERE folder_no = ?1)
         AND NOT EXISTS (SELECT 1 FROM folder WHERE parent_no = ?1)`,
      ).run(emptied);
      if (Number(changes) === 0) return;
      this.#database.prepare("DELETE FROM folder_count WHERE folder_no = ?").run(emptied);
      emptied = above;
    }
  }

  #insert(path: string): number {
    const [parent, name] = splitPath(path);
    const parentNo = path === "/" ? null : this.numberOf(parent);
    const { lastInsertRowid } = this.#database.prepare(
      "INSERT INTO folder (parent_no, path, name, sort_key) VALUES (?, ?, ?, ?)",
    ).run(parentNo, path, name, sortKeyOf(name));
    return Number(lastInsertRowid);
  }

  #parentOf(folderNo: number): number | undefined {
    const row = this.#database.prepare("SELECT parent_no FROM folder WHERE folder_no = ?")
      .get(folderNo);
    return typeof row?.["parent_no"] === "number" ? row["parent_no"] : undefined;
  }

  #change(folderNo: number, systemNo: number): CountChange {
    const key = `${folderNo}/${systemNo}`;
    const known = this.#changes.get(key);
    if (known !== undefined) return known;
    const made = { folderNo, systemNo, direct: 0, below: 0 };
    this.#changes.set(key, made);
    return made;
  }
}
