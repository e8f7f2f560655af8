// The tables of the library's index. There are no migrations: a file of another version is made anew.
// Nothing here says how anything is run.

/** Raised whenever a table or what a column holds changes; the file is made anew then. */
export const LIBRARY_VERSION = 4;

/** Whether the file of a media is there. */
export const PRESENCE = {
  here: 0,
  /** Its folder was not there at the last look; it is kept however long that takes. */
  away: 1,
  /** Its folder was there and it was not; the oldest of these are forgotten past a bound. */
  gone: 2,
} as const;

/**
 * `folder_count` has a row for a folder and a system with media in it or below. The partial indexes
 * hold what can be listed, in the orders in which it is.
 */
export const LIBRARY_SCHEMA = `
CREATE TABLE state (is_open INTEGER NOT NULL) STRICT;
INSERT INTO state (is_open) VALUES (0);

CREATE TABLE system (
  system_no INTEGER PRIMARY KEY,
  system_id TEXT NOT NULL,
  source_key TEXT NOT NULL,
  source_name TEXT NOT NULL,
  scanned_ms INTEGER NOT NULL DEFAULT 0,
  here_count INTEGER NOT NULL DEFAULT 0,
  UNIQUE (system_id, source_key, source_name)
) STRICT;

CREATE TABLE folder (
  folder_no INTEGER PRIMARY KEY,
  parent_no INTEGER,
  path TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  sort_key TEXT NOT NULL
) STRICT;
CREATE INDEX folder_by_name ON folder (parent_no, sort_key);

CREATE TABLE folder_count (
  folder_no INTEGER NOT NULL,
  system_no INTEGER NOT NULL,
  direct INTEGER NOT NULL,
  below INTEGER NOT NULL,
  PRIMARY KEY (folder_no, system_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE media (
  media_id INTEGER PRIMARY KEY AUTOINCREMENT,
  system_no INTEGER NOT NULL,
  folder_no INTEGER NOT NULL,
  file TEXT NOT NULL,
  name TEXT NOT NULL,
  sort_key TEXT NOT NULL,
  file_key TEXT NOT NULL,
  search_text TEXT NOT NULL,
  fingerprint INTEGER NOT NULL,
  presence INTEGER NOT NULL DEFAULT 0,
  UNIQUE (folder_no, file)
) STRICT;
CREATE INDEX media_of_system ON media (system_no);
CREATE INDEX media_gone ON media (presence) WHERE presence = 2;
CREATE INDEX media_by_name ON media (sort_key) WHERE presence = 0;
CREATE INDEX media_by_file ON media (file_key) WHERE presence = 0;
CREATE INDEX media_of_system_by_name ON media (system_no, sort_key) WHERE presence = 0;
CREATE INDEX media_of_folder_by_name ON media (folder_no, sort_key) WHERE presence = 0;

CREATE TABLE details (
  media_id INTEGER PRIMARY KEY,
  json TEXT NOT NULL
) STRICT;
CREATE INDEX details_favorite ON details (media_id) WHERE json_extract(json, '$.isFavorite') = 1;

CREATE VIRTUAL TABLE media_words USING fts5 (
  words, tokenize = 'ascii', content = '', contentless_delete = 1, detail = none
);
`;
