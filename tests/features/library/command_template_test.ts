// Templates of es_systems.cfg: which argv they come to, and what is refused.

import assert from "node:assert/strict";
import {
  fillCommand,
  NO_GAME_INFO,
  parseCommandList,
  parseCommandTemplate,
} from "../../../src/features/library/command_template.ts";
import type { CommandStep } from "../../../src/features/library/media.ts";
import {
  MAX_TEMPLATE_CHARS,
  MAX_TEMPLATE_STEPS,
} from "../../../src/features/library/shell_words.ts";
import { assertAppError } from "../../support/app_error.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";

const VALUES = {
  system: "snes",
  systemName: 'Super "Nintendo" $(x)',
  emulator: "retroarch",
  core: "snes9x",
  governor: "",
};

const ROM = "/roms/snes/A Game's $(x).sfc";

// A template, and the argv of each of its steps; "&&" before those that need success.
const ACCEPTED: readonly (readonly [string, readonly (readonly string[])[]])[] = [
  ["play %ROM%", [["play", ROM]]],
  ["play  \t %ROM% ", [["play", ROM]]],
  ['play "%ROM%"', [["play", ROM]]],
  ["play '%ROM%'", [["play", ROM]]],
  ["play %ROM_RAW%", [["play", ROM]]],
  ["play --rom=%ROM%", [["play", `--rom=${ROM}`]]],
  ['play --rom="%ROM%"x', [["play", `--rom=${ROM}x`]]],
  ["play %ROM%%ROM%", [["play", ROM + ROM]]],
  ["play %BASENAME%", [["play", "A Game's $(x)"]]],
  ["play -s=%BASENAME%.srm", [["play", "-s=A Game's $(x).srm"]]],
  ["play %SYSTEM% %SYSTEMNAME%", [["play", "snes", VALUES.systemName]]],
  ["play /cores/%CORE%_libretro.so", [["play", "/cores/snes9x_libretro.so"]]],
  ["/usr/bin/%EMULATOR% %GAMEINFOXML%", [["/usr/bin/retroarch", NO_GAME_INFO]]],
  ["play %GOVERNOR% x", [["play", "x"]]],
  ['play "%GOVERNOR%" x', [["play", "", "x"]]],
  ["play -g%GOVERNOR% x", [["play", "-g", "x"]]],
  ["play '' \"\" x", [["play", "", "", "x"]]],
  ["play a\\ b \\$HOME \\'x", [["play", "a b", "$HOME", "'x"]]],
  ["play '$HOME `x` | > \\'", [["play", "$HOME `x` | > \\"]]],
  ['play "a\\"b\\\\c\\$d\\`e\\f"', [["play", 'a"b\\c$d`e\\f']]],
  ['play "a;b&&c|d>e<f(g)*?[h]{i}~ #j!"', [["play", "a;b&&c|d>e<f(g)*?[h]{i}~ #j!"]]],
  ["play 100% %x% %% a#b a~b a!b !", [["play", "100%", "%x%", "%%", "a#b", "a~b", "a!b", "!"]]],
  ["play \\\\x", [["play", "\\x"]]],
  ["'cd' x", [["cd", "x"]]],
  ["\\cd x", [["cd", "x"]]],
  ["play A=b", [["play", "A=b"]]],
  ["sh -c 'play \"$1\"' sh %ROM%", [["sh", "-c", 'play "$1"', "sh", ROM]]],
  ["nice bash %ROM%", [["nice", "bash", ROM]]],
  ["sh -c 'play %CORE%'", [["sh", "-c", "play snes9x"]]],
  ["a; b;", [["a"], ["b"]]],
  ["a;b", [["a"], ["b"]]],
  ["a && b ; c", [["a"], ["&&", "b"], ["c"]]],
  ["a&&b", [["a"], ["&&", "b"]]],
  [
    "sudo perfmax %GOVERNOR% %ROM%; nice -n -19 /usr/local/bin/retroarch -L " +
    "/home/ark/.config/retroarch/cores/%CORE%_libretro.so %ROM%; sudo perfnorm",
    [
      ["sudo", "perfmax", ROM],
      [
        "nice",
        "-n",
        "-19",
        "/usr/local/bin/retroarch",
        "-L",
        "/home/ark/.config/retroarch/cores/snes9x_libretro.so",
        ROM,
      ],
      ["sudo", "perfnorm"],
    ],
  ],
];
for (const [template, steps] of ACCEPTED) {
  Deno.test(`parseCommandTemplate() reads ${template}`, () => {
    assert.deepEqual(argvsOf(template), steps);
  });
}

