// The rule of imports as a function over source files: who may import whom, who may touch the
// platform, how long a file may be. docs/architecture.md has the picture.

import { posix } from "node:path";
import type { SourceFile } from "./source_files.ts";

type Tier = (typeof TIERS)[number];

/** Where a file lives: its tier, and its folder within the tier for features and edges. */
interface Place {
  readonly tier: Tier;
  readonly room: string;
}

interface Module extends Place {
  readonly path: string;
  readonly imports: readonly string[];
}

/** Lowest first: imports point down this list. The second part of a path is the tier. */
const TIERS = ["base", "protocol", "features", "sdk", "page", "edges", "app", "main"] as const;

/** Files directly below src. */
const ROOT_FILES: ReadonlyMap<string, Tier> = new Map([["version.ts", "base"], [
  "main.ts",
  "main",
]]);

/**
 * A feature may use the types, constants and functions of those that stand before it. A feature
 * that is not listed stands last: it may use all of these, and no feature may use it.
 */
const FEATURE_ORDER = [
  "access",
  "pairing",
  "session",
  "actions",
  "library",
  "screen",
  "discovery",
  "models",
  "backup",
  "settings",
  "rpc",
  "doctor",
];

const PLATFORM_TIERS: readonly Tier[] = ["edges", "app", "main"];
const FORBIDDEN_NAME = /^(index|common|types)$|(^|_)(utils?|helpers?|manager)$/;
const MAX_LINES = 400;

/** Packages that run in a browser and that src/sdk may therefore use. */
const BROWSER_PACKAGES = ["@noble/ciphers/", "@noble/curves/", "@noble/hashes/"];

/** Packages that other platforms have, and the one file of src/sdk that may use each. */
const PLATFORM_PACKAGES: ReadonlyMap<string, string> = new Map([
  ["multicast-dns", "src/sdk/discover.ts"],
]);

/** What src/page may use beside the SDK; it is bundled with them. */
const PAGE_PACKAGES = ["preact", "preact/hooks"];

/** Everything that breaks a rule, as `path: what is wrong`; nothing where all is well. */
export function checkImportGraph(files: readonly SourceFile[]): string[] {
  const modules = new Map<string, Module>();
  const problems: string[] = [];
  for (const { path, text } of files) {
    problems.push(...checkFile({ path, text }));
    const place = placeOf(path);
    if (place === undefined) {
      problems.push(`${path}: not in a tier: ${TIERS.slice(0, -1).join(", ")}`);
      continue;
    }
    const code = withoutComments(text);
    const module = { path, ...place, imports: parseImports(code) };
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

function checkPlatform({ path, tier, imports }: Module, code: string): string[] {
  const problems: string[] = [];
  const names = withoutStrings(code);
  if (!PLATFORM_TIERS.includes(tier)) {
    if (/\bDeno\b/.test(names)) problems.push(`${path}: uses Deno`);
    for (const specifier of imports) {
      if (specifier.startsWith("node:")) problems.push(`${path}: imports ${specifier}`);
    }
  }
  if (tier !== "main" && /\bDeno\s*\.\s*exit\b/.test(names)) {
    problems.push(`${path}: calls Deno.exit, which only main.ts may`);
  }
  if (/\bimport\s*\(\s*(?!["'`\s])/.test(names)) {
    problems.push(`${path}: imports what only a run can tell`);
  }
  return problems;
}

function checkPackages({ path, tier, imports }: Module): string[] {
  if (tier !== "sdk" && tier !== "page") return [];
  const packages = tier === "sdk" ? BROWSER_PACKAGES : PAGE_PACKAGES;
  const listed = tier === "sdk" ? "BROWSER_PACKAGES" : "PAGE_PACKAGES";
  return imports
    .filter((specifier) => !isRelative(specifier) && !specifier.startsWith("node:"))
    .filter((specifier) => PLATFORM_PACKAGES.get(specifier) !== path)
    .filter((specifier) =>
      !packages.some((name) => name.endsWith("/") ? specifier.startsWith(name) : specifier === name)
    )
    .map((specifier) => `${path}: ${specifier} is not among ${listed}`);
}

function checkTargets(module: Module): string[] {
  const { path, imports } = module;
  return imports.filter(isRelative).flatMap((specifier) => {
    const target = targetOf(path, specifier);
    const problem = judge(module, target);
    return problem === undefined ? [] : [`${path}: imports ${target}: ${problem}`];
  });
}

function judge(from: Module, target: string): string | undefined {
  // The version is told by the manifest alone.
  if (from.path === "src/version.ts" && target === "deno.json") return undefined;
  if (!target.startsWith("src/")) return "it lies outside src";
  const to = placeOf(target);
  // A file in an unknown place is named once, by itself.
  if (to === undefined || (to.tier === from.tier && to.room === from.room)) return undefined;
  if (TIERS.indexOf(to.tier) > TIERS.indexOf(from.tier)) {
    return `${to.tier} lies above ${from.tier}`;
  }
  if (from.tier === "sdk" && to.tier === "features") {
    return "src/sdk imports only base and protocol";
  }
  if (from.tier === "page" && to.tier === "features") {
    return "src/page imports only the SDK, base and protocol";
  }
  if (to.tier === "page") return "the page runs in browsers, and is built and not imported";
  if (to.tier === "edges" && to.room === "config") {
    const mayRead = from.tier !== "edges" || from.room === "cli";
    return mayRead ? undefined : "only app, main and cli read the configuration";
  }
  if (from.tier === "edges" && to.tier === "edges") return "edges never import each other";
  if (from.tier === "edges" && to.tier === "sdk" && from.room !== "cli") {
    return "of the edges only cli uses the SDK";
  }
  if (from.tier === "features" && to.tier === "features" && rank(to) >= rank(from)) {
    return `${to.room} does not stand before ${from.room} in FEATURE_ORDER`;
  }
  return undefined;
}

function rank({ room }: Place): number {
  const position = FEATURE_ORDER.indexOf(room);
  return position === -1 ? FEATURE_ORDER.length : position;
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
    for (const specifier of module.imports) {
      if (isRelative(specifier)) visit(targetOf(path, specifier));
    }
    trail.pop();
    done.add(path);
  }
  for (const path of modules.keys()) visit(path);
  return cycles;
}

function placeOf(path: string): Place | undefined {
  const [, tierName = "", room = "", ...rest] = path.split("/");
  const root = room === "" ? ROOT_FILES.get(tierName) : undefined;
  if (root !== undefined) return { tier: root, room: "" };
  const tier = TIERS.slice(0, -1).find((known) => known === tierName);
  if (tier === undefined || room === "") return undefined;
  if (tier !== "features" && tier !== "edges") return { tier, room: "" };
  return rest.length === 0 ? undefined : { tier, room };
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".") || specifier.startsWith("/");
}

function targetOf(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

const FROM =
  /\b(?:import|export)\b\s*(?:(?!\b(?:import|export)\b)[\w$\s{},*])*?\s*\bfrom\s*["']([^"']+)["']/g;
const BARE = /\bimport\s*["']([^"']+)["']/g;
const DYNAMIC = /\bimport\s*\(\s*["'`]([^"'`]+)["'`]/g;

function parseImports(code: string): string[] {
  return [FROM, BARE, DYNAMIC].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, specifier = ""]) => specifier)
  );
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
