import assert from "node:assert/strict";
import { formatTable, formatTime } from "../../../src/edges/cli/table.ts";

Deno.test("formatTable() pads columns and lets no cell end its line or drive the terminal", () => {
  const rows = [["ID", "NAME"], ["1", "a\nb\u001b[2J\u202e"], ["22", "c"]];
  assert.equal(formatTable(rows), "ID  NAME\n1   a\ufffdb\ufffd[2J\ufffd\n22  c\n");
});

Deno.test("formatTable() gives wide letters two columns and marks none", () => {
  const rows = [["NAME", "PATH"], ["ゼルダ", "a"], ["e\u0301", "b"], ["漢字１", "c"]];
  assert.equal(
    formatTable(rows),
    "NAME    PATH\nゼルダ  a\ne\u0301       b\n漢字１  c\n",
  );
});

Deno.test("formatTime() writes seconds as UTC, and none as a dash", () => {
  assert.equal(formatTime(0), "1970-01-01 00:00:00");
  assert.equal(formatTime(undefined), "-");
});
