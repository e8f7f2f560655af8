// Which program has the screen to itself: one that draws through DRM, beside which nothing of
// /dev/fb0 is seen. Only root can see into the processes of others.

const CARD = /^\/dev\/dri\/card\d+$/;
// Opens the card for whoever draws, and draws nothing.
const HOLDERS = new Set(["systemd-logind", "seatd"]);

/** The name of a program that has a DRM card open; undefined where none is found. */
export async function findScreenOwner(proc = "/proc"): Promise<string | undefined> {
  for await (const { name: pid } of Deno.readDir(proc)) {
    if (!/^\d+$/.test(pid) || !await hasCard(`${proc}/${pid}/fd`)) continue;
    const name = await Deno.readTextFile(`${proc}/${pid}/comm`).catch(() => "");
    if (name.trim() !== "" && !HOLDERS.has(name.trim())) return name.trim();
  }
  return undefined;
}

async function hasCard(folder: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const target = await Deno.readLink(`${folder}/${name}`).catch(() => "");
      if (CARD.test(target)) return true;
    }
  } catch {
    // It has ended, or is somebody else's.
  }
  return false;
}
