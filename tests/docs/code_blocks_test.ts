// Every block of code in every document is looked at by a test: it is run, or checked, or another test
// has it. A block that nobody looks at fails here.

import assert from "node:assert/strict";
import * as v from "valibot";
import { buildSdkFiles } from "../../packaging/build/sdk_package.ts";
import { COMMANDS } from "../../src/edges/cli/command_table.ts";
import { STATUS_OF_CODE } from "../../src/edges/http/error_response.ts";
import { PAIRING_REFUSALS } from "../../src/features/pairing/pairing_refusals.ts";
import { APP_ERROR_CODE, RPC_ERRORS } from "../../src/features/rpc/message.ts";
import { readBenchOptions } from "../bench/bench_options.ts";
import { SECTION_IDS } from "../bench/sections.ts";
import {
  blocksOf,
  type CodeBlock,
  codeBlocksOfDocuments,
  shellCommands,
} from "../support/code_blocks.ts";
import { readMethodTable } from "../support/method_table.ts";
import { configOf } from "../support/settings.ts";

const ROOT = new URL("../../", import.meta.url);

/** Blocks that another test has, and which one. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "README.md js 1": "tests/system/sdk_package_test.ts",
  "clients/go/README.md go 1": "tests/system/go_client_test.ts",
  "clients/go/README.md go 2": "tests/system/go_client_test.ts",
  "clients/python/README.md python 1": "tests/system/python_client_test.ts",
  "clients/python/README.md python 2": "tests/system/python_client_test.ts",
  "clients/python/README.md python 3": "tests/system/python_client_test.ts",
  "docs/api/encryption.md js 1": "tests/docs/encryption_example_test.ts",
  "packaging/sdk/README.md js 1": "tests/system/sdk_package_test.ts",
  "packaging/sdk/README.md js 2": "tests/system/sdk_package_test.ts",
  "packaging/sdk/README.md js 3": "tests/system/sdk_package_test.ts",
  "packaging/sdk/README.md js 4": "tests/system/sdk_package_test.ts",
  "docs/conformance.md text 1": "tests/docs/conformance_doc_test.ts",
};

/** Drawings and transcripts that no program reads, and what they are. */
const DRAWINGS: Readonly<Record<string, string>> = {
  "docs/api/encryption.md text 1": "the messages of pairing",
  "docs/api/encryption.md text 2": "the bytes of a nonce; tests/vectors has them",
  "docs/architecture.md text 1": "the boxes; tests/layers_test.ts has the rule",
  "docs/architecture.md text 2": "the way of a request",
  "docs/flashing.md text 1": "what a build prints; its numbers differ each time",
};

/** Documents with programs and types that tests below compile or run. */
const TYPESCRIPT = [
  "docs/api/methods.md",
  "docs/api/notifications.md",
  "docs/models.md",
];

type Treatment = (block: CodeBlock) => void | Promise<void>;

/** What is done with the blocks of a language; throws where one does not hold. */
const TREATMENTS: Readonly<Record<string, Treatment>> = {
  toml: ({ code }) => void configOf(code),
  sh: checkShell,
  json: checkJson,
  ini: checkUnit,
  yaml: checkYaml,
  html: checkImport,
  // Looked at together below: a type check takes a second.
  ts: ({ document }) => assert.ok(TYPESCRIPT.includes(document), document),
};

function keyOf({ document, language, number }: CodeBlock): string {
  return `${document} ${language} ${number}`;
}

const blocks = codeBlocksOfDocuments();

Deno.test("every block of code has a treatment, and every exception a block", () => {
  const exceptions = [...Object.keys(ELSEWHERE), ...Object.keys(DRAWINGS)];
  const untreated = blocks.filter((block) => TREATMENTS[block.language] === undefined).map(keyOf);
  assert.deepEqual(untreated.toSorted(), exceptions.toSorted());
  assert.ok(blocks.length > 150, String(blocks.length));
});

for (const [key, path] of Object.entries(ELSEWHERE)) {
  Deno.test(`${key} is read by ${path}`, async () => {
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const support = [...source.matchAll(/from "(\.\.?\/[^"]+)"/g)].map(([, from = ""]) =>
      Deno.readTextFileSync(new URL(from, new URL(path, ROOT)))
    );
    const [document = ""] = key.split(" ");
    const name = document.slice(document.lastIndexOf("/") + 1);
    assert.ok([source, ...support].some((text) => text.includes(name)), name);
  });
}

for (const [document, own] of Map.groupBy(blocks, (block) => block.document)) {
  Deno.test(`the blocks of ${document} hold`, async () => {
    for (const block of own) {
      try {
        await TREATMENTS[block.language]?.(block);
      } catch (error) {
        throw new Error(`${keyOf(block)}:\n${block.code}`, { cause: error });
      }
    }
  });
}

