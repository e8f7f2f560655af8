// The service of a source tree as a device runs it: the image that the tree builds, unpacked, its
// launcher and its program as they are, with this machine's Deno in the place of the device's.

import { freePort } from "../support/free_port.ts";
import { callLocal } from "../support/service_process.ts";
import { buildSlowCard } from "../support/slow_card.ts";
import { spawnChild } from "./children.ts";
import {
  FIRST_REST_MS,
  type RunningServer,
  type Subject,
  type SubjectStart,
  untilReady,
} from "./subject.ts";

const DENO = "usr/lib/latchkey/deno";
const LAUNCHER = "usr/bin/latchkey";

/** Options of {@linkcode buildDeviceTree}. */
export interface DeviceTreeOptions {
  /** What its column is called. */
  name: string;
  /** The tree. */
  root: string;
  /** A folder of its own for what is built and what the service keeps. */
  folder: string;
}

/** Builds the image of a tree, which takes some seconds. */
export async function buildDeviceTree(options: DeviceTreeOptions): Promise<Subject> {
  const { name, root, folder } = options;
  await Deno.mkdir(folder, { recursive: true });
  const dist = `${folder}/dist`;
  await run(
    Deno.execPath(),
    ["run", "-A", "packaging/build/image.ts", dist],
    { cwd: root, env: environmentWithout("DENORT_BIN"), clearEnv: true },
  );
  const files = await Array.fromAsync(Deno.readDir(dist));
  const archive = files.find(({ name }) => name.endsWith(".tar.gz"))?.name;
  if (archive === undefined) throw new Error(`${root} has built no image`);
  const overlays = { plain: `${folder}/plain`, watched: `${folder}/watched` };
  for (const overlay of Object.values(overlays)) {
    await Deno.mkdir(overlay);
    await run("tar", ["-xzf", `${dist}/${archive}`, "-C", overlay, `--exclude=${DENO}`]);
  }
  await Deno.symlink(Deno.execPath(), `${overlays.plain}/${DENO}`);
  await writeWatchedDeno(`${overlays.watched}/${DENO}`);
  const slowCard = `${folder}/card`;
  await Deno.mkdir(slowCard);
  let starts = 0;
  let state = `${folder}/state0`;
  // What runs later finds its compiled code.
  const env = { BENCH_DELAY_FILE: `${folder}/delays` };
  await Promise.all([
    startAlone({ overlay: overlays.plain, state, env }),
    startAlone({ overlay: overlays.watched, state: `${folder}/watched_state`, env }),
  ]);
  return {
    name,
    async start(start: SubjectStart = {}): Promise<RunningServer> {
      const { isFirst = false, slowFsyncMs, delayFile } = start;
      starts += 1;
      if (isFirst) state = `${folder}/state${starts}`;
      const isWatched = delayFile !== undefined;
      const overlay = isWatched ? overlays.watched : overlays.plain;
      const card = slowFsyncMs === undefined
        ? {}
        : (await buildSlowCard(slowCard)).env({ delayMs: slowFsyncMs });
      const delays = delayFile === undefined ? {} : { BENCH_DELAY_FILE: delayFile };
      return await startImage({
        overlay,
        state: isWatched ? `${folder}/watched_state` : state,
        env: { ...card, ...delays },
      });
    },
  };
}

// The same Deno with the watch of the event loop before the program.
async function writeWatchedDeno(file: string): Promise<void> {
  const watch = new URL("delay_watch.ts", import.meta.url).pathname;
  const script = `#!/bin/sh\nshift\nexec "${Deno.execPath()}" run --preload="${watch}" "$@"\n`;
  await Deno.writeTextFile(file, script, { mode: 0o755 });
}

async function startAlone(image: Parameters<typeof startImage>[0]): Promise<void> {
  const server = await startImage(image);
  await new Promise((resolve) => setTimeout(resolve, FIRST_REST_MS));
  await server.stop();
}

async function startImage(
  options: { overlay: string; state: string; env: Record<string, string> },
): Promise<RunningServer> {
  const { overlay, state, env } = options;
  const port = freePort();
  await Deno.mkdir(state, { recursive: true });
  await Deno.writeTextFile(
    `${state}/config.toml`,
    [
      "[service]",
      `listen = "[::]:${port}"`,
      `data_dir = "${state}/data"`,
      "encryption = true",
      "[limits]",
      "sessions_per_client = 128",
      "[discovery]",
      "enabled = false",
      "",
    ].join("\n"),
  );
  const startedAtMs = performance.now();
  // Its log goes to a file, as a device's goes to its journal.
  const command = new Deno.Command("sh", {
    args: ["-c", 'exec "$0" serve --config "$1/config.toml" >>"$1/log" 2>&1', ...[
      `${overlay}/${LAUNCHER}`,
      state,
    ]],
    env: { ...env, DENO_DIR: `${state}/cache` },
    stdin: "null",
  });
  const child = spawnChild(command);
  try {
    const { pid, startMs } = await untilReady(port, startedAtMs);
    return {
      port,
      pid,
      paired: [],
      startMs,
      openPin: () => openPin(`http://127.0.0.1:${port}`),
      async stop(): Promise<void> {
        Deno.kill(pid, "SIGTERM");
        await child.status;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    await child.status;
    throw new Error(`${overlay}: ${await Deno.readTextFile(`${state}/log`)}`, { cause: error });
  }
}

/** Opens pairing at a server whose owner this machine is; a PIN that is pending is given up. */
export async function openPin(baseUrl: string): Promise<string> {
  const start = async (): Promise<string> => {
    const { pin } = await callLocal(baseUrl, "clients.pair.start") as { pin: string };
    return pin;
  };
  try {
    return await start();
  } catch {
    await callLocal(baseUrl, "clients.pair.cancel");
    return await start();
  }
}

async function run(
  program: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "clearEnv"> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...options,
    stdout: "null",
  }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
}

// With a runtime at hand the image has one compiled binary for a processor that is not this one.
function environmentWithout(name: string): Record<string, string> {
  const { [name]: _, ...rest } = Deno.env.toObject();
  return rest;
}
