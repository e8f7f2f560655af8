// Numbers of things, as people say them.

/** "1 client", "2 clients". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
