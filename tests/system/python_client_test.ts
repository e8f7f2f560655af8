// The Python client: its own tests and types, and the wheel in a newcomer's folder against the
// service.

import assert from "node:assert/strict";
import { buildPython, PYTHON_CLIENT } from "../../packaging/build/python_package.ts";
import { isPrepared, preparedClients } from "../clients/prepare.ts";
import {
  firstProgram,
  listeningProgram,
  manyPairings,
  searchingProgram,
} from "../support/client_journey.ts";
import { addressed, codeBlocks, runProgram } from "../support/client_program.ts";
import { systemTest } from "../support/system_test.ts";

const { ownPython } = await preparedClients();
const whyNot = await isPrepared(ownPython.whole)
  ? undefined
  : "needs the Python client: deno task clients";
const README = Deno.readTextFileSync(`${PYTHON_CLIENT}/README.md`);
const [FIRST = "", LISTENING = "", SEARCHING = "", ...MORE] = codeBlocks(README, "python");
const PROGRAMS = new URL("../clients/latchkey/", import.meta.url).pathname;

/** A folder with an environment that has the wheel and what it asks for, and nothing else. */
async function newcomer(): Promise<{ folder: string; python: string }> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  await buildPython(`${folder}/dist/python`);
  const python = `${folder}/venv/bin/python3`;
  const steps = [
    [ownPython.python, "-m", "venv", `${folder}/venv`],
    ["sh", "-c", `"$0" -m pip install ${installLine()}`, python],
  ];
  for (const step of steps) {
    const { code, stdout, stderr } = await runProgram(step, {
      cwd: folder,
      // The packages that preparing has fetched: a test needs no network.
      env: { PIP_NO_INDEX: "1", PIP_FIND_LINKS: ownPython.wheels },
    });
    assert.equal(code, 0, `${stdout}${stderr}`);
  }
  return { folder, python };
}

// What the README tells to install.
function installLine(): string {
  const [, line = ""] = /^pip install (dist\/python\/\S+)$/m.exec(README) ?? [];
  assert.notEqual(line, "");
  return line;
}

async function writeProgram(
  code: string,
  { folder, baseUrl }: { folder: string; baseUrl: string },
): Promise<string> {
  const file = await Deno.makeTempFile({ dir: folder, suffix: ".py" });
  await Deno.writeTextFile(file, addressed(code, baseUrl));
  return file;
}

systemTest("the Python client passes its own tests, vectors included", {
  whyNot,
  async run(): Promise<void> {
    const { code, stderr } = await runProgram(
      [ownPython.python, "-m", "unittest", "discover", "-t", ".", "-s", "tests"],
      { cwd: PYTHON_CLIENT, env: { PYTHONPATH: "src", PYTHONDONTWRITEBYTECODE: "1" } },
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Ran [4-9]\d tests in /m);
    assert.match(stderr, /^OK$/m);
  },
});

systemTest("the Python client is typed throughout", {
  whyNot,
  async run(): Promise<void> {
    const cache = `${ownPython.folder}/mypy`;
    const { code, stdout } = await runProgram(
      [ownPython.python, "-m", "mypy", "--cache-dir", cache],
      { cwd: PYTHON_CLIENT },
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^Success: no issues found in \d\d source files$/m);
  },
});

systemTest("a newcomer installs the Python client's wheel and runs its README", {
  whyNot,
  async run(): Promise<void> {
    assert.deepEqual([FIRST, LISTENING, SEARCHING].filter((code) => code === ""), []);
    assert.deepEqual(MORE, [], "a program of the README that no test runs");
    const { folder: home, python } = await newcomer();
    const program = (code: string) => async (baseUrl: string, folder: string) => [
      ...[python, "-u", await writeProgram(code, { folder, baseUrl })],
    ];
    try {
      await firstProgram(program(FIRST));
      await listeningProgram(program(FIRST), program(LISTENING));
      await searchingProgram(program(FIRST), program(SEARCHING));
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  },
});

systemTest("200 pairings of the Python client, in both envelopes, without a failure", {
  whyNot,
  run: () =>
    manyPairings(
      (baseUrl) => [ownPython.python, `${PROGRAMS}pairings.py`, baseUrl, "200"],
      { env: { PYTHONPATH: `${PYTHON_CLIENT}/src`, PYTHONDONTWRITEBYTECODE: "1" } },
    ),
});
