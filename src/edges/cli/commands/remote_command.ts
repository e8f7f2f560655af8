// `latchkey remote`: other devices of this network, from this one's command line. Each has paired with
// this user once, as a phone would.

import { asError } from "../../../base/app_error.ts";
import { ClientError, type Credentials, pair } from "../../../sdk/connect.ts";
import { safeText } from "../../../features/screen/safe_text.ts";
import {
  type Command,
  type CommandContext,
  CommandError,
  EXIT_CODES,
  parseArguments,
  UsageError,
} from "../command.ts";
import { checkClientName } from "../client_name.ts";
import { parseDeviceUrl } from "../device_url.ts";
import {
  openRemoteBook,
  type Remote,
  type RemoteBook,
  remoteNameOf,
  remotesFolder,
  requireRemoteName,
} from "../remote_book.ts";
import { explainClientError, openRemoteSession } from "../remote_session.ts";
import { formatTable, formatTime } from "../table.ts";
import { askForPin, parseTypedPin } from "../typed_pin.ts";

// Ctrl+C; a closed terminal; whoever ends the command.
const END_SIGNALS = ["SIGINT", "SIGHUP", "SIGTERM"] as const;

interface RemoteInput {
  readonly book: RemoteBook;
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly isJson: boolean;
  readonly context: CommandContext;
}

const VERBS: Readonly<Record<string, (input: RemoteInput) => Promise<void>>> = {
  list: listRemotes,
  pair: pairRemote,
  call: callRemote,
  listen: listenRemote,
  forget: forgetRemote,
};

export const remoteCommand: Command = {
  name: "remote",
  summary: "Pair with another device and call it, over encrypted sessions",
  usage: `Usage: latchkey remote [list] [--json]
       latchkey remote pair URL [--name NAME] [--as CLIENT] [--pin PIN]
       latchkey remote call NAME METHOD [PARAMS]
       latchkey remote listen NAME
       latchkey remote forget NAME

Pairs with a device that shows a PIN (latchkey pair there), and talks to it from then on as NAME, by
default its host. URL may be a host alone. The PIN is asked for, or read from standard input, unless
--pin gives it; --as is the name that the device lists this client under. "call" prints the result
of METHOD with PARAMS, a JSON object, as JSON. "listen" writes each notification as an object a
line, connects again whenever the device was away, and ends with Ctrl+C. What opens the sessions
lies in $XDG_STATE_HOME/latchkey-remotes, or ~/.local/state/latchkey-remotes, for this user alone
(0600); "forget" removes it. --json writes {"remotes": [...]}, without secrets.

  latchkey remote pair 192.168.1.5 --name den
  latchkey remote call den media.search '{"query":"zelda"}'`,
  verbs: Object.keys(VERBS),
  options: ["name", "as", "pin"],
  flags: ["json"],
  async run(args, context): Promise<number> {
    const { options, flags, positionals } = parseArguments(args, remoteCommand);
    const [verb = "list", ...operands] = positionals;
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (act === undefined) throw new UsageError(`Expected ${Object.keys(VERBS).join(", ")}`);
    const book = openRemoteBook(remotesFolder(Deno.env));
    await act({ book, operands, options, isJson: flags["json"] === true, context });
    return EXIT_CODES.done;
  },
};

// deno-lint-ignore require-await -- all verbs are asynchronous
async function listRemotes({ book, operands, isJson, context }: RemoteInput): Promise<void> {
  if (operands.length > 0) throw new UsageError("list takes no arguments");
  const remotes = book.list();
  if (isJson) {
    const shown = remotes.map(({ name, url, pairedAt, credentials }) => ({
      name,
      url,
      pairedAt,
      clientId: credentials.clientId,
      clientName: credentials.clientName,
    }));
    context.write(`${JSON.stringify({ remotes: shown })}\n`);
  } else if (remotes.length === 0) {
    context.write("There are no devices. Pair with one: latchkey remote pair URL\n");
  } else {
    const rows = remotes.map(({ name, url, pairedAt, credentials }) => [
      name,
      url,
      formatTime(pairedAt),
      credentials.clientId,
    ]);
    context.write(formatTable([["NAME", "URL", "PAIRED", "CLIENT THERE"], ...rows]));
  }
}

async function pairRemote({ book, operands, options, context }: RemoteInput): Promise<void> {
  const [address, ...others] = operands;
  if (address === undefined || others.length > 0) throw new UsageError("Expected one URL");
  const url = parseDeviceUrl(address);
  const name = options["name"] === undefined
    ? remoteNameOf(url)
    : requireRemoteName(options["name"]);
  const known = book.find(name);
  if (known !== undefined && known.url !== url) {
    throw new CommandError(
      `${name} is ${known.url} already: give this one another --name, or forget that one first`,
    );
  }
  if (options["as"] !== undefined) checkClientName("--as", options["as"]);
  book.prepare();
  const credentials = await pairUntilRight({
    url,
    name,
    pin: options["pin"] === undefined ? undefined : parseTypedPin(options["pin"]),
    clientName: options["as"] ?? `latchkey on ${Deno.hostname()}`,
    context,
  });
  keep(book, { name, url, pairedAt: Math.floor(Date.now() / 1000), credentials });
  context.write(`Paired with ${url} as "${credentials.clientName}". Try:\n`);
  context.write(`  latchkey remote call ${name} version\n`);
}

