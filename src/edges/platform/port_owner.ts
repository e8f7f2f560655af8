// Which program has a port of this machine. Whoever shows a PIN through a port must know that the
// program behind it is the one that it is taken for; and the running service may not look into /proc
// any more, so a small shell, started while it may, does it for it.

/** How long an answer may take, in milliseconds. */
export const OWNER_LIMIT_MS = 3000;

// Reads "tcp 1234" or "udp 55355", and writes the programs of all sockets that take what is sent there,
// each with "|" behind it; nothing where there is none, or where one cannot be told.
const SCRIPT = `
while read -r kind port; do
  hex=$(printf ':%04X' "$port")
  owners=
  for inode in $(awk -v port="$hex" 'substr($2, length($2) - 4) == port && ($4 == "0A" || $4 == "07") { print $10 }' "/proc/net/$kind"); do
    pid=$(ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v socket="socket:[$inode]" '/^\\/proc\\// { split($0, at, "/") } $NF == socket { print at[3]; exit }')
    program=$(readlink "/proc/\${pid:-none}/exe" 2>/dev/null) || program=?
    owners="$owners\${program##*/}|"
  done
  echo "$owners"
done
`;

/** Tells who has ports. */
export interface PortOwners {
  /** Whether every socket of a port belongs to a program whose name begins with one of these. */
  isOwnedBy(
    port: { kind: "tcp" | "udp"; number: number },
    names: readonly string[],
  ): Promise<boolean>;
  /** Ends the shell; resolves when it has. */
  close(): Promise<void>;
}

/** Starts to tell; throws where there is no shell. */
export function openPortOwners(): PortOwners {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", SCRIPT],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
  }).spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let last: Promise<unknown> = Promise.resolve();

  async function ask(question: string): Promise<string[]> {
    await writer.write(new TextEncoder().encode(`${question}\n`));
    let text = "";
    while (!text.endsWith("\n")) {
      const { done, value = "" } = await reader.read();
      if (done) return [];
      text += value;
    }
    return text.trim().split("|").filter((name) => name !== "");
  }

  return {
    async isOwnedBy({ kind, number }, names): Promise<boolean> {
      const answer = last.then(() => ask(`${kind} ${number}`));
      last = answer.catch(() => {});
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<string[]>((resolve) => {
        timer = setTimeout(() => resolve([]), OWNER_LIMIT_MS);
      });
      try {
        const owners = await Promise.race([answer, late]);
        return areAllNamed(owners, names);
      } catch {
        return false;
      } finally {
        clearTimeout(timer);
      }
    },
    async close(): Promise<void> {
      // At the end of its input it ends.
      await writer.close().catch(() => {});
      await reader.cancel().catch(() => {});
      await child.status;
    },
  };
}

/** Whether there are owners, and the name of each begins with one of these. */
export function areAllNamed(owners: readonly string[], names: readonly string[]): boolean {
  return owners.length > 0 &&
    owners.every((owner) => names.some((name) => owner.startsWith(name)));
}
