// What a folder of the library looks like at a moment. The platform could tell of changes by itself,
// but a pipe that somebody makes in a watched folder stops the thread that it does so with, and with
// it the end of the process.

/** The list of games whose change matters although the folder's entries stay the same. */
const GAME_LIST = "gamelist.xml";

/**
 * A text that changes with a folder's entries, its list of games and the card that it lies on;
 * undefined without the folder.
 */
export async function lookAtMediaFolder(folder: string): Promise<string | undefined> {
  try {
    const { isDirectory, dev, ino, mtime } = await Deno.stat(folder);
    if (!isDirectory) return undefined;
    const list = await Deno.stat(`${folder}/${GAME_LIST}`).catch(() => undefined);
    return [dev, ino, mtime?.getTime(), list?.mtime?.getTime(), list?.size].join();
  } catch {
    return undefined;
  }
}
