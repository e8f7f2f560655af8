// Which process listens on a TCP port of this machine, from /proc.

const LISTENING = "0A";

/** The process that listens on a port; undefined where none does or it is somebody else's. */
export function listenerPid(port: number): number | undefined {
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => Deno.readTextFileSync(path));
  const sockets = new Set(
    tables.flatMap((text) => listenerInodes(text, port)).map((inode) => `socket:[${inode}]`),
  );
  for (const { name } of Deno.readDirSync("/proc")) {
    if (/^\d+$/.test(name) && holdsOneOf(`/proc/${name}/fd`, sockets)) return Number(name);
  }
  return undefined;
}

/** The inodes of the sockets that listen on a port, in the text of a table of the kernel. */
export function listenerInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").slice(1).flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , state, , , , , , inode] = fields;
    return local.endsWith(suffix) && state === LISTENING && inode !== undefined ? [inode] : [];
  });
}

function holdsOneOf(folder: string, sockets: ReadonlySet<string>): boolean {
  try {
    for (const { name } of Deno.readDirSync(folder)) {
      if (sockets.has(linkTarget(`${folder}/${name}`))) return true;
    }
  } catch {
    // It has ended, or is somebody else's.
  }
  return false;
}

function linkTarget(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}
