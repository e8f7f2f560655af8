// The permission bits of a file or folder (chmod(2)), and what they say about other users.

/** The bits that let anybody but the owner in. */
export const OPEN_TO_OTHERS = 0o077;

/** The bit of a folder that all users share, as /tmp has it. */
export const STICKY = 0o1000;

/** The permissions as chmod takes them, such as "0750". */
export function formatMode(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