// A page imports names of the SDK's package by the path of a file in it.
async function checkImport({ code }: CodeBlock): Promise<void> {
  const [, names = "", path = ""] =
    /import \{ (.*?) \} from "\.\/node_modules\/@latchkey\/latchkey\/(.*?)"/.exec(code) ?? [];
  const file = (await buildSdkFiles()).get(path);
  assert.ok(file !== undefined, path);
  const exported = new TextDecoder().decode(file).match(/export ?\{[^}]*\}/g)?.join() ?? "";
  for (const name of names.split(", ")) assert.match(exported, new RegExp(`\\b${name}\\b`), name);
}

/** Programs of others that commands in documents may name. */
const FOREIGN = "apt caddy cd git go mv npm ollama pip rc-service rm systemctl tar umask deno"
  .split(" ");

/** Scripts of this repository by the names under which a device has them. */
const SCRIPTS: Readonly<Record<string, string>> = {
  "install.sh": "packaging/firmware/install.sh",
  "enable-service": "packaging/rootfs/usr/lib/latchkey/enable-service",
  S95latchkey: "packaging/rootfs/usr/share/latchkey/init/sysv",
};

const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
  tasks: Record<string, { command: string }>;
};

function checkShell({ code }: CodeBlock): void {
  const commands = shellCommands(code);
  assert.ok(commands.length > 0);
  for (const { variables, words } of commands) checkCommand(words, variables);
}

function checkCommand(
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
): void {
  const [program = "", ...args] = words;
  if (program === "sudo" || program === "sh") return checkCommand(args, variables);
  if (program === "npx") {
    assert.deepEqual(args.slice(0, 2), ["-y", "deno@2.9.5"]);
    return checkCommand(["deno", ...args.slice(2)], variables);
  }
  if (program === "deno" && args[0] === "task") return checkTask(args.slice(1), variables);
  if (program === "latchkey") return checkLatchkey(args);
  const name = program.slice(program.lastIndexOf("/") + 1);
  const script = SCRIPTS[name];
  if (script !== undefined) return checkOptions(args, script);
  if (program === ".ci/run" || program.startsWith("tests/")) {
    assert.ok(Deno.statSync(new URL(program, ROOT)).isFile);
    return;
  }
  assert.ok(FOREIGN.includes(program), `${program}: no program that is known here`);
}

function checkTask(
  [name = "", ...args]: readonly string[],
  variables: Readonly<Record<string, string>>,
): void {
  const task = tasks[name];
  assert.ok(task !== undefined, `no task ${name}`);
  if (name === "latchkey") return checkLatchkey(args);
  if (name === "bench") return void readBenchOptions(args, variables, SECTION_IDS);
  const [script] = /\S+\.ts/.exec(task.command) ?? [];
  if (args.length > 0) checkOptions(args, script ?? "");
}

function checkOptions(args: readonly string[], script: string): void {
  const text = Deno.readTextFileSync(new URL(script, ROOT));
  for (const option of args.filter((arg) => arg.startsWith("--"))) {
    assert.ok(text.includes(option), `${script}: ${option}`);
  }
}

// By what the command itself says of its options and subcommands.
function checkLatchkey([name = "", ...args]: readonly string[]): void {
  const command = COMMANDS.find((known) => known.name === name);
  assert.ok(command !== undefined, `no command ${name}`);
  for (const option of args.filter((arg) => arg.startsWith("--"))) {
    assert.match(command.usage, new RegExp(`${option.split("=")[0]}\\b`), `${name} ${option}`);
  }
  const [subcommand] = args;
  if (["keys", "clients", "settings", "library", "remote"].includes(name) && subcommand) {
    assert.match(command.usage, new RegExp(`\\b${subcommand}\\b`), `${name} ${subcommand}`);
  }
}

const METHODS = new Map(readMethodTable().map((method) => [method.name, method]));
const NUMBERS: readonly number[] = [
  ...Object.values(RPC_ERRORS).map(({ code }) => code),
  ...[APP_ERROR_CODE, -32001, -32002],
];

const RequestMessage = v.strictObject({
  jsonrpc: v.literal("2.0"),
  id: v.number(),
  method: v.string(),
  params: v.optional(v.unknown()),
});
const ResultMessage = v.strictObject({
  jsonrpc: v.literal("2.0"),
  id: v.number(),
  result: v.unknown(),
});
const RpcErrorMessage = v.strictObject({
  jsonrpc: v.literal("2.0"),
  id: v.nullable(v.number()),
  error: v.strictObject({
    code: v.picklist(NUMBERS),
    message: v.string(),
    data: v.optional(v.object({})),
  }),
});
const HttpError = v.strictObject({
  error: v.union([
    v.strictObject({
      code: v.picklist(Object.keys(STATUS_OF_CODE)),
      message: v.string(),
      request_id: v.string(),
    }),
    v.picklist(Object.keys(PAIRING_REFUSALS)),
  ]),
});

