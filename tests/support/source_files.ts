// The files of this repository as tests of its shape read them.

/** A source file. */
export interface SourceFile {
  /** Where it is below the repository's root, with forward slashes, such as "src/main.ts". */
  readonly path: string;
  /** What it says. */
  readonly text: string;
}

/** Every TypeScript file below a folder of the repository. */
export function* sourceFiles(folder: string): Generator<SourceFile> {
  const root = new URL("../../", import.meta.url);
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sourceFiles(path);
    else if (/\.tsx?$/.test(name)) {
      yield { path, text: Deno.readTextFileSync(new URL(path, root)) };
    }
  }
}
