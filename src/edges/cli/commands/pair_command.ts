// `latchkey pair`: opens pairing on the running service, shows the PIN large with a countdown, and
// waits until somebody paired or nobody can any more.

import { asJsonObject, type JsonObject } from "../../../base/json.ts";
import { silentLogger } from "../../../base/log.ts";
import { type Connection, connectPlain } from "../../../sdk/connect.ts";
import { isRole, type Role, ROLES } from "../../../features/access/client.ts";
import { pinText } from "../../../features/screen/big_digits.ts";
import { codeOfButton } from "../../../features/screen/button_names.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import { describeOutcome, guessTexts } from "../../../features/screen/pin_words.ts";
import { type Command, CommandError, EXIT_CODES, parseArguments, UsageError } from "../command.ts";
import { checkClientName } from "../client_name.ts";
import { loadConfig, localBaseUrl } from "../configuration.ts";

const CLEAR_WIDTH = 48;
// "  Waiting for the phone, 4:59 left" and the cursor behind it.
const COUNTDOWN_WIDTH = 35;
const COUNTDOWN_STEP_MS = 1000;
// Ctrl+C; a closed terminal; whoever ends the command.
const CANCEL_SIGNALS = ["SIGINT", "SIGHUP", "SIGTERM"] as const;

// What gamepads call B, by its place, and Select.
const CANCEL_BUTTONS = ["BTN_EAST", "BTN_SELECT"].map(codeOfButton);
const CANCEL_HINT = "B or Select on the gamepad cancels";

const ROLE_WORDS: Readonly<Record<Role, string>> = { admin: "an admin", member: "a member" };

interface PairingEnd {
  readonly exitCode: number;
  readonly message: string;
  readonly clientId?: string;
}

type NotificationHandler = (method: string, params: unknown) => void;

