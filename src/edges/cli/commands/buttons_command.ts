// `latchkey buttons`: prints the names of buttons while somebody presses them, for [buttons].

import { silentLogger } from "../../../base/log.ts";
import { nameOfButton } from "../../../features/screen/button_names.ts";
import { type Command, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { loadConfig } from "../configuration.ts";

const END_SIGNALS = ["SIGINT", "SIGHUP", "SIGTERM"] as const;

export const buttonsCommand: Command = {
  name: "buttons",
  summary: "Print the names of the device's buttons while they are pressed",
  usage: `Usage: latchkey buttons [--config FILE]

Prints what a pressed button is called in [buttons] of the configuration, and for buttons that are
held together the whole line. Hats and triggers have names too. It needs to read /dev/input: run it
as root or in the group input. Ctrl+C ends it.`,
  options: ["config"],
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, buttonsCommand);
    if (positionals.length > 0) throw new UsageError("buttons takes no arguments");
    const { folder } = loadConfig(options["config"]).buttons;
    const devices = await context.openInputDevices({
      folder,
      listen: (device) => {
        const held = new Set<string>();
        return {
          take: (event): void => {
            if (event.kind === "lost") return held.clear();
            const name = nameOfButton(event.code);
            if (event.kind === "released") return void held.delete(name);
            held.add(name);
            context.write(describePress({ name, device, held: [...held] }));
          },
          close: () => context.write(`${device} is gone\n`),
        };
      },
      log: silentLogger,
    });
    context.write(
      devices.count === 0
        ? `No device in ${folder} can be read so far. Press Ctrl+C to end\n`
        : "Press a button, or hold several together. Ctrl+C ends\n",
    );
    const ended = Promise.withResolvers<void>();
    for (const signal of END_SIGNALS) Deno.addSignalListener(signal, ended.resolve);
    await ended.promise;
    for (const signal of END_SIGNALS) Deno.removeSignalListener(signal, ended.resolve);
    await devices.close();
    return EXIT_CODES.done;
  },
};

function describePress(
  { name, device, held }: { name: string; device: string; held: readonly string[] },
): string {
  const together = held.length > 1
    ? `  pair = [${held.map((one) => JSON.stringify(one)).join(", ")}]`
    : "";
  return `${name.padEnd(20)}  ${device}${together}\n`;
}
