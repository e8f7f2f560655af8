// Which files of a data folder are this program's, by their names. Nothing else in it is touched.

/** The file in a data folder that carries the lock of the process that works on it. */
export const LOCK_FILE = "latchkey.lock";

const OWN_NAME =
  /^(latchkey\.(sqlite|lock)|library\.sqlite|settings\.toml|audit\.anchor)([.-].*)?$/;

/** Whether a file of this name in a data folder is this program's own. */
export function isOwnFile(name: string): boolean {
  return OWN_NAME.test(name);
}
