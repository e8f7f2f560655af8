// `latchkey pair`: opens pairing on the running service, shows the PIN large with a countdown, and
// waits until somebody paired or nobody can any more.

import { asJsonObject } from "../base/json.ts";
import { type Connection, connectPlain } from "../client/client.ts";
import { pinText } from "../display/big_digits.ts";
import { safeText } from "../display/safe_text.ts";
import { describeOutcome } from "../display/terminal.ts";
import { type Command, CommandError, EXIT_CODES, parseArguments, UsageError } from "./command.ts";
import { loadConfig, localBaseUrl } from "./configuration.ts";

const CLEAR_WIDTH = 48;
const COUNTDOWN_STEP_MS = 1000;

interface PairingEnd {
  readonly exitCode: number;
  readonly message: string;
  readonly clientId?: string;
}

type NotificationHandler = (method: string, params: unknown) => void;

/** The command. */
export const pairCommand: Command = {
  name: "pair",
  summary: "Show a PIN and wait until a phone or an app has paired",
  usage: `Usage: latchkey pair [--role admin|member] [--name NAME] [--config FILE]

Shows a PIN for the person who pairs. --role is what the new client may do
(the first client is always an admin, later ones members); --name is the name it is
listed under instead of the one it gives itself. Ctrl+C cancels the PIN.`,
  async run(args, context): Promise<number> {
    const { options, positionals } = parseArguments(args, ["role", "name", "config"]);
    if (positionals.length > 0) throw new UsageError("pair takes no arguments");
    const { role, name } = options;
    if (role !== undefined && role !== "admin" && role !== "member") {
      throw new UsageError("--role: expected admin or member");
    }
    const baseUrl = localBaseUrl(loadConfig(options["config"]));
    const ended = Promise.withResolvers<PairingEnd>();
    const connection = await connectLocal(baseUrl, (method, params) => {
      switch (method) {
        case "clients.paired":
          return ended.resolve(paired(params));
        case "clients.pair.ended":
          return ended.resolve(notPaired(params));
        case "clients.pair.failed":
          return context.write(`\r  ${describeFailure(params)}\n`);
      }
    });
    void connection.closed.then(() =>
      ended.resolve({ exitCode: EXIT_CODES.failed, message: "The service has stopped" })
    );
    const interrupted = (): void => void cancelAndEnd(connection, ended.resolve);
    Deno.addSignalListener("SIGINT", interrupted);
    try {
      const shown = await openPairing(connection, role);
      context.write(pinText(shown.pin, context.columns()));
      const stopCountdown = countDown(shown.expiresAt, context.write);
      const end = await ended.promise.finally(stopCountdown);
      if (end.clientId !== undefined && name !== undefined) {
        await rename(connection, { clientId: end.clientId, clientName: name });
      }
      context.write(`\r  ${end.message.padEnd(CLEAR_WIDTH)}\n`);
      return end.exitCode;
    } finally {
      Deno.removeSignalListener("SIGINT", interrupted);
      connection.close();
    }
  },
};

async function connectLocal(
  baseUrl: string,
  onNotification: NotificationHandler,
): Promise<Connection> {
  try {
    return await connectPlain({ url: `${baseUrl.replace("http", "ws")}/api/v0.1`, onNotification });
  } catch (error) {
    throw new CommandError(
      `Cannot reach the service at ${baseUrl}: is it running? Start it with: latchkey serve`,
      { cause: error },
    );
  }
}

// A PIN may be valid already: opened with the device's buttons, say, on a screen that failed.
async function openPairing(
  connection: Connection,
  role: string | undefined,
): Promise<{ pin: string; expiresAt: number }> {
  const current = await connection.call("clients.pair.current");
  const opened = asJsonObject(current ?? await start(connection, role));
  const pin = opened?.["pin"];
  const expiresAt = opened?.["expiresAt"];
  if (typeof pin !== "string" || typeof expiresAt !== "number") {
    throw new CommandError("Cannot understand the service: is it latchkey that runs there?");
  }
  return { pin, expiresAt };
}

async function start(connection: Connection, role: string | undefined): Promise<unknown> {
  try {
    return await connection.call("clients.pair.start", role === undefined ? {} : { role });
  } catch (error) {
    throw new CommandError(`Refused: ${messageOf(error)}`, { cause: error });
  }
}

async function rename(
  connection: Connection,
  params: { clientId: string; clientName: string },
): Promise<void> {
  try {
    await connection.call("clients.update", params);
  } catch (error) {
    throw new CommandError(`Paired, but cannot set the name: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function cancelAndEnd(
  connection: Connection,
  end: (result: PairingEnd) => void,
): Promise<void> {
  try {
    await connection.call("clients.pair.cancel");
  } catch {
    // The service is gone, and the PIN with it.
  }
  end({ exitCode: EXIT_CODES.failed, message: describeOutcome({ kind: "cancelled" }) });
}

function countDown(expiresAtS: number, write: (text: string) => void): () => void {
  const tick = (): void => {
    const leftS = Math.max(0, Math.round(expiresAtS - Date.now() / 1000));
    const minutes = Math.floor(leftS / 60);
    const seconds = String(leftS % 60).padStart(2, "0");
    write(`\r  Waiting for the phone, ${minutes}:${seconds} left`);
  };
  tick();
  const timer = setInterval(tick, COUNTDOWN_STEP_MS);
  return () => clearInterval(timer);
}

function paired(params: unknown): PairingEnd {
  const client = asJsonObject(params) ?? {};
  const clientName = String(client["clientName"]);
  return {
    exitCode: EXIT_CODES.done,
    message: describeOutcome({ kind: "paired", clientName }),
    clientId: String(client["clientId"]),
  };
}

function notPaired(params: unknown): PairingEnd {
  const kind = asJsonObject(params)?.["outcome"];
  const isKnown = kind === "expired" || kind === "cancelled" || kind === "too_many_failures";
  const message = describeOutcome({ kind: isKnown ? kind : "stopped" });
  return { exitCode: EXIT_CODES.failed, message };
}

function describeFailure(params: unknown): string {
  const { failures, limit } = asJsonObject(params) ?? {};
  return `Wrong PIN entered: ${Number(failures)} of ${Number(limit)}`.padEnd(CLEAR_WIDTH);
}

function messageOf(error: unknown): string {
  return safeText(error instanceof Error ? error.message : String(error), 200);
}
