// A process that opens the database of its first argument with one step more than this version has:
// the step changes everything that is there, and then never ends.

import { silentLogger } from "../../../src/base/log.ts";
import { openDatabase } from "../../../src/edges/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/edges/sqlite/migrations.ts";

const ENDLESS = `
  PRAGMA cache_size = 1;
  UPDATE clients SET role = 'member';
  DELETE FROM salts;
  CREATE TABLE more (x BLOB);
  WITH RECURSIVE endless (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)
  INSERT INTO more SELECT zeroblob(4000) FROM endless;`;

const [path = ""] = Deno.args;
openDatabase({ path, migrations: [...MIGRATIONS, ENDLESS], log: silentLogger });
