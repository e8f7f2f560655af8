// SIGUSR1 makes the platform open a debugger on 127.0.0.1:9229, whoever listens for the signal, and
// no option turns that off. A debugger would run anybody's code in this process, so it is closed
// as soon as it is there.

const LOOK_MS = 1;
const MAX_LOOKS = 2000;

/** Closes the debugger that the platform is about to open. */
export async function closeComingDebugger(): Promise<void> {
  // Only now: what it needs costs every start some milliseconds, and few devices get the signal.
  const { default: inspector } = await import("node:inspector");
  let looks = 0;
  const timer = setInterval(() => {
    looks += 1;
    const isOpen = inspector.url() !== undefined;
    if (isOpen) inspector.close();
    if (isOpen || looks >= MAX_LOOKS) clearInterval(timer);
  }, LOOK_MS);
}
