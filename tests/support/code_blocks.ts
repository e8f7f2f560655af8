// The blocks of code in the documents, each with where it stands, and shell blocks as commands.

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["clients", "docs", "packaging", "tests"];

/** A block of code. */
export interface CodeBlock {
  /** The document, from the root. */
  readonly document: string;
  readonly language: string;
  /** Which one of its language it is in the document, from 1. */
  readonly number: number;
  readonly code: string;
}

/** Every block of every document; the changelog tells of what was. */
export function codeBlocksOfDocuments(): CodeBlock[] {
  const atRoot = [...Deno.readDirSync(ROOT)].filter(({ isFile }) => isFile).map(({ name }) => name);
  return [...atRoot, ...FOLDERS.flatMap(filesBelow)]
    .filter((path) => path.endsWith(".md") && path !== "CHANGELOG.md")
    .sort()
    .flatMap((document) => blocksOf(document, Deno.readTextFileSync(new URL(document, ROOT))));
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

/** The blocks of a document's text. */
export function blocksOf(document: string, text: string): CodeBlock[] {
  const counts = new Map<string, number>();
  return [...text.matchAll(/^( *)```([^\n]*)\n(.*?)^\1```$/gms)].map(
    ([, , language = "", code = ""]) => {
      const number = (counts.get(language) ?? 0) + 1;
      counts.set(language, number);
      return { document, language, number, code };
    },
  );
}

/** A command of a shell block: its variables and its words. */
export interface ShellCommand {
  readonly variables: Readonly<Record<string, string>>;
  readonly words: readonly string[];
}

/** The commands of a shell block, comments aside. */
export function shellCommands(code: string): ShellCommand[] {
  return code.replaceAll("\\\n", " ").split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, ""))
    .flatMap((line) => line.split("&&"))
    .map((line) =>
      [...line.matchAll(/[^\s"']*(?:"[^"]*"|'[^']*')|[^\s"']+/g)]
        .map(([word]) => word.replace(/["']/g, ""))
    )
    .filter((words) => words.length > 0)
    .map((words) => {
      const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
      const variables = words.slice(0, first).map((word): [string, string] => {
        const at = word.indexOf("=");
        return [word.slice(0, at), word.slice(at + 1)];
      });
      return { variables: Object.fromEntries(variables), words: words.slice(first) };
    });
}
