// Templates against a real shell: whatever is accepted comes to the argv that sh would make of it
// after EmulationStation has filled it.

import assert from "node:assert/strict";
import {
  fillCommand,
  parseCommandTemplate,
} from "../../../src/features/library/command_template.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const PIECES = [
  ..."ab =:-._/@,+^%!~#\\\\''''\"\"\"\"  ;&|$`<>(){}[]*?\t",
  "&&",
  " x ",
  "%ROM%",
  " %ROM%",
  "%BASENAME%",
  "%CORE%",
  "%GOVERNOR%",
  "'a b'",
  '"a b"',
];
const TEMPLATES = 20_000;
const VALUES = {
  system: "snes",
  systemName: "SNES",
  emulator: "retroarch",
  core: "snes9x",
  governor: "",
};

Deno.test(`parseCommandTemplate() agrees with sh ${SEED_NOTE}`, async () => {
  const random = seededRandom(FUZZ_SEED);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[(random(4)[0] ?? 0) % items.length] as Item;
  // A shell takes a backslash with a line break for nothing, so EmulationStation cannot launch these.
  const names = ODD_NAMES.filter((name) => !name.includes("\n") && !name.startsWith("-"));
  const lines: string[] = [];
  const expected: string[][] = [];
  for (let count = 0; count < TEMPLATES; count++) {
    const length = 1 + (random(1)[0] ?? 0) % 9;
    const template = `p ${Array.from({ length }, () => pick(PIECES)).join("")}`;
    // EmulationStation would make a comment or a home folder of these: its places are filled first.
    if (/%GOVERNOR%[#~]/.test(template)) continue;
    const parsed = parseCommandTemplate(template, VALUES);
    if (parsed.kind !== "command") continue;
    // What follows "&&" is another program.
    const [step] = parsed.steps;
    if (step === undefined || parsed.steps.length > 1) continue;
    // EmulationStation escapes a path for a place without quotes.
    const path = hasQuotedPlace(template) ? "/r/plain" : `/r/${pick(names)}`;
    lines.push(filled(template, path));
    expected.push(fillCommand(step, { path }).slice(1));
  }
  assert.ok(expected.length > TEMPLATES / 20, `${expected.length} were accepted`);
  const actual = await argvsOfShell(lines);
  for (const [index, argv] of expected.entries()) {
    assert.deepEqual(actual[index], argv, lines[index]);
  }
});

function hasQuotedPlace(template: string): boolean {
  return /["'\\]/.test(template);
}

function filled(template: string, path: string): string {
  const escape = (text: string): string => text.replace(/[^A-Za-z0-9_./\u0080-\uffff-]/g, "\\$&");
  const name = path.slice(path.lastIndexOf("/") + 1);
  const stem = name.lastIndexOf(".") > 0 ? name.slice(0, name.lastIndexOf(".")) : name;
  return template
    .replace(/%(ROM|BASENAME|CORE|GOVERNOR)%/g, (_, place: string) => {
      if (place === "CORE") return VALUES.core;
      if (place === "GOVERNOR") return "";
      return escape(place === "ROM" ? path : stem);
    });
}

async function argvsOfShell(lines: readonly string[]): Promise<string[][]> {
  const script = [
    "p() { for a in \"$@\"; do printf '%s\\0' \"$a\"; done; printf '\\001\\0'; }",
    ...lines,
  ];
  const child = new Deno.Command("sh", { stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const fed = writer.write(new TextEncoder().encode(script.join("\n") + "\n"))
    .then(() => writer.close());
  const { stdout, stderr } = await child.output();
  await fed;
  assert.equal(new TextDecoder().decode(stderr), "");
  const argvs: string[][] = [[]];
  for (const text of new TextDecoder().decode(stdout).split("\0").slice(0, -1)) {
    if (text === "\u0001") argvs.push([]);
    else argvs.at(-1)?.push(text);
  }
  return argvs.slice(0, -1);
}
