// Writes config.example.toml from the table of settings; a test compares the two.

import { formatExample } from "../../src/edges/config/config_example.ts";

Deno.writeTextFileSync(new URL("../../config.example.toml", import.meta.url), formatExample());
