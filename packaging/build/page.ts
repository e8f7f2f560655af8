// `deno task build:page`: the page at /app/ from src/page, as the files that the service serves. Their
// names have a hash of what they hold, so that browsers may keep them for ever. They are committed: a
// device builds nothing, and a test compares them with their sources.

import { chooseWords } from "../../src/page/page_words.ts";
import { BuildError, ROOT, runDeno, runScript } from "./deno.ts";

/** Where the files lie. */
export const BUILT_FOLDER = "src/edges/http/page/built";

/** The list of the files, which the service imports. */
export const LIST_FILE = "page_files.ts";

/** A file of the page. */
interface PagePart {
  /** What it is called before the hash. */
  readonly stem: string;
  /** What its name ends with. */
  readonly extension: string;
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const SOURCES = `${ROOT}src/page`;
const HASH_DIGITS = 12;

/** The names and texts of all files in {@linkcode BUILT_FOLDER}; pictures as base64. */
export async function buildPage(): Promise<ReadonlyMap<string, string>> {
  const parts: Record<string, PagePart> = {
    script: await script(),
    style: text("page", ".css", minifyStyle(await Deno.readTextFile(`${SOURCES}/page.css`))),
    icon: text("icon", ".svg", (await Deno.readTextFile(`${SOURCES}/icon.svg`)).trim()),
    touchIcon: {
      stem: "icon",
      extension: ".png",
      contentType: "image/png",
      bytes: await Deno.readFile(`${SOURCES}/icon.png`),
    },
  };
  const names = new Map<string, string>();
  for (const [key, part] of Object.entries(parts)) names.set(key, await nameOf(part));
  const manifest = text("page", ".webmanifest", manifestText(names));
  parts["manifest"] = manifest;
  names.set("manifest", await nameOf(manifest));

  const files = new Map<string, string>();
  const imports: string[] = [];
  const entries: string[] = [];
  for (const [key, { contentType, bytes, extension }] of Object.entries(parts)) {
    const name = names.get(key) ?? "";
    const isText = extension !== ".png";
    const stored = isText ? name : `${name}.base64`;
    files.set(stored, isText ? new TextDecoder().decode(bytes) : bytes.toBase64());
    imports.push(`import ${key} from "./${stored}" with { type: "text" };`);
    const content = isText ? `text: ${key}` : `base64: ${key}`;
    entries.push(`  ${key}: { name: "${name}", contentType: "${contentType}", ${content} },`);
  }
  files.set(LIST_FILE, listText(imports, entries));
  return files;
}

/** A style sheet without comments and needless white space. */
export function minifyStyle(css: string): string {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};,]) ?/g, "$1")
    .replace(/: /g, ":")
    .replace(/;}/g, "}")
    .trim();
}

async function script(): Promise<PagePart> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_page_" });
  try {
    const { success, stderr } = await runDeno(
      ...["bundle", "--quiet", "--frozen", "--platform", "browser", "--minify", "--format", "iife"],
      ...["--output", `${folder}/page.js`, "src/page/page_script.ts"],
    );
    if (!success) throw new BuildError(`Cannot bundle the page:\n${stderr}`);
    return text("page", ".js", await Deno.readTextFile(`${folder}/page.js`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

function text(stem: string, extension: string, content: string): PagePart {
  const contentType = CONTENT_TYPES[extension] ?? "text/plain; charset=utf-8";
  return { stem, extension, contentType, bytes: new TextEncoder().encode(content) };
}

async function nameOf({ stem, extension, bytes }: PagePart): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `${stem}-${hash.slice(0, HASH_DIGITS)}${extension}`;
}

function manifestText(names: ReadonlyMap<string, string>): string {
  return JSON.stringify({
    name: "Latchkey",
    short_name: "Latchkey",
    start_url: "/app/",
    scope: "/app/",
    display: "standalone",
    background_color: "#f6f4ef",
    theme_color: "#f6f4ef",
    icons: [
      { src: names.get("icon"), type: "image/svg+xml", sizes: "any" },
      { src: names.get("touchIcon"), type: "image/png", sizes: "192x192" },
    ],
  });
}

function listText(imports: readonly string[], entries: readonly string[]): string {
  return `// The files of the page at /app/. Made by \`deno task build:page\`; edit src/page instead.

${imports.join("\n")}

/** A file of the page as the program carries it. */
export interface PageFile {
  /** Its name below /app/, with a hash of what it holds. */
  readonly name: string;
  /** Its media type. */
  readonly contentType: string;
  /** What it holds, of a text. */
  readonly text?: string;
  /** What it holds, of a picture. */
  readonly base64?: string;
}

/** Every file of the page. */
export const PAGE_FILES = {
${entries.join("\n")}
} as const satisfies Readonly<Record<string, PageFile>>;

/** What the document says before its script does, in each language that the page speaks. */
export const FRAME_WORDS = ${JSON.stringify(frameWords(), null, 2)} as const;
`;
}

function frameWords(): Record<string, Record<string, string>> {
  return Object.fromEntries(["en", "de"].map((language) => {
    const { loading, noScript } = chooseWords([language]).words;
    return [language, { loading, noScript }];
  }));
}

if (import.meta.main) {
  await runScript(async () => {
    const files = await buildPage();
    const folder = `${ROOT}${BUILT_FOLDER}`;
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    await Deno.mkdir(folder, { recursive: true });
    for (const [name, content] of files) await Deno.writeTextFile(`${folder}/${name}`, content);
    const lines = [...files.keys()].map((name) => `${BUILT_FOLDER}/${name}\n`);
    await Deno.stdout.write(new TextEncoder().encode(lines.join("")));
  });
}
