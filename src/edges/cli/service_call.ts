// How commands talk to the running service: JSON-RPC over a POST from the device itself.

import { asJsonObject } from "../../base/json.ts";
import { safeText } from "../../features/screen/safe_text.ts";
import { CommandError } from "./command.ts";

/** The result of a method of the service at `baseUrl`; CommandError where it is refused. */
export async function callService(
  baseUrl: string,
  request: { method: string; params?: unknown },
): Promise<unknown> {
  const { method, params } = request;
  const response = await post(baseUrl, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  const answer = asJsonObject(await readJson(response, baseUrl));
  const error = asJsonObject(answer?.["error"]);
  if (error !== undefined) {
    throw new CommandError(`Refused: ${safeText(String(error["message"]), 200)}`);
  }
  return answer?.["result"];
}

async function post(baseUrl: string, body: string): Promise<Response> {
  try {
    return await fetch(`${baseUrl}/api`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
  } catch (error) {
    throw new CommandError(
      `Cannot reach the service at ${baseUrl}: is it running? Start it with: latchkey serve`,
      { cause: error },
    );
  }
}

async function readJson(response: Response, baseUrl: string): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    throw new CommandError(`Cannot understand ${baseUrl}: is it latchkey that runs there?`, {
      cause: error,
    });
  }
}
