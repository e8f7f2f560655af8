// `deno task reference`: writes what is made from the table of methods and the routes.

import { referenceFiles } from "../support/reference_files.ts";

const ROOT = new URL("../../", import.meta.url);

for (const [path, text] of await referenceFiles()) {
  await Deno.writeTextFile(new URL(path, ROOT), text);
}
