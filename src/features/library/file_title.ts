// What a file's name says of its content.

/** How long a title may be, in characters. */
export const MAX_TITLE_CHARS = 256;

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The name of a file without its folder and without what follows the last dot. */
export function fileStem(path: string): string {
  const name = fileName(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

/**
 * The title in a file's name: without the extension, without what stands in brackets at its end, such
 * as a region or a version, and on one line.
 */
export function titleOfFile(path: string): string {
  const stem = fileStem(path);
  const bare = stem.replace(/(?:\s*(?:\([^()]*\)|\[[^[\]]*\]))+\s*$/u, "");
  // "Zelda, The" is how lists sort it.
  const title = oneLine(/[\p{L}\p{N}]/u.test(bare) ? bare : stem, MAX_TITLE_CHARS);
  const article = /^(.+), (The|A|An|Le|La|Les|Die|Der|Das|El|Los|Las)((?: - .*)?)$/.exec(title);
  if (article === null) return title;
  return `${article[2]} ${article[1]}${article[3]}`;
}

/** A text on one line: control characters and runs of blanks become one blank; cut to a length. */
export function oneLine(text: string, maxChars: number): string {
  // What is cut off cannot hold the process up.
  // deno-lint-ignore no-control-regex -- they are what is replaced
  const line = text.slice(0, maxChars * 2).replace(/[\s\0-\x1f\x7f-\x9f]+/gu, " ").trim();
  if (line.length <= maxChars) return line;
  // Without the first half of a character.
  return line.slice(0, maxChars).replace(/[\ud800-\udbff]$/, "").trimEnd();
}
