// Which files of a data folder are this program's, by their names. Nothing else in it is touched.

const OWN_NAME = /^(latchkey\.(sqlite|lock)|settings\.toml|audit\.anchor)([.-].*)?$/;

/** Whether a file of this name in a data folder is this program's own. */
export function isOwnFile(name: string): boolean {
  return OWN_NAME.test(name);
}
