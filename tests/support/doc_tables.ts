// The tables of a Markdown document.

/** The rows of one table; each row gives the text of its cells by the heads of their columns. */
export type DocTable = readonly Readonly<Record<string, string>>[];

/** All tables of a document, in order. Pipes within cells are not understood: ours have none. */
export function docTables(markdown: string): DocTable[] {
  return [...markdown.matchAll(/(?:^\|.*\|$\n?){2,}/gm)].map(([table]) => {
    const [heads = [], , ...rows] = table.trim().split("\n").map(cellsOf);
    return rows.map((cells) =>
      Object.fromEntries(heads.map((head, at) => [head, cells[at] ?? ""]))
    );
  });
}

/** The texts between backticks. */
export function codeTexts(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

function cellsOf(line: string): string[] {
  return line.slice(1, -1).split("|").map((cell) => cell.trim());
}
