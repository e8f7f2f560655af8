// `latchkey demo`: the main job in one terminal. A service on a free port with a throwaway folder,
// a real client that pairs with the shown PIN, and an encrypted call; then all of it is gone again.

import { silentLogger } from "../../../base/log.ts";
import { connect, pair } from "../../../sdk/connect.ts";
import { type Config, parseConfig } from "../../config/config.ts";
import { pinText } from "../../../features/screen/big_digits.ts";
import type { PinDisplay } from "../../../features/screen/pin_display.ts";
import { type Command, type CommandContext, EXIT_CODES, parseArguments } from "../command.ts";
import { baseUrlOf } from "../configuration.ts";
import { callService } from "../service_call.ts";

const CLIENT_NAME = "Demo phone";

export const demoCommand: Command = {
  name: "demo",
  summary: "Pair a real client with a throwaway service and print the transcript",
  usage: `Usage: latchkey demo

Starts a service on a free port in a temporary folder, pairs a client with it, sends one
encrypted request, and cleans up.`,
  options: [],
  async run(args, context): Promise<number> {
    parseArguments(args, demoCommand);
    const dataDir = await Deno.makeTempDir({ prefix: "latchkey_demo_" });
    try {
      await play(demoConfig(dataDir), context);
      return EXIT_CODES.done;
    } finally {
      await Deno.remove(dataDir, { recursive: true });
    }
  },
};

async function play(config: Config, context: CommandContext): Promise<void> {
  const say = (who: string, text: string): void => context.write(`${who.padEnd(7)} ${text}\n`);
  const shown = Promise.withResolvers<string>();
  const display: PinDisplay = {
    show: ({ pin }) => shown.resolve(pin),
    warn: () => {},
    clear: (outcome) => say("device", `pairing ended: ${outcome.kind}`),
    close: () => {},
  };
  const service = await context.startService({ config, log: () => silentLogger, display });
  try {
    const baseUrl = baseUrlOf("127.0.0.1", service.port);
    say("device", `listens on ${baseUrl}`);
    await callService(baseUrl, { method: "clients.pair.start" });
    const pin = await shown.promise;
    say("device", "shows a PIN:");
    context.write(pinText(pin, context.columns()));

    say("phone", `types ${pin}; the PIN itself never travels`);
    const credentials = await pair({ baseUrl, pin, name: CLIENT_NAME });
    say("phone", `paired as client ${credentials.clientId}`);

    const url = `${baseUrl.replace("http", "ws")}/api/v0.1`;
    const connection = await connect({ url, credentials });
    say("phone", `connected to ${url}, every frame AES-256-GCM`);
    say("phone", "calls version");
    say("device", `answers ${JSON.stringify(await connection.call("version"))}`);
    connection.close();
    await connection.closed;
  } finally {
    await service.stop();
    say("device", "stopped, its folder is removed");
  }
}

function demoConfig(dataDir: string): Config {
  const text = `[service]\nlisten = "127.0.0.1:0"\ndata_dir = ${JSON.stringify(dataDir)}\n`;
  return parseConfig(text, { file: "demo", env: { isRoot: false } });
}
