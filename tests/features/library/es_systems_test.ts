// es_systems.cfg: what is read of it, and how further files are merged.

import assert from "node:assert/strict";
import {
  defaultsOf,
  type EsCore,
  type EsSystem,
  extensionsOf,
  MAX_ES_EMULATORS,
  MAX_ES_SYSTEMS,
  mergeEsSystems,
  readEsSystems,
} from "../../../src/features/library/es_systems.ts";

async function read(text: string): Promise<{ systems: EsSystem[]; problems: string[] }> {
  const problems: string[] = [];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    yield new TextEncoder().encode(text);
  }
  const systems = await readEsSystems(pieces(), (message) => problems.push(message));
  return { systems, problems };
}

function list(...systems: string[]): string {
  return `<systemList>${systems.map((text) => `<system>${text}</system>`).join("")}</systemList>`;
}

Deno.test("readEsSystems() reads fields, emulators and cores", async () => {
  const { systems, problems } = await read(list(
    "<name> a </name><command>first</command><command label='x'>second</command>" +
      "<path>/a</path><emulators><emulator name='e' command=' play '><cores>" +
      "<core default='true' command='c %ROM%'>x</core><core>y</core><core/></cores></emulator>" +
      "<emulator name='f' default='true'/><emulator/></emulators><odd><name>no</name></odd>",
    "<name>b</name><emulators/>",
  ));
  assert.deepEqual(problems, []);
  assert.deepEqual(systems, [
    {
      name: "a",
      fields: { command: "first", path: "/a", odd: "" },
      emulators: [
        {
          name: "e",
          isDefault: false,
          command: "play",
          cores: [
            { name: "x", isDefault: true, command: "c %ROM%" },
            { name: "y", isDefault: false, command: undefined },
          ],
        },
        { name: "f", isDefault: true, command: undefined, cores: [] },
      ],
    },
    { name: "b", fields: {}, emulators: [] },
  ]);
});

Deno.test("readEsSystems() tells what it leaves out", async () => {
  assert.deepEqual((await read("<systems/>")).problems, ["it has no <systemList>"]);
  assert.deepEqual(await read(list("<path>/a</path>", "<name/>")), {
    systems: [],
    problems: ["a system has no <name>", "a system has no <name>"],
  });
  const many = Array.from({ length: MAX_ES_SYSTEMS + 1 }, (_, at) => `<name>s${at}</name>`);
  const { systems, problems } = await read(list(...many));
  assert.equal(systems.length, MAX_ES_SYSTEMS);
  assert.deepEqual(problems, [
    `it has more than ${MAX_ES_SYSTEMS} systems, of which s${MAX_ES_SYSTEMS} is left out`,
  ]);
});

Deno.test("readEsSystems() bounds emulators and cores", async () => {
  const emulators = '<emulator name="e"/>'.repeat(MAX_ES_EMULATORS + 5);
  const cores = `<emulator name="e"><cores>${
    "<core>c</core>".repeat(MAX_ES_EMULATORS + 5)
  }</cores></emulator>`;
  for (const text of [emulators, cores]) {
    const { systems: [system] } = await read(list(`<name>a</name><emulators>${text}</emulators>`));
    const count = (system?.emulators ?? []).reduce((sum, { cores }) => sum + 1 + cores.length, 0);
    assert.ok(count <= MAX_ES_EMULATORS);
  }
});

Deno.test("readEsSystems() keeps the systems before a cut", async () => {
  const { systems, problems } = await read(list("<name>a</name>", "<name>b</name>").slice(0, -30));
  assert.deepEqual(systems.map(({ name }) => name), ["a"]);
  assert.deepEqual(problems, ["it is not well-formed: unclosed root tag"]);
});

Deno.test("mergeEsSystems() lets each element of a further file take the place of the old one", async () => {
  const { systems } = await read(list(
    "<name>a</name><path>/a</path><theme>t</theme><emulators><emulator name='e'/></emulators>",
    "<name>b</name><path>/b</path>",
  ));
  const { systems: more } = await read(list(
    "<name>c</name><path>/c</path>",
    "<name>a</name><path>/other</path><theme/>",
    "<name>b</name><emulators><emulator name='f'/></emulators>",
  ));
  const merged = mergeEsSystems(systems, more);
  assert.deepEqual(
    merged.map(({ name, fields, emulators }) => [name, fields, emulators?.[0]?.name]),
    [
      ["a", { path: "/other" }, "e"],
      ["b", { path: "/b" }, "f"],
      ["c", { path: "/c" }, undefined],
    ],
  );
  assert.deepEqual(systems[0]?.fields["path"], "/a");
});

Deno.test("mergeEsSystems() adds only so many", () => {
  const full = Array.from({ length: MAX_ES_SYSTEMS }, (_, at) => ({
    name: `s${at}`,
    fields: {},
    emulators: undefined,
  }));
  const more = [{ name: "more", fields: {}, emulators: undefined }];
  assert.equal(mergeEsSystems(full, more).length, MAX_ES_SYSTEMS);
});

function core(name: string, isDefault?: boolean, command?: string): EsCore {
  return { name, isDefault: isDefault === true, command };
}

const DEFAULTS: [string, EsSystem["emulators"], Partial<ReturnType<typeof defaultsOf>>][] = [
  ["nothing", undefined, { emulator: "", core: "" }],
  ["no emulator", [], { emulator: "", core: "" }],
  ["the first", [
    { name: "e", isDefault: false, command: undefined, cores: [core("x"), core("y")] },
    { name: "f", isDefault: false, command: undefined, cores: [core("z")] },
  ], { emulator: "e", core: "x" }],
  ["the core that says so", [
    { name: "e", isDefault: false, command: undefined, cores: [core("x")] },
    { name: "f", isDefault: false, command: undefined, cores: [core("y"), core("z", true)] },
  ], { emulator: "f", core: "z" }],
  ["the emulator that says so", [
    { name: "e", isDefault: false, command: undefined, cores: [core("x", true)] },
    { name: "f", isDefault: true, command: undefined, cores: [core("y")] },
  ], { emulator: "f", core: "y" }],
  ["the command of an emulator", [
    { name: "e", isDefault: false, command: "own", cores: [] },
  ], { emulator: "e", core: "", command: "own" }],
  ["the command of a core", [
    { name: "e", isDefault: false, command: "own", cores: [core("x", false, "core's")] },
  ], { core: "x", command: "core's" }],
];
for (const [what, emulators, expected] of DEFAULTS) {
  Deno.test(`defaultsOf() takes ${what}`, () => {
    const system = { name: "a", fields: { command: "system's", governor: "g" }, emulators };
    const found = defaultsOf(system);
    assert.deepEqual(found, {
      emulator: found.emulator,
      command: "system's",
      governor: "g",
      core: found.core,
      ...expected,
    });
  });
}

Deno.test("extensionsOf() gives each extension once, in lower case", () => {
  const of = (extension: string): string[] => [
    ...extensionsOf({ name: "a", fields: { extension }, emulators: undefined }),
  ];
  assert.deepEqual(of(".SFC .sfc\n\t.zip,.7z  . x .p8.png .a/b"), [
    ".sfc",
    ".zip",
    ".7z",
    ".p8.png",
  ]);
  assert.deepEqual(of(""), []);
});
