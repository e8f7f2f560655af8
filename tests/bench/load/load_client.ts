// The load of the bench, a program of its own so that its work is not the server's: takes one JSON
// command per line and answers with one JSON line each. It runs under Node, bundled with npm:ws,
// because Deno's own WebSocket client stalls on some sizes.

import process from "node:process";
import { createInterface } from "node:readline";
import { percentile } from "../statistics.ts";
import type { CallCommand, LoadCommand, LoadResult, SetupCommand } from "./load_command.ts";
import { connectLoad, type LoadSocket } from "./load_socket.ts";

const groups = new Map<string, LoadSocket[]>();

async function handle(command: LoadCommand): Promise<unknown> {
  switch (command.op) {
    case "open": {
      const { group, url, pairings, envelope } = command;
      const sockets = groups.get(group) ?? [];
      groups.set(group, sockets);
      // One after the other: a server may bound what has no session yet.
      for (const pairing of pairings) sockets.push(await connectLoad(url, { pairing, envelope }));
      return { open: sockets.length };
    }
    case "call":
      return await runCalls(command);
    case "setup":
      return await runSetups(command);
    case "count":
      return { open: groups.get(command.group)?.filter(({ isOpen }) => isOpen).length ?? 0 };
    case "close":
      for (const socket of groups.get(command.group) ?? []) socket.close();
      groups.delete(command.group);
      return {};
  }
}

async function runCalls(command: CallCommand): Promise<LoadResult> {
  const { group, forMs, atLeast = 0, inFlight, everyMs } = command;
  const sockets = groups.get(group) ?? [];
  const times: number[] = [];
  const startedAtMs = performance.now();
  const isOver = (): boolean => performance.now() - startedAtMs >= forMs && times.length >= atLeast;
  await Promise.all(sockets.map((socket) =>
    new Promise<void>((resolve, reject) => {
      let waiting = inFlight;
      const next = (): void => {
        if (!isOver()) return socket.call();
        waiting -= 1;
        if (waiting === 0) resolve();
      };
      socket.onEnd = (why) => reject(new Error(why));
      socket.onAnswer = (tookMs) => {
        times.push(tookMs);
        if (everyMs === undefined) next();
        else setTimeout(next, everyMs);
      };
      for (let i = 0; i < inFlight; i++) socket.call();
    })
  ));
  for (const socket of sockets) socket.onEnd = () => {};
  return summarise(times, performance.now() - startedAtMs);
}

async function runSetups(command: SetupCommand): Promise<LoadResult> {
  const { url, pairings, parallel, envelope = "json" } = command;
  const { count = Infinity, forMs = Infinity } = command;
  const times: number[] = [];
  const startedAtMs = performance.now();
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count && performance.now() - startedAtMs < forMs) {
      const pairing = pairings[begun % pairings.length];
      if (pairing === undefined) throw new Error("Set-ups need a pairing");
      begun += 1;
      const setupAtMs = performance.now();
      const socket = await connectLoad(url, { pairing, envelope });
      times.push(performance.now() - setupAtMs);
      socket.close();
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return summarise(times, performance.now() - startedAtMs);
}

function summarise(times: readonly number[], wholeMs: number): LoadResult {
  return {
    count: times.length,
    seconds: wholeMs / 1000,
    p99Ms: percentile(times, 99),
    worstMs: percentile(times, 100),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await handle(JSON.parse(line))
    .then((result) => ({ result }), (error: unknown) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
// What is still connected must not keep the program alive.
process.exit(0);
