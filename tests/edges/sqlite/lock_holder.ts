// A process that holds the lock of the folder in its first argument until its input ends.

import { takeWriteLock } from "../../../src/edges/sqlite/write_lock.ts";

const [folder = ""] = Deno.args;
const unlock = takeWriteLock(folder);
await Deno.stdout.write(new TextEncoder().encode("held\n"));
await Deno.stdin.read(new Uint8Array(1));
unlock();
