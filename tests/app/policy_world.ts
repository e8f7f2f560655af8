// Asking the real service in this process over each transport, for the rows of docs/protocol.md §8:
// what becomes of a request, and as whom its sender is treated.

import assert from "node:assert/strict";
import type { KeyScope } from "../../src/features/access/api_key.ts";
import type { Role } from "../../src/features/access/client.ts";
import type { GuardedConnection } from "../../src/edges/http/guard/guarded_connection.ts";
import { type AppInProcess, REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { settle } from "../support/fake_socket.ts";
import { createPhone, testClient } from "../support/session_phone.ts";
import { type SocketInProcess, socketsInProcess } from "../support/sockets_in_process.ts";

export interface World extends AppInProcess {
  readonly sockets: SocketInProcess[];
}

export type Ask = (
  world: World,
  how: { isLocal: boolean; key: string | undefined },
) => Promise<string>;

export const plaintextAs = (role: string, phone: string): string =>
  `plaintext ${role}, phone ${phone}`;

export async function withWorld(
  given: { encryption?: boolean; isListed?: boolean; role?: Role },
  test: (world: World) => Promise<void>,
): Promise<void> {
  const { encryption = false, isListed = true, role = "admin" } = given;
  const { sockets, upgrade } = socketsInProcess();
  const toml = `
[service]
encryption = ${encryption}
[security]
allowed_ips = ${isListed ? `["${REMOTE}"]` : "[]"}
metrics_allow = ${isListed ? `["${REMOTE}"]` : "[]"}
allow_run = ${isListed ? '["hello"]' : "[]"}
[models]
enabled = true
upstream = "http://127.0.0.1:1"
allow = ["llama"]
`;
  const clients = [testClient({ role })];
  await withAppInProcess({ toml, clients, edges: { upgradeWebSocket: upgrade } }, async (app) => {
    await test({ ...app, sockets });
  });
}

export async function call(world: World, method: string, params: object = {}): Promise<unknown> {
  const response = await world.request("/api", post(rpc(method, params)));
  const { result, error } = await response.json();
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

export async function newKey(
  world: World,
  scopes: readonly KeyScope[],
  more = {},
): Promise<string> {
  const made = await call(world, "keys.new", { name: "test", scopes, ...more });
  return (made as { key: string }).key;
}

export function rpc(method: string, params: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

export function post(body: string): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body };
}

export function from(
  { isLocal, key }: { isLocal: boolean; key: string | undefined },
  init: RequestInit = {},
): RequestInit & { from?: string } {
  const headers = new Headers(init.headers);
  if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
  return { ...init, headers, ...(isLocal ? {} : { from: REMOTE }) };
}

export function askStatuses(paths: readonly string[]): Ask {
  return async (world, how) => {
    const statuses: number[] = [];
    for (const path of paths) {
      const response = await world.request(path, from(how, { headers: { Accept: "text/html" } }));
      await response.body?.cancel();
      statuses.push(response.status);
    }
    return statuses.join(" ");
  };
}

/** All paths have one status. */
export function askStatus(paths: readonly string[]): Ask {
  return async (world, how) =>
    [...new Set((await askStatuses(paths)(world, how)).split(" "))].join();
}

/** How the service treats whoever says this: "local", "admin", "member", or another answer. */
export async function roleBy(say: (text: string) => Promise<string | undefined>): Promise<string> {
  const isRefused = async (method: string): Promise<boolean | string> => {
    const answer = await say(rpc(method));
    if (answer === undefined) return "no answer";
    const { error } = JSON.parse(answer);
    if (error?.code === -32002) return "-32002";
    return error?.data?.code === "forbidden";
  };
  const isRemote = await isRefused("clients");
  if (typeof isRemote === "string") return isRemote;
  if (!isRemote) return "local";
  return await isRefused("settings.update") ? "member" : "admin";
}

export function askPost(paths: readonly string[]): Ask {
  return async (world, how) => {
    const outcomes = new Set<string>();
    for (const path of paths) {
      let status = 0;
      const role = await roleBy(async (text) => {
        const response = await world.request(path, from(how, post(text)));
        ({ status } = response);
        const answer = await response.text();
        return status === 200 ? answer : undefined;
      });
      outcomes.add(status === 200 ? `200 ${role}` : String(status));
    }
    return [...outcomes].join();
  };
}

export async function askPairing(world: World, how: Parameters<Ask>[1]): Promise<string> {
  const start = (): Promise<Response> => world.request("/api/pair/start", from(how, post("{}")));
  const first = await start();
  await first.body?.cancel();
  const second = await start();
  await second.body?.cancel();
  return [...new Set([first.status, second.status])].join(" then ");
}

export async function openSocket(
  world: World,
  how: Parameters<Ask>[1] & { guarded?: GuardedConnection },
): Promise<SocketInProcess | number> {
  const { guarded, ...who } = how;
  const init = from(who, { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
  const response = await world.request("/api", guarded === undefined ? init : { ...init, guarded });
  await response.body?.cancel();
  if (response.status !== 101) return response.status;
  await settle(2);
  const socket = world.sockets.at(-1);
  assert.ok(socket);
  return socket;
}

export async function mustOpen(
  world: World,
  how: Parameters<typeof openSocket>[1],
): Promise<SocketInProcess> {
  const socket = await openSocket(world, how);
  assert.ok(typeof socket !== "number", String(socket));
  return socket;
}

let salts = 0;
export function phoneOn(
  socket: SocketInProcess,
): (text: string) => Promise<string | undefined> {
  salts += 1;
  const phone = createPhone(testClient(), { salt: new Uint8Array(16).fill(salts) });
  return async (text) => {
    const [answer] = await socket.say(await phone.seal(text));
    return answer === undefined ? undefined : await phone.open(answer);
  };
}

export async function askSockets(world: World, how: Parameters<Ask>[1]): Promise<string> {
  const socket = await openSocket(world, how);
  if (typeof socket === "number") return String(socket);
  const plaintext = await roleBy(async (text) => {
    const [answer] = await socket.say(text);
    return answer as string | undefined;
  });
  const role = await roleBy(phoneOn(await mustOpen(world, how)));
  return plaintextAs(plaintext, role);
}

export const REMOTELY = { isLocal: false, key: undefined };
export const LOCALLY = { isLocal: true, key: undefined };

export async function advance(world: World, ms: number): Promise<void> {
  world.clock.advance(ms);
  await settle(2);
}
