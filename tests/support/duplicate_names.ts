// One name, one thing: which exported names and which file names stand for two.

import { posix } from "node:path";
import type { SourceFile } from "./source_files.ts";

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:class|const|function\*?|interface|let|type) ([\w$]+)\b/;
/** Says again what another file has declared, under the same name. */
const SAME_AGAIN = /^export (?:type )?\{(?![^}]*\bas\b)[^}]*\} from /;

/** Exported names that exist twice, as `name: first file, second file`; and exports not understood. */
export function findDuplicateExports(
  files: readonly SourceFile[],
  exceptions: ReadonlySet<string> = new Set(),
): string[] {
  const homes = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const { path, text } of files) {
    for (const { index } of text.matchAll(/^export\b/gm)) {
      const statement = text.slice(index);
      if (SAME_AGAIN.test(statement)) continue;
      const name = DECLARATION.exec(statement)?.[1];
      if (name === undefined) {
        problems.push(`${path}: export not understood: ${statement.split("\n", 1)[0]}`);
        continue;
      }
      homes.set(name, (homes.get(name) ?? new Set()).add(path));
    }
  }
  return [...problems, ...findTwice(homes, exceptions)].sort();
}

/** File names that exist twice, as `name: first file, second file`. */
export function findDuplicateFiles(
  files: readonly SourceFile[],
  exceptions: ReadonlySet<string> = new Set(),
): string[] {
  const homes = new Map<string, Set<string>>();
  for (const { path } of files) {
    const name = posix.basename(path);
    homes.set(name, (homes.get(name) ?? new Set()).add(path));
  }
  return findTwice(homes, exceptions).sort();
}

// An exception that nothing needs any more is a problem too.
function findTwice(
  homes: ReadonlyMap<string, ReadonlySet<string>>,
  exceptions: ReadonlySet<string>,
): string[] {
  const twice = [...homes].filter(([, paths]) => paths.size > 1);
  const unused = [...exceptions].filter((name) => (homes.get(name)?.size ?? 0) < 2);
  return [
    ...twice
      .filter(([name]) => !exceptions.has(name))
      .map(([name, paths]) => `${name}: ${[...paths].sort().join(", ")}`),
    ...unused.map((name) => `${name}: an exception that nothing needs`),
  ];
}
