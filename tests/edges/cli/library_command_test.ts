// The command against a service that answers what a test says.

import assert from "node:assert/strict";
import type { CommandContext } from "../../../src/edges/cli/command.ts";
import { libraryCommand } from "../../../src/edges/cli/commands/library_command.ts";
import { runCommandLine } from "../../../src/edges/cli/command_line.ts";
import type { JsonObject } from "../../../src/base/json.ts";

type Answer = (params: JsonObject) => unknown;

async function run(
  args: string[],
  { answers, columns }: { answers: Record<string, Answer>; columns?: number },
): Promise<{ code: number; out: string; errors: string; calls: [string, unknown][] }> {
  const written = { out: "", errors: "" };
  const calls: [string, unknown][] = [];
  const before = globalThis.fetch;
  globalThis.fetch = (_url, init) => {
    const { method, params } = JSON.parse(String(init?.body));
    calls.push([method, params]);
    return Promise.resolve(Response.json({ result: answers[method]?.(params ?? {}) ?? null }));
  };
  // The command uses nothing else of it.
  const context = {
    write: (text: string) => void (written.out += text),
    writeError: (text: string) => void (written.errors += text),
    columns: () => columns,
  } as CommandContext;
  try {
    const code = await runCommandLine(["library", ...args], {
      commands: [libraryCommand],
      version: "1",
      context,
    });
    return { code, ...written, calls };
  } finally {
    globalThis.fetch = before;
  }
}

const SYSTEMS = {
  systems: [
    { id: "SNES", name: "Super Nintendo", mediaCount: 1200 },
    { id: "GBA", name: "Advance\x1b[2J", mediaCount: 0 },
  ],
};

Deno.test("library lists the systems with their number of games", async () => {
  const answers = { systems: () => SYSTEMS };
  for (const args of [[], ["list"]]) {
    const { code, out } = await run(args, { answers });
    assert.equal(code, 0);
    assert.equal(
      out,
      "SYSTEM  NAME            GAMES\n" +
        "SNES    Super Nintendo  1200\n" +
        "GBA     Advance�[2J     0\n" +
        "total                   1200\n",
    );
  }
  assert.deepEqual(JSON.parse((await run(["--json"], { answers })).out), SYSTEMS);
  const empty = await run([], { answers: { systems: () => ({ systems: [] }) } });
  assert.match(empty.out, /^The library is empty.*while the frontend runs\.\n$/);
});

function game(n: number): JsonObject {
  return { system: { id: "SNES" }, name: `Game\n${n}`, path: `/roms/${n}.sfc` };
}

Deno.test("library search lists what a text finds, over several pages, up to a limit", async () => {
  const answers: Record<string, Answer> = {
    "media.search": ({ cursor, maxResults }) => {
      const first = Number(cursor ?? 0);
      const size = Math.min(Number(maxResults), 2);
      const results = Array.from({ length: size }, (_, n) => game(first + n));
      return { results, pagination: { nextCursor: String(first + size) } };
    },
  };
  const { code, out, calls } = await run(
    ["search", "super", "mario", "--system", "SNES", "--limit", "3"],
    { answers },
  );
  assert.equal(code, 0);
  assert.equal(
    out,
    "SYSTEM  NAME    PATH\n" +
      "SNES    Game�0  /roms/0.sfc\n" +
      "SNES    Game�1  /roms/1.sfc\n" +
      "SNES    Game�2  /roms/2.sfc\n" +
      "There are more than 3: --limit N shows more.\n",
  );
  assert.deepEqual(calls, [
    ["media.search", { query: "super mario", maxResults: 3, systems: ["SNES"] }],
    ["media.search", { query: "super mario", maxResults: 1, systems: ["SNES"], cursor: "2" }],
  ]);
  const { out: json } = await run(["search", "x", "--json", "--limit", "1"], { answers });
  assert.deepEqual(JSON.parse(json), { results: [game(0)] });
});

Deno.test("library search says where nothing was found, and asks for 50 by default", async () => {
  const answers = { "media.search": () => ({ results: [], pagination: {} }) };
  const { out, calls } = await run(["search", "x"], { answers });
  assert.equal(out, "Nothing was found.\n");
  assert.deepEqual(calls, [["media.search", { query: "x", maxResults: 50 }]]);
});

function scanning(): Record<string, Answer> {
  const states = [
    { indexing: true, totalSteps: 0, currentStep: 0, currentStepDisplay: "", totalFiles: 0 },
    { indexing: true, totalSteps: 2, currentStep: 1, currentStepDisplay: "SNES", totalFiles: 5 },
    { indexing: true, totalSteps: 2, currentStep: 1, currentStepDisplay: "SNES", totalFiles: 9 },
    { indexing: true, totalSteps: 2, currentStep: 2, currentStepDisplay: "GBA", totalFiles: 12 },
    { indexing: false, totalMedia: 20 },
  ];
  return { media: () => ({ database: states.shift() }) };
}

Deno.test("library scan writes a line for each system where there is no terminal", async () => {
  const { code, out, calls } = await run(["scan", "SNES", "GBA"], { answers: scanning() });
  assert.equal(code, 0);
  assert.equal(out, "1 of 2: SNES\n2 of 2: GBA\nThe library has 20 games.\n");
  assert.deepEqual(calls[0], ["media.generate", { systems: ["SNES", "GBA"] }]);
});

Deno.test("library scan shows a bar in a terminal", async () => {
  const { out } = await run(["scan"], { answers: scanning(), columns: 60 });
  const lines = out.split("\r").slice(1).map((line) => line.trimEnd());
  assert.deepEqual(lines, [
    `[${"-".repeat(24)}] 0 games`,
    `[${"-".repeat(24)}] SNES 5 games`,
    `[${"-".repeat(24)}] SNES 9 games`,
    `[${"#".repeat(12)}${"-".repeat(12)}] GBA 12 games`.concat(
      " ".repeat(59 - 39),
      "\nThe library has 20 games.",
    ),
  ]);
});

Deno.test("library scan --json writes how far it is as an object a line", async () => {
  const { out } = await run(["scan", "--json"], { answers: scanning() });
  const lines = out.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ indexing }) => indexing), [true, true, true, true, false]);
});

const WRONG = [
  ["search"],
  ["list", "more"],
  ["shelve"],
  ["search", "x", "--limit", "0"],
  ["search", "x", "--limit", "many"],
  ["list", "--limit", "5"],
  ["scan", "--system", "SNES"],
];
for (const args of WRONG) {
  Deno.test(`library ${args.join(" ")} is wrong usage`, async () => {
    const { code, calls } = await run(args, { answers: {} });
    assert.equal(code, 2);
    assert.deepEqual(calls, []);
  });
}
