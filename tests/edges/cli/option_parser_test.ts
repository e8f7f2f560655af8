import assert from "node:assert/strict";
import { type ParsedOptions, parseOptions } from "../../../src/edges/cli/option_parser.ts";

const KNOWN = { options: ["config", "role"], flags: ["json"] };

const TAKEN: [string[], ParsedOptions][] = [
  [[], { values: {}, positionals: [] }],
  [["a", "-", ""], { values: {}, positionals: ["a", "-", ""] }],
  [["--config", "x"], { values: { config: "x" }, positionals: [] }],
  [["--config=x=y"], { values: { config: "x=y" }, positionals: [] }],
  [["--config="], { values: { config: "" }, positionals: [] }],
  [["--config", ""], { values: { config: "" }, positionals: [] }],
  [["--config=a\nb"], { values: { config: "a\nb" }, positionals: [] }],
  [["--config", "-"], { values: { config: "-" }, positionals: [] }],
  [["--config=--json"], { values: { config: "--json" }, positionals: [] }],
  [["--config", "x", "--config", "y"], { values: { config: "y" }, positionals: [] }],
  [["a", "--json", "b"], { values: { json: true }, positionals: ["a", "b"] }],
  [["--", "--json", "--"], { values: {}, positionals: ["--json", "--"] }],
];

for (const [args, expected] of TAKEN) {
  Deno.test(`parseOptions() takes ${JSON.stringify(args)}`, () => {
    assert.deepEqual(parseOptions(args, KNOWN), expected);
  });
}

const REFUSED: [string[], string][] = [
  [["--jsn"], 'Unknown option: --jsn (did you mean "--json"?)'],
  [["--nonsense=1"], "Unknown option: --nonsense"],
  [["-x"], "Unknown option: -x"],
  [["--=x"], "Unknown option: --"],
  [["--toString"], "Unknown option: --toString"],
  [["--config"], "Option --config needs a value"],
  [["--config", "--json"], "Option --config needs a value: write --config=--json if that is it"],
  [["--config", "--", "x"], "Option --config needs a value: write --config=-- if that is it"],
  [["--json=yes"], "Option --json takes no value"],
];

for (const [args, message] of REFUSED) {
  Deno.test(`parseOptions() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => parseOptions(args, KNOWN), new RangeError(message));
  });
}
