// docs/library.md says what the library does: its examples are configurations, its tables those of
// the code.

import assert from "node:assert/strict";
import { parseCommandTemplate } from "../../src/features/library/command_template.ts";
import { ES_CONFIG_FOLDERS } from "../../src/features/library/emulationstation_config.ts";
import { LIBRARY_SOURCES } from "../../src/features/library/library_settings.ts";
import { LIBRARY_ROWS } from "../../src/features/settings/tables/library_rows.ts";
import { MAX_FOLDER_DEPTH } from "../../src/edges/platform/library_files.ts";
import { codeTexts, docTables } from "../support/doc_tables.ts";
import { configOf } from "../support/settings.ts";

const TEXT = Deno.readTextFileSync(new URL("../../docs/library.md", import.meta.url));

function column(name: string): string[] {
  return docTables(TEXT).flat().flatMap((row) => codeTexts(row[name] ?? ""));
}

Deno.test("every example of docs/library.md can be used as it stands", () => {
  const examples = [...TEXT.matchAll(/```toml\n(.*?)```/gs)].map(([, toml = ""]) => toml);
  assert.ok(examples.length >= 7);
  for (const toml of examples) assert.ok(configOf(toml).libraries.length > 0, toml);
});

Deno.test("docs/library.md has every kind of source and every key", () => {
  assert.deepEqual(column("source"), LIBRARY_SOURCES);
  assert.deepEqual(column("key"), Object.keys(LIBRARY_ROWS));
});

Deno.test("docs/library.md has the places that fill, and no others", () => {
  const values = { system: "s", systemName: "n", emulator: "e", core: "c", governor: "g" };
  const places = column("place");
  assert.equal(places.length, 10);
  for (const place of places) {
    const { kind } = parseCommandTemplate(`p ${place}`, values);
    assert.equal(kind, place === "%CONTROLLERSCONFIG%" ? "emulationstation_http" : "command");
  }
});

Deno.test("docs/library.md has the usual folders in their order, and the depth", () => {
  const [, sentence = ""] = /The first `es_systems.cfg` of these folders counts:(.*?)\. Then/s
    .exec(TEXT) ?? [];
  assert.deepEqual(codeTexts(sentence), ES_CONFIG_FOLDERS);
  assert.match(TEXT, new RegExp(`read, ${MAX_FOLDER_DEPTH} deep`));
});
