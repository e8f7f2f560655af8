// The rule of imports as a function over source files: who may import whom, who may touch the
// platform, how long a file may be. docs/architecture.md has the picture.

import { posix } from "node:path";

/** A source file; `path` begins with "src/". */
export interface SourceFile {
  /** Where it is, with forward slashes. */
  readonly path: string;
  /** What it says. */
  readonly text: string;
}

type Layer = "base" | "protocol" | "feature" | "client" | "config" | "edge" | "app" | "main";

interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

interface Module {
  readonly path: string;
  /** The folder below src, or the file's own name directly below it. */
  readonly home: string;
  readonly layer: Layer;
  readonly imports: readonly Import[];
}

/** Lowest first: imports point down this list. */
const LAYERS: readonly Layer[] = [
  "base",
  "protocol",
  "feature",
  "client",
  "config",
  "edge",
  "app",
  "main",
];

/** Every folder and file directly below src. A new one finds its place here first. */
const HOMES: ReadonlyMap<string, Layer> = new Map([
  ["base", "base"],
  ["version.ts", "base"],
  ["protocol", "protocol"],
  ["pairing", "feature"],
  ["session", "feature"],
  ["clients", "feature"],
  ["rpc", "feature"],
  ["actions", "feature"],
  ["display", "feature"],
  ["discovery", "feature"],
  ["models", "feature"],
  ["keys", "feature"],
  ["audit", "feature"],
  ["buttons", "feature"],
  ["settings", "feature"],
  ["backup", "feature"],
  ["doctor", "feature"],
  ["client", "client"],
  ["config", "config"],
  ["http", "edge"],
  ["sqlite", "edge"],
  ["platform", "edge"],
  ["fleet", "edge"],
  ["cli", "edge"],
  ["web", "edge"],
  ["app.ts", "app"],
  ["app", "app"],
  ["main.ts", "main"],
]);

const PLATFORM_HOMES = ["main.ts", "cli", "http", "sqlite", "platform", "fleet", "app"];
const CONFIG_READERS = ["app.ts", "app", "main.ts", "cli"];
const FORBIDDEN_NAME = /^(index|common|types)$|(^|_)(utils?|helpers?|manager)$/;
const MAX_LINES = 400;

/** Packages that run in a browser and that src/client may therefore use. */
const BROWSER_PACKAGES = ["@noble/curves/", "@noble/hashes/"];

/** Everything that breaks a rule, as `path: what is wrong`; nothing where all is well. */
export function checkImportGraph(files: readonly SourceFile[]): string[] {
  const modules = new Map<string, Module>();
  const problems: string[] = [];
  for (const { path, text } of files) {
    problems.push(...checkFile({ path, text }));
    const home = homeOf(path);
    const layer = HOMES.get(home);
    if (layer === undefined) {
      problems.push(`${path}: unknown place src/${home}: add it to HOMES in import_graph.ts`);
      continue;
    }
    const code = withoutComments(text);
    const module = { path, home, layer, imports: parseImports(code) };
    modules.set(path, module);
    problems.push(...checkPlatform(module, code), ...checkPackages(module));
  }
  for (const module of modules.values()) problems.push(...checkTargets(module));
  return [...problems, ...findCycles(modules)].sort();
}

function checkFile({ path, text }: SourceFile): string[] {
  const problems: string[] = [];
  const lines = text.trimEnd().split("\n").length;
  if (lines > MAX_LINES) problems.push(`${path}: ${lines} lines, at most ${MAX_LINES}`);
  const name = posix.basename(path).replace(/\..*$/, "");
  if (FORBIDDEN_NAME.test(name)) problems.push(`${path}: a file is named after its idea`);
  return problems;
}

