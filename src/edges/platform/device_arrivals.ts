// Input devices that come later, such as a pad that wakes up. The running service may open no device
// any more, so a small shell, started while it may, looks for new ones and passes on what they tell
// through pipes in a folder of ours.

import type { Logger } from "../../base/log.ts";
import { asError } from "../../base/app_error.ts";

/** How often the folder of the devices is looked at, in seconds. */
export const LOOK_EVERY_S = 2;

// $1 the devices' folder, $2 the folder for pipes, $3 those that are read already, $4 the pause. A
// device is new while it has no pipe; one that is read already is new again when it was gone, which
// its inode tells. One line is written for each device that is open. By then another one may have
// come under the name that was listed: the inode of what was opened tells, and whatever came is
// listed next time. Two readers of one device would each take it for another.
const SCRIPT = `
cd "$1" || exit 0
trap 'trap - TERM; kill 0' TERM EXIT
known=" $3 "
list() { ls -Ldi "$@" 2>/dev/null | tr -s ' ' ':' | sed 's/^://'; }
while kill -0 "$PPID" 2>/dev/null; do
  kept=" "
  for entry in $(list event*); do
    case $known in *" $entry "*) kept="$kept$entry "; continue ;; esac
    pipe="$2/$entry"
    [ -e "$pipe" ] && continue
    mkfifo -m 600 "$pipe" || continue
    ({
      opened=$(list /proc/self/fd/3)
      [ "\${opened%%:*}" = "\${entry%%:*}" ] && echo "$entry" && cat <&3 >"$pipe"
    } 3<"\${entry#*:}" 2>/dev/null; rm -f "$pipe") &
  done
  known=$kept
  sleep "$4" & wait $!
done
`;

/** Options of {@linkcode watchArrivals}. */
export interface ArrivalsOptions {
  /** The folder of the input devices. */
  folder: string;
  /** The names in it that are read already. */
  known: readonly string[];
  /** Takes a new device's events; ends with the device. */
  onDevice: (file: Deno.FsFile, name: string) => void;
  log: Logger;
  /** @default {LOOK_EVERY_S} */
  lookEveryS?: number;
}

/** Watches for new devices until the result is called; resolves when nothing of it is left. */
export function watchArrivals(options: ArrivalsOptions): () => Promise<void> {
  const { folder, known, onDevice, log, lookEveryS = LOOK_EVERY_S } = options;
  const pipes = Deno.makeTempDirSync({ prefix: "latchkey_input_" });
  let child: Deno.ChildProcess;
  try {
    const entries = known.map((name) => `${Deno.statSync(`${folder}/${name}`).ino}:${name}`);
    child = new Deno.Command("/bin/sh", {
      args: ["-c", SCRIPT, "sh", folder, pipes, entries.join(" "), String(lookEveryS)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin" },
      // A group of its own, which it ends with itself.
      detached: true,
    }).spawn();
  } catch (error) {
    Deno.removeSync(pipes, { recursive: true });
    log.warn("Input devices that come later are not found", { error: asError(error) });
    return () => Promise.resolve();
  }
  let isClosed = false;
  const read = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) await open(line);
    }
  })();

  async function open(entry: string): Promise<void> {
    try {
      const file = await Deno.open(`${pipes}/${entry}`, { read: true });
      if (isClosed) file.close();
      else onDevice(file, entry.slice(entry.indexOf(":") + 1));
    } catch (error) {
      log.warn("Buttons cannot be read", { device: entry, error: asError(error) });
    }
  }

  return async () => {
    if (isClosed) return;
    isClosed = true;
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await read;
    await Deno.remove(pipes, { recursive: true });
  };
}