// One message, or one on each line. Whether a result is that of the request before it is what
// reference_test.ts asks.
function checkJson({ code }: CodeBlock): void {
  const texts = /^\{.*\}\n\{/.test(code) ? code.trim().split("\n") : [code];
  for (const text of texts) {
    const message = v.parse(
      v.union([RequestMessage, ResultMessage, RpcErrorMessage, HttpError]),
      JSON.parse(text),
    );
    if (!("method" in message)) continue;
    const method = METHODS.get(message.method);
    assert.ok(method !== undefined, message.method);
    v.parse(method.params, message.params ?? {});
  }
}

// A drop-in for systemd, each line a key that the unit or its manual knows.
function checkUnit({ code }: CodeBlock): void {
  const lines = code.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(lines[0], "[Service]");
  for (const line of lines.slice(1)) assert.match(line, /^[A-Z][A-Za-z]+=/);
}

// A scrape for Prometheus, line by line; packaging/monitoring has whole files.
function checkYaml({ code }: CodeBlock): void {
  for (const line of code.trimEnd().split("\n")) {
    assert.match(line, /^ *(?:- )?(?:[a-z_]+:(?: .+)?)$/);
  }
  assert.match(code, /targets: \["handheld\.local:7497"\]/);
}

Deno.test("the types in docs/api are types, and the programs of docs/models.md compile", async () => {
  const typescript = (document: string): string[] =>
    blocks.filter((block) => block.language === "ts" && block.document === document)
      .map(({ code }) => code);
  const methods = typescript("docs/api/methods.md");
  const notifications = typescript("docs/api/notifications.md");
  const shapes = methods.at(-1) ?? "";
  assert.match(shapes, /^interface Action/);
  const types = [...methods.slice(0, -1), ...notifications]
    .map((code, i) => `export namespace Block${i} { export ${code.trim()} }`);
  const programs = typescript("docs/models.md").map((code) =>
    `const key: string = "lk_example";\n${
      code.replaceAll('"npm:', '"').replace(/^const /m, "export const ")
    }`
  );
  assert.ok(types.length > 50 && programs.length === 2);
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const sources = [`${shapes}\n${types.join("\n")}`, ...programs];
    const files = sources.map((_, i) => `${folder}/block_${i}.ts`);
    for (const [i, file] of files.entries()) await Deno.writeTextFile(file, sources[i] ?? "");
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "-q", "--config", new URL("deno.json", ROOT).pathname, ...files],
      cwd: ROOT,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("blocksOf() and shellCommands() read what documents have", () => {
  const text = "```sh\na\n```\n1. x\n\n   ```sh\n   b # c\n   ```\n```\nplain\n```\n";
  assert.deepEqual(
    blocksOf("d", text).map(({ language, number, code }) => [language, number, code]),
    [
      ["sh", 1, "a\n"],
      ["sh", 2, "   b # c\n"],
      ["", 1, "plain\n"],
    ],
  );
  assert.deepEqual(shellCommands('A=1 B="2 3" run --x "a b" \\\n  c # d\n# e\nf && g\n'), [
    { variables: { A: "1", B: "2 3" }, words: ["run", "--x", "a b", "c"] },
    { variables: {}, words: ["f"] },
    { variables: {}, words: ["g"] },
  ]);
});

Deno.test("a command, an option, a key or a message that is not there is refused", async () => {
  const refused: [language: string, code: string][] = [
    ["sh", "latchkey paint"],
    ["sh", "latchkey usage --week"],
    ["sh", "latchkey keys lend"],
    ["sh", "npx -y deno@2.9.5 task surprise"],
    ["sh", "npx -y deno@2.9.4 task test"],
    ["sh", "deno task bench --only surprise"],
    ["sh", "deno task image --x86"],
    ["sh", "sh install.sh --undone"],
    ["sh", "curl http://127.0.0.1:7497"],
    ["toml", '[service]\nlissten = "x"'],
    ["json", '{"jsonrpc":"2.0","id":1,"method":"surprise"}'],
    ["json", '{"jsonrpc":"2.0","id":1,"method":"media.search","params":{"query":1}}'],
    ["json", '{"error":"wrong pin"}'],
    ["json", '{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}'],
    ["ini", "[Service]\nuser=root"],
    ["ts", "let nobody = 1;"],
    ["html", 'import { connect } from "./node_modules/@latchkey/latchkey/nothing.js";'],
    ["yaml", "Scrape: 1"],
  ];
  for (const [language, code] of refused) {
    const block = { document: "d", language, number: 1, code };
    await assert.rejects(async () => await TREATMENTS[language]?.(block), code);
  }
});