const REFUSED: readonly (readonly [string, string])[] = [
  ["", "it is empty"],
  ["  ", "it is empty"],
  [";", "no program stands before ;"],
  ["a;;b", "no program stands before ;"],
  ["; a", "no program stands before ;"],
  ["&& a", "no program stands before &&"],
  ["a &&", "nothing follows the last &&"],
  ["a && ; b", "no program stands before ;"],
  ["play %ROM% &", "& starts a program in the background, which needs a shell"],
  ["play %ROM% & b", "& starts a program in the background, which needs a shell"],
  ["play a||b", "| stands for pipes and ||, which need a shell"],
  ["play | tee x", "| stands for pipes and ||, which need a shell"],
  ["play > x", "> stands for redirections, which need a shell"],
  ["play 2>&1", "> stands for redirections, which need a shell"],
  ["play < x", "< stands for redirections, which need a shell"],
  ["play $HOME", "$ stands for variables and substitutions, which need a shell"],
  ['play "$HOME"', "$ stands for variables and substitutions, which need a shell"],
  ["play $(x)", "$ stands for variables and substitutions, which need a shell"],
  ["play $'x'", "$ stands for variables and substitutions, which need a shell"],
  ["play `x`", "` stands for command substitutions, which need a shell"],
  ['play "`x`"', "` stands for command substitutions, which need a shell"],
  ["(play)", "( stands for subshells, which need a shell"],
  ["play )", ") stands for subshells, which need a shell"],
  ["{ play; }", "{ stands for braces, which need a shell"],
  ["play a}", "} stands for braces, which need a shell"],
  ["play *.zip", "* stands for file name patterns, which need a shell"],
  ["play a?", "? stands for file name patterns, which need a shell"],
  ["play [a]", "[ stands for file name patterns, which need a shell"],
  ["play a]", "] stands for file name patterns, which need a shell"],
  ["play ~/x", "~ stands for a home folder, which needs a shell"],
  ["play a:~/x", "~ stands for a home folder, which needs a shell"],
  ["play #x", "# begins a comment of the shell"],
  ["play\nb", "a line break stands for line breaks between commands, which need a shell"],
  ["play \0", "it has control characters"],
  ["play 'a", "a quote ' has no end"],
  ['play "a', 'a quote " has no end'],
  ["play a\\", "nothing follows the last \\"],
  ["play \\%ROM%", "\\ stands before a placeholder"],
  ['play "\\%ROM%"', "\\ stands before a placeholder"],
  ["play %HOME_DIR%", "the placeholder %HOME_DIR% is not known"],
  ["%ROM%", "the file stands where a program is meant to stand"],
  ["./%BASENAME%", "the file stands where a program is meant to stand"],
  ["%GOVERNOR%", "a step has no program"],
  ['"" x', "a step has no program"],
  ["cd /x && play", "cd is a command of the shell"],
  ["a && exec play", "exec is a command of the shell"],
  ["if a; then b; fi", "if is a command of the shell"],
  [". ./x", ". is a command of the shell"],
  ["! a", "! is a command of the shell"],
  ["A=b play", "A=b sets a variable of the shell"],
  ["_a1+=b play", "_a1+=b sets a variable of the shell"],
  ['sh -c "play %ROM%"', "the file's name would become part of a script"],
  ["sudo /bin/bash -lc 'play %BASENAME%'", "the file's name would become part of a script"],
  ["a; su ark -c %ROM_RAW%", "the file's name would become part of a script"],
  ["x".repeat(MAX_TEMPLATE_CHARS + 1), `it is longer than ${MAX_TEMPLATE_CHARS} characters`],
  ["a;".repeat(MAX_TEMPLATE_STEPS + 1), `it has more than ${MAX_TEMPLATE_STEPS} steps`],
];
for (const [template, reason] of REFUSED) {
  Deno.test(`parseCommandTemplate() refuses ${JSON.stringify(template.slice(0, 40))}`, () => {
    assert.deepEqual(parseCommandTemplate(template, VALUES), { kind: "refused", reason });
  });
}

Deno.test("parseCommandTemplate() takes the most that is allowed", () => {
  assert.equal(argvsOf("a;".repeat(MAX_TEMPLATE_STEPS)).length, MAX_TEMPLATE_STEPS);
  assert.equal(argvsOf("x".repeat(MAX_TEMPLATE_CHARS)).length, 1);
});

Deno.test("parseCommandTemplate() leaves %CONTROLLERSCONFIG% to EmulationStation, shell or not", () => {
  for (
    const template of [
      "emulatorlauncher %CONTROLLERSCONFIG% -system %SYSTEM% -rom %ROM%",
      '/usr/bin/runemu.sh %ROM% --controllers="%CONTROLLERSCONFIG%" > /dev/null &',
    ]
  ) {
    assert.deepEqual(parseCommandTemplate(template, VALUES), { kind: "emulationstation_http" });
  }
});

Deno.test("fillCommand() fills every odd name within its argument", () => {
  for (const name of ODD_NAMES) {
    const path = `/roms/${name}`;
    const stem = name.slice(0, name.lastIndexOf(".") > 0 ? name.lastIndexOf(".") : undefined);
    assert.deepEqual(
      argvsOf("p %ROM% '%ROM_RAW%' --a=%ROM%.b --c=%BASENAME% -- %BASENAME%", path),
      [
        ["p", path, path, `--a=${path}.b`, `--c=${stem}`, "--", stem],
      ],
    );
    const step = parseCommandList(["p", "${path}", "a${path}b", "-n${name}"]);
    assert.deepEqual(fillCommand(step, { path }), ["p", path, `a${path}b`, `-n${stem}`]);
  }
});

Deno.test("fillCommand() lets no file's name become an option", () => {
  const path = "/roms/-rf.zip";
  for (const template of ["p %BASENAME%", "p x %BASENAME%y", "p a-- %BASENAME%"]) {
    assertAppError(() => argvsOf(template, path), "forbidden");
  }
  assertAppError(() => fillCommand(parseCommandList(["p", "${name}"]), { path }), "forbidden");
  assert.deepEqual(argvsOf("p -- %BASENAME%", path), [["p", "--", "-rf"]]);
  assert.deepEqual(argvsOf("p %ROM%", path), [["p", path]]);
});

Deno.test("parseCommandList() takes every other sign as it stands", () => {
  const command = ["p", "$x", "${other}", "`a`", "$$", "%ROM%", "", "a b"];
  assert.deepEqual(fillCommand(parseCommandList(command), { path: "/x" }), command);
});

function argvsOf(template: string, path = ROM): string[][] {
  const parsed = parseCommandTemplate(template, VALUES);
  assert.equal(parsed.kind, "command", JSON.stringify(parsed));
  const steps: readonly CommandStep[] = parsed.kind === "command" ? parsed.steps : [];
  return steps.map((step) => [
    ...step.needsSuccess ? ["&&"] : [],
    ...fillCommand(step, { path }),
  ]);
}