// Whoever typed a PIN may mistype it once: the device takes two guesses of an address.
async function pairUntilRight(
  options: {
    url: string;
    name: string;
    pin: string | undefined;
    clientName: string;
    context: CommandContext;
  },
): Promise<Credentials> {
  const { url, name, pin, clientName, context } = options;
  for (;;) {
    try {
      const typed = pin ?? askForPin(context.writeError);
      return await pair({ baseUrl: url, pin: typed, name: clientName });
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(`--as: ${error.message}`);
      const mayTypeAgain = pin === undefined && Deno.stdin.isTerminal();
      if (!(error instanceof ClientError) || error.code !== "wrong_pin" || !mayTypeAgain) {
        throw error instanceof ClientError ? explainClientError(error, { name, url }) : error;
      }
      context.writeError("The PIN was wrong. Once more:\n");
    }
  }
}

// The device has the client by now, whether it can be kept here or not.
function keep(book: RemoteBook, remote: Remote): void {
  try {
    book.keep(remote);
  } catch (error) {
    throw new CommandError(
      `${asError(error).message}. The device has the client all the same: ` +
        `remove ${remote.credentials.clientId} there, and pair again`,
      { cause: error },
    );
  }
}

async function callRemote({ book, operands, context }: RemoteInput): Promise<void> {
  const [name, method, paramsText, ...others] = operands;
  if (name === undefined || method === undefined || others.length > 0) {
    throw new UsageError("Expected a NAME, a METHOD and at most one PARAMS");
  }
  const params = paramsText === undefined ? undefined : parseParams(paramsText);
  const remote = requireRemote(book, name);
  try {
    const connection = await openRemoteSession(remote);
    try {
      const result = await connection.call(method, params);
      context.write(`${JSON.stringify(result, null, 2)}\n`);
    } finally {
      connection.close();
    }
  } catch (error) {
    throw explainClientError(error, remote);
  }
}

async function listenRemote({ book, operands, context }: RemoteInput): Promise<void> {
  const [name, ...others] = operands;
  if (name === undefined || others.length > 0) throw new UsageError("Expected one NAME");
  const remote = requireRemote(book, name);
  const end = new AbortController();
  const interrupted = (): void => end.abort();
  const write = (text: string): void => {
    try {
      context.write(text);
    } catch {
      // Nobody reads on.
      interrupted();
    }
  };
  const tellOpen = (): void => context.writeError(`Listening to ${remote.url}\n`);
  for (const signal of END_SIGNALS) Deno.addSignalListener(signal, interrupted);
  try {
    const connection = await openRemoteSession(remote, {
      reconnect: true,
      signal: end.signal,
      onNotification: (method, params) => write(`${JSON.stringify({ method, params })}\n`),
      onReconnected: tellOpen,
      onLost: ({ message }, retryInMs) => {
        const seconds = (retryInMs / 1000).toFixed(1);
        context.writeError(`${safeText(message, 200)}; trying again in ${seconds} s\n`);
      },
    });
    tellOpen();
    const { error, isOwn } = await connection.closed;
    if (!isOwn) throw error;
  } catch (error) {
    if (!end.signal.aborted) throw explainClientError(error, remote);
  } finally {
    for (const signal of END_SIGNALS) Deno.removeSignalListener(signal, interrupted);
  }
}

// deno-lint-ignore require-await -- all verbs are asynchronous
async function forgetRemote({ book, operands, context }: RemoteInput): Promise<void> {
  const [name, ...others] = operands;
  if (name === undefined || others.length > 0) throw new UsageError("Expected one NAME");
  const clientId = clientIdOf(book, name);
  book.forget(name);
  context.write("Forgotten here. The device lists this client until it is removed there:\n");
  context.write(`  latchkey clients delete ${clientId}\n`);
}

// A file that cannot be understood can be forgotten all the same.
function clientIdOf(book: RemoteBook, name: string): string {
  try {
    return book.find(name)?.credentials.clientId ?? "ID";
  } catch (error) {
    if (error instanceof CommandError) return "ID";
    throw error;
  }
}

function requireRemote(book: RemoteBook, name: string): Remote {
  const remote = book.find(name);
  if (remote !== undefined) return remote;
  throw new CommandError(`There is no ${name}: latchkey remote list, or latchkey remote pair URL`);
}

function parseParams(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("PARAMS: expected JSON");
  }
}
