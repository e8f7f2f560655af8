// The processes that the bench has started and that have not ended: what is left is ended with it.

const living = new Set<Deno.ChildProcess>();
let isEnding = false;

/** Starts a process that {@linkcode endChildren} ends where nobody else has; throws after that. */
export function spawnChild(command: Deno.Command): Deno.ChildProcess {
  if (isEnding) throw new Error("The bench is ending");
  const child = command.spawn();
  living.add(child);
  void child.status.then(() => living.delete(child));
  return child;
}

/** Ends all that are left and waits for them; none starts afterwards. */
export async function endChildren(): Promise<void> {
  isEnding = true;
  const left = [...living];
  for (const child of left) child.kill("SIGKILL");
  await Promise.all(left.map((child) => child.status));
}
