// What the sections measure with: the servers, the load client, and another host.

import {
  addRemoteHost,
  isHostNumberTaken,
  type RemoteHost,
  whyNoRemoteHost,
} from "../support/remote_host.ts";
import type { Comparison } from "./bench_options.ts";
import { endChildren } from "./children.ts";
import { buildDeviceTree } from "./device_tree.ts";
import { buildLoadProgram, type LoadProgram } from "./load/load_driver.ts";
import { otherServer } from "./other_server.ts";
import type { RunningServer, Subject, SubjectStart } from "./subject.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

// Away from the numbers of the system tests; several runs at once take several.
const FIRST_HOST_NUMBER = 80;
const HOST_NUMBERS = 20;

/** The servers, this tree's service first, and what to reach them with. */
export interface BenchWorld {
  /** What is measured. */
  readonly subjects: readonly Subject[];
  /** The load client. */
  readonly load: LoadProgram;
  /** Another host, or why there is none. */
  readonly remote: RemoteHost | { readonly whyNot: string };
  /** How many rounds. */
  readonly rounds: number;
  /** A time or a number of this size, or much less in a quick run. */
  scaled(full: number): number;
  /** How long every sync takes in all sections, in milliseconds. */
  readonly slowFsyncMs?: number;
  /** A folder for files. */
  readonly folder: string;
  /** Takes all of it away. */
  close(): Promise<void>;
}

/** Options of {@linkcode openWorld}. */
export interface WorldOptions {
  rounds: number;
  isQuick: boolean;
  slowFsyncMs?: number;
  comparison?: Comparison;
}

const QUICK_SHARE = 0.2;

/** Builds the servers and the load client, and adds the other host. */
export async function openWorld(options: WorldOptions): Promise<BenchWorld> {
  const { rounds, isQuick, slowFsyncMs, comparison } = options;
  const folder = await Deno.makeTempDir({ prefix: "latchkey_bench_" });
  let host: RemoteHost | undefined;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    closing ??= (async () => {
      await endChildren();
      await host?.remove();
      await Deno.remove(folder, { recursive: true });
    })();
  try {
    const subjects = [
      await buildDeviceTree({ name: "Latchkey", root: ROOT, folder: `${folder}/own` }),
    ];
    if (comparison !== undefined) subjects.push(await compared(comparison, `${folder}/other`));
    const load = await buildLoadProgram(folder);
    const whyNot = await whyNoRemoteHost();
    if (whyNot === undefined) {
      host = await addRemoteHost(await freeHostNumber());
    }
    return {
      subjects,
      load,
      remote: host ?? { whyNot: whyNot ?? "" },
      rounds,
      scaled: (full) => isQuick ? Math.ceil(full * QUICK_SHARE) : full,
      ...(slowFsyncMs === undefined ? {} : { slowFsyncMs }),
      folder,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function freeHostNumber(): Promise<number> {
  for (let number = FIRST_HOST_NUMBER; number < FIRST_HOST_NUMBER + HOST_NUMBERS; number++) {
    if (!await isHostNumberTaken(number)) return number;
  }
  throw new Error("No number is free for another host: `ip netns del` those that are left over");
}

async function compared(comparison: Comparison, folder: string): Promise<Subject> {
  if (comparison.kind === "tree") return await buildDeviceTree({ ...comparison, folder });
  await Deno.mkdir(folder);
  return otherServer(comparison, folder);
}

/** Starts every server as asked; those that cannot be started so are missing. */
export async function startAll(
  world: BenchWorld,
  start: SubjectStart = {},
): Promise<(RunningServer | undefined)[]> {
  const { slowFsyncMs } = world;
  const servers: (RunningServer | undefined)[] = [];
  for (const subject of world.subjects) {
    const server = await subject.start({
      ...(slowFsyncMs === undefined ? {} : { slowFsyncMs }),
      ...start,
    });
    servers.push("whyNot" in server ? undefined : server);
  }
  return servers;
}