function checkPlatform({ path, home, imports }: Module, code: string): string[] {
  const problems: string[] = [];
  const names = withoutStrings(code);
  if (!PLATFORM_HOMES.includes(home)) {
    if (/\bDeno\b/.test(names)) problems.push(`${path}: uses Deno`);
    for (const { specifier } of imports) {
      if (specifier.startsWith("node:")) problems.push(`${path}: imports ${specifier}`);
    }
  }
  if (home !== "main.ts" && /\bDeno\s*\.\s*exit\b/.test(names)) {
    problems.push(`${path}: calls Deno.exit, which only main.ts may`);
  }
  if (/\bimport\s*\(\s*(?!["'`\s])/.test(names)) {
    problems.push(`${path}: imports what only a run can tell`);
  }
  return problems;
}

function checkPackages({ path, layer, imports }: Module): string[] {
  if (layer !== "client") return [];
  return imports
    .filter(({ specifier }) => !isRelative(specifier) && !specifier.startsWith("node:"))
    .filter(({ specifier }) => !BROWSER_PACKAGES.some((name) => specifier.startsWith(name)))
    .map(({ specifier }) => `${path}: ${specifier} is not among BROWSER_PACKAGES`);
}

function checkTargets(module: Module): string[] {
  const { path, imports } = module;
  return imports.filter(({ specifier }) => isRelative(specifier)).flatMap((imported) => {
    const target = targetOf(path, imported);
    const problem = judge(module, { target, isTypeOnly: imported.isTypeOnly });
    return problem === undefined ? [] : [`${path}: imports ${target}: ${problem}`];
  });
}

function judge(
  from: Module,
  { target, isTypeOnly }: { target: string; isTypeOnly: boolean },
): string | undefined {
  // The version is told by the manifest alone.
  if (from.home === "version.ts" && target === "deno.json") return undefined;
  if (!target.startsWith("src/")) return "it lies outside src";
  const home = homeOf(target);
  const layer = HOMES.get(home);
  // A file in an unknown place is named once, by itself.
  if (layer === undefined || home === from.home) return undefined;
  if (home === "config" && !CONFIG_READERS.includes(from.home)) {
    return "only app, main and cli read the configuration";
  }
  if (LAYERS.indexOf(layer) > LAYERS.indexOf(from.layer)) {
    return `${layer} lies above ${from.layer}`;
  }
  if (from.layer === "edge" && layer === "edge") return "edges never import each other";
  if (from.layer === "client" && layer !== "base" && layer !== "protocol") {
    return "src/client imports only base and protocol";
  }
  if (from.layer === "feature" && layer === "feature" && !isTypeOnly) {
    return "a feature takes another feature's types only";
  }
  return undefined;
}

function findCycles(modules: ReadonlyMap<string, Module>): string[] {
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: string[] = [];
  function visit(path: string): void {
    if (trail.includes(path)) {
      const cycle = trail.slice(trail.indexOf(path));
      cycles.push(`${path}: imports itself: ${[...cycle, path].join(" → ")}`);
      return;
    }
    const module = modules.get(path);
    if (module === undefined || done.has(path)) return;
    trail.push(path);
    for (const imported of module.imports) {
      if (isRelative(imported.specifier)) visit(targetOf(path, imported));
    }
    trail.pop();
    done.add(path);
  }
  for (const path of modules.keys()) visit(path);
  return cycles;
}

function homeOf(path: string): string {
  return path.split("/")[1] ?? path;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".") || specifier.startsWith("/");
}

function targetOf(path: string, { specifier }: Import): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

const FROM =
  /\b(?:import|export)\b\s*((?:(?!\b(?:import|export)\b)[\w$\s{},*])*?)\s*\bfrom\s*["']([^"']+)["']/g;
const BARE = /\bimport\s*["']([^"']+)["']/g;
const DYNAMIC = /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g;

function parseImports(code: string): Import[] {
  const bare = [...code.matchAll(BARE), ...code.matchAll(DYNAMIC)];
  return [
    ...[...code.matchAll(FROM)].map(([, clause = "", specifier = ""]) => ({
      specifier,
      isTypeOnly: isTypeClause(clause),
    })),
    ...bare.map(([, specifier = ""]) => ({ specifier, isTypeOnly: false })),
  ];
}

function isTypeClause(clause: string): boolean {
  if (/^type\s*[{*]|^type\s+(?!from\b)[\w$]/.test(clause)) return true;
  const [, names = ""] = /^\{([^}]*)\}$/.exec(clause.trim()) ?? [];
  const parts = names.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return parts.length > 0 && parts.every((part) => /^type\s+[\w$]/.test(part));
}

// Comments, strings and regular expressions, so that none of them is mistaken for another. A
// slash begins a regular expression where no value can stand in front of it.
const TOKENS = new RegExp(
  [
    /\/\/[^\n]*/,
    /\/\*[\s\S]*?\*\//,
    /"(?:\\.|[^"\\\n])*"/,
    /'(?:\\.|[^'\\\n])*'/,
    /`(?:\\[\s\S]|[^`\\])*`/,
    /(?<=(?:[(,=:[!&|?{};]|\breturn|=>|^)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n*])+\//,
  ].map(({ source }) => source).join("|"),
  "gm",
);

function withoutComments(text: string): string {
  return text.replace(TOKENS, (token) => /^\/[/*]/.test(token) ? " " : token);
}

// Templates stay, for what they embed is code.
function withoutStrings(code: string): string {
  return code.replace(TOKENS, (token) => /^["'/]/.test(token) ? '""' : token);
}