export const pairCommand: Command = {
  name: "pair",
  summary: "Show a PIN and wait until a phone or an app has paired",
  usage: `Usage: latchkey pair [--role admin|member] [--name NAME] [--pad] [--json] [--config FILE]

Shows a PIN for the person who pairs. --role is what the new client may do (the first client is
always an admin, later ones members); --name is the name it is listed under instead of the one it
gives itself. A PIN that is already valid is shown; with --role of another role it is cancelled and
a new one drawn. Where too many wrong guesses have closed pairing, this opens it again. Ctrl+C or
closing the terminal cancels the PIN; with --pad B or Select of a gamepad does too, for menus of
handhelds without a keyboard. --json writes what happens as an object a line:
{"event": "pin" | "wrong_guess" | "ended", ...}.`,
  options: ["role", "name", "config"],
  flags: ["json", "pad"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, pairCommand);
    if (positionals.length > 0) throw new UsageError("pair takes no arguments");
    const { role, name } = options;
    if (role !== undefined && !isRole(role)) {
      throw new UsageError(`--role: expected ${ROLES.join(" or ")}`);
    }
    // Once somebody has paired it is too late to say so.
    if (name !== undefined) checkClientName("--name", name);
    const config = loadConfig(options["config"]);
    const baseUrl = localBaseUrl(config);
    // What stands in the line is the countdown, where there is one.
    const columns = context.columns() ?? 0;
    const isOverwriting = columns >= COUNTDOWN_WIDTH;
    const [lineStart, clearWidth] = isOverwriting
      ? ["\r  ", Math.min(CLEAR_WIDTH, columns - 3)]
      : ["  ", 0];
    const ended = Promise.withResolvers<PairingEnd>();
    let isReplacing = false;
    const connection = await connectLocal(baseUrl, (method, params) => {
      switch (method) {
        case "clients.paired":
          return ended.resolve(paired(params));
        case "clients.pair.ended":
          if (!isReplacing) ended.resolve(notPaired(params));
          return;
        case "clients.pair.failed":
          return tell(
            { event: "wrong_guess", ...asJsonObject(params) },
            () => `${lineStart}${describeFailure(params)}\n`,
          );
      }
    });
    void connection.closed.then(() =>
      ended.resolve({ exitCode: EXIT_CODES.failed, message: "The service has stopped" })
    );
    const interrupted = (): void => void cancelAndEnd(connection, ended.resolve);
    // A terminal that takes no text is closed: nobody sees the PIN, whether a signal comes or not.
    const write = (text: string): void => {
      try {
        context.write(text);
      } catch {
        interrupted();
      }
    };
    const tell = (event: JsonObject, describe: () => string): void =>
      write(flags["json"] ? `${JSON.stringify(event)}\n` : describe());
    for (const signal of CANCEL_SIGNALS) Deno.addSignalListener(signal, interrupted);
    const pad = flags["pad"]
      ? await context.openInputDevices({
        folder: config.buttons.folder,
        listen: () => ({
          take: (event) => {
            if (event.kind === "pressed" && CANCEL_BUTTONS.includes(event.code)) interrupted();
          },
          close: () => {},
        }),
        log: silentLogger,
      })
      : undefined;
    try {
      const shown = await openPairing(connection, {
        role,
        replacing: (isOn) => {
          isReplacing = isOn;
        },
      });
      const { pin, expiresAt } = shown;
      tell(
        { event: "pin", pin, expiresAt, role: shown.role },
        () =>
          `${context.paint("strong", pinText(pin, context.columns()))}  ${
            describeRole(shown, role)
          }\n${pad === undefined ? "" : `  ${CANCEL_HINT}\n`}`,
      );
      const stopCountdown = flags["json"]
        ? () => {}
        : countDown(expiresAt, { write, isOverwriting });
      const end = await ended.promise.finally(stopCountdown);
      if (end.clientId !== undefined && name !== undefined) {
        await rename(connection, { clientId: end.clientId, clientName: name });
      }
      const { message, clientId = null } = end;
      tell(
        { event: "ended", paired: end.exitCode === EXIT_CODES.done, message, clientId },
        () =>
          `${lineStart}${
            context.paint(clientId === null ? "warning" : "good", message.padEnd(clearWidth))
          }\n`,
      );
      return end.exitCode;
    } finally {
      for (const signal of CANCEL_SIGNALS) Deno.removeSignalListener(signal, interrupted);
      await pad?.close();
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

interface OpenPin {
  readonly pin: string;
  readonly expiresAt: number;
  readonly role: Role;
  /** What to tell beside the PIN. */
  readonly note: string;
}

// A PIN may be valid already: opened with the device's buttons, say, on a screen that failed. One
// for another role than the asked one must not be shown as if it were for that.
async function openPairing(
  connection: Connection,
  options: { role: Role | undefined; replacing: (isOn: boolean) => void },
): Promise<OpenPin> {
  const { role, replacing } = options;
  const current = await connection.call("clients.pair.current");
  if (current === null) return openPinOf(await start(connection, role), "");
  const shown = openPinOf(current, "It was valid already. ");
  if (role === undefined || shown.role === role) return shown;
  replacing(true);
  await connection.call("clients.pair.cancel");
  replacing(false);
  const note = `The PIN that was valid, for ${ROLE_WORDS[shown.role]}, is cancelled. `;
  return openPinOf(await start(connection, role), note);
}

function openPinOf(result: unknown, note: string): OpenPin {
  const { pin, expiresAt, role } = asJsonObject(result) ?? {};
  if (typeof pin !== "string" || typeof expiresAt !== "number" || !isRole(role)) {
    throw new CommandError("Cannot understand the service: is it latchkey that runs there?");
  }
  return { pin, expiresAt, role, note };
}

function describeRole(shown: OpenPin, asked: Role | undefined): string {
  const isForced = asked !== undefined && asked !== shown.role;
  const why = isForced ? ", as the first client always is" : "";
  return `${shown.note}Who pairs with it will be ${ROLE_WORDS[shown.role]}${why}`;
}

// The person who types the command is at the device, so burned PINs do not stop it.
async function start(connection: Connection, role: Role | undefined): Promise<unknown> {
  const params = role === undefined ? { liftLock: true } : { role, liftLock: true };
  try {
    return await connection.call("clients.pair.start", params);
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

// Each step is written over the one before, which takes a terminal that is wide enough; elsewhere one
// line says it once.
function countDown(
  expiresAtS: number,
  { write, isOverwriting }: { write: (text: string) => void; isOverwriting: boolean },
): () => void {
  const leftText = (): string => {
    const leftS = Math.max(0, Math.round(expiresAtS - Date.now() / 1000));
    const minutes = Math.floor(leftS / 60);
    const seconds = String(leftS % 60).padStart(2, "0");
    return `Waiting for the phone, ${minutes}:${seconds} left`;
  };
  if (!isOverwriting) {
    write(`  ${leftText()}\n`);
    return () => {};
  }
  const tick = (): void => write(`\r  ${leftText()}`);
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
  const ended = asJsonObject(params);
  const kind = ended?.["outcome"];
  const message = kind === "too_many_failures"
    ? describeOutcome({ kind, from: textsOf(ended?.["from"]) })
    : describeOutcome({ kind: kind === "expired" || kind === "cancelled" ? kind : "stopped" });
  return { exitCode: EXIT_CODES.failed, message };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function describeFailure(params: unknown): string {
  const { failures, limit, from } = asJsonObject(params) ?? {};
  const guess = { failures: Number(failures), limit: Number(limit), from: String(from) };
  return guessTexts(guess)[0].padEnd(CLEAR_WIDTH);
}

function messageOf(error: unknown): string {
  return safeText(error instanceof Error ? error.message : String(error), 200);
}
