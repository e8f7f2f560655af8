// A second host for system tests: a network namespace of the test's own, joined to this one by a
// pair of virtual interfaces. Needs root and iproute2.

import type { AgentCommand } from "./remote_agent.ts";

const LINK = "lktest";

/** A host beside this one. */
export interface RemoteHost {
  /** Its network namespace. */
  readonly namespace: string;
  /** This host's IPv4 address on the link. */
  readonly deviceAddress: string;
  /** This host's IPv6 address on the link. */
  readonly deviceAddress6: string;
  /** The other host's IPv4 address. */
  readonly address: string;
  /** What a program on the other host printed. */
  run(program: string, ...args: readonly string[]): Promise<{ code: number; stdout: string }>;
  /** Does something there; the result is of the command's kind. */
  ask<Result>(command: AgentCommand): Promise<Result>;
  /** Takes the host away. */
  remove(): Promise<void>;
}

/** Why there can be no remote host here; undefined where there can. */
export async function whyNoRemoteHost(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root";
  try {
    await new Deno.Command("ip", { args: ["-V"], stdout: "null", stderr: "null" }).output();
    return undefined;
  } catch {
    return "needs iproute2";
  }
}

/** Whether there is a host of this number now, of whichever process. */
export async function isHostNumberTaken(number: number): Promise<boolean> {
  const names = await Array.fromAsync(Deno.readDir("/sys/class/net"), ({ name }) => name);
  return names.includes(`${LINK}${number}a`);
}

/** Adds a host; several at once have different numbers, 0 to 99. */
export async function addRemoteHost(number: number): Promise<RemoteHost> {
  const namespace = `${LINK}${number}`;
  const [inside, outside] = [`${LINK}${number}a`, `${LINK}${number}b`];
  const network = `10.213.${number}`;
  const network6 = `fd21:3000:${number.toString(16)}`;
  await quietly("ip", "netns", "del", namespace);
  await must("ip", "netns", "add", namespace);
  await must("ip", "link", "add", inside, "type", "veth", "peer", "name", outside);
  await must("ip", "link", "set", outside, "netns", namespace);
  await must("ip", "addr", "add", `${network}.1/24`, "dev", inside);
  await must("ip", "-6", "addr", "add", `${network6}::1/64`, "dev", inside, "nodad");
  await must("ip", "link", "set", inside, "up");
  const there = ["ip", "netns", "exec", namespace];
  await must(...there, "ip", "addr", "add", `${network}.2/24`, "dev", outside);
  await must(...there, "ip", "-6", "addr", "add", `${network6}::2/64`, "dev", outside, "nodad");
  await must(...there, "ip", "link", "set", outside, "up");
  await must(...there, "ip", "link", "set", "lo", "up");
  const agent = startAgent(namespace);
  return {
    namespace,
    deviceAddress: `${network}.1`,
    deviceAddress6: `${network6}::1`,
    address: `${network}.2`,
    async run(
      program: string,
      ...args: readonly string[]
    ): Promise<{ code: number; stdout: string }> {
      const { code, stdout } = await new Deno.Command("ip", {
        args: ["netns", "exec", namespace, program, ...args],
      }).output();
      return { code, stdout: new TextDecoder().decode(stdout) };
    },
    ask: (command) => agent.ask(command),
    async remove(): Promise<void> {
      await agent.stop();
      await must("ip", "netns", "del", namespace);
      await quietly("ip", "link", "del", inside);
    },
  };
}

interface Agent {
  ask<Result>(command: AgentCommand): Promise<Result>;
  stop(): Promise<void>;
}

function startAgent(namespace: string): Agent {
  const script = new URL("./remote_agent.ts", import.meta.url).pathname;
  const child = new Deno.Command("ip", {
    args: ["netns", "exec", namespace, Deno.execPath(), "run", "-A", script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let nextId = 1;
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { id, result, error } = JSON.parse(line);
        const waiter = waiting.get(id);
        waiting.delete(id);
        if (error === undefined) waiter?.resolve(result);
        else waiter?.reject(new Error(error));
      }
    }
  })();
  return {
    async ask<Result>(command: AgentCommand): Promise<Result> {
      const id = nextId++;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      await writer.write(new TextEncoder().encode(`${JSON.stringify({ id, command })}\n`));
      return await answer.promise as Result;
    },
    async stop(): Promise<void> {
      await writer.close();
      await reading;
      await child.status;
    },
  };
}

async function must(...command: readonly string[]): Promise<void> {
  const [program = "", ...args] = command;
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

async function quietly(...command: readonly string[]): Promise<void> {
  const [program = "", ...args] = command;
  await new Deno.Command(program, { args }).output();
}
