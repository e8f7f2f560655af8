// A session with a device elsewhere, with what can go wrong said to people.

import { ClientError, connect, type Connection, type ConnectOptions } from "../../sdk/connect.ts";
import { safeText } from "../../features/screen/safe_text.ts";
import { CommandError } from "./command.ts";
import type { Remote } from "./remote_book.ts";

/** Options of {@linkcode openRemoteSession}; those of the SDK. */
export type OpenRemoteSessionOptions = Omit<ConnectOptions, "url" | "credentials">;

/** Opens a session. ClientError where that fails. */
export async function openRemoteSession(
  remote: Remote,
  options: OpenRemoteSessionOptions = {},
): Promise<Connection> {
  const { url, credentials } = remote;
  return await connect({ url, credentials, ...options });
}

/** What an error of the SDK is to whoever runs a command; other errors are passed on. */
export function explainClientError(error: unknown, device: { name: string; url: string }): Error {
  if (!(error instanceof ClientError)) throw error;
  const { name, url } = device;
  const message = safeText(error.message, 200);
  switch (error.code) {
    case "unreachable":
      return new CommandError(
        `Cannot reach ${url}: is the device on, and latchkey running on it?`,
        {
          cause: error,
        },
      );
    case "rpc_error":
      return new CommandError(`Refused: ${message}`, { cause: error });
    case "client_removed":
      return new CommandError(
        `${name} says that it has removed this client. Pair again with: ` +
          `latchkey remote pair ${url} --name ${name}`,
        { cause: error },
      );
    default:
      return new CommandError(`${name}: ${message}`, { cause: error });
  }
}
