// Sockets and sessions over the real service in this process.

import assert from "node:assert/strict";
import type { Edges } from "../../src/app/edges.ts";
import type { AppOptions } from "../../src/app/options.ts";
import type { Client } from "../../src/features/access/client.ts";
import type { GuardedConnection } from "../../src/edges/http/guard/guarded_connection.ts";
import { type AppInProcess, REMOTE, withAppInProcess } from "../support/app_in_process.ts";
import { settle } from "../support/fake_socket.ts";
import { createPhone, type SessionPhone, testClient } from "../support/session_phone.ts";
import { type SocketInProcess, socketsInProcess } from "../support/sockets_in_process.ts";

export interface World extends AppInProcess {
  /** The device's end of a new socket; of another host unless said otherwise. */
  open(how?: {
    isLocal?: boolean;
    from?: string;
    key?: string;
    guarded?: GuardedConnection;
  }): Promise<SocketInProcess>;
}

export interface WorldOptions {
  toml?: string;
  /** Beside {@linkcode testClient} as an admin. */
  others?: readonly Client[];
  edges?: Partial<Edges>;
  options?: Partial<AppOptions>;
}

export async function withWorld(
  given: WorldOptions,
  test: (world: World) => Promise<void>,
): Promise<void> {
  const { toml = "", others = [], edges = {}, options = {} } = given;
  const { sockets, upgrade } = socketsInProcess();
  const clients = [testClient({ role: "admin" }), ...others];
  const allEdges = { upgradeWebSocket: upgrade, ...edges };
  await withAppInProcess({ toml, clients, options, edges: allEdges }, async (app) => {
    const open: World["open"] = async ({ isLocal = false, from = REMOTE, key, guarded } = {}) => {
      const headers = new Headers({ Upgrade: "websocket", Connection: "Upgrade" });
      if (key !== undefined) headers.set("Authorization", `Bearer ${key}`);
      const more = { ...(isLocal ? {} : { from }), ...(guarded && { guarded }) };
      const response = await app.request("/api", { headers, ...more });
      assert.equal(response.status, 101);
      await settle(2);
      const socket = sockets.at(-1);
      assert.ok(socket);
      return socket;
    };
    await test({ ...app, open });
  });
}

/** Calls a method as the device itself. */
export async function call(world: World, method: string, params: object = {}): Promise<unknown> {
  const response = await world.request("/api", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: rpc(method, params),
  });
  const { result, error } = await response.json();
  assert.equal(error, undefined, JSON.stringify(error));
  return result;
}

export async function newKey(world: World): Promise<string> {
  const made = await call(world, "keys.new", { name: "test", scopes: ["rpc"] });
  return (made as { key: string }).key;
}

export function rpc(method: string, params: object = {}): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
}

let salts = 0;

/** A phone with a salt that no other has. */
export function freshPhone(client: Client = testClient()): SessionPhone {
  salts += 1;
  return createPhone(client, { salt: new Uint8Array(16).fill(salts) });
}

/** Opens a session; resolves with what the device answered. */
export async function sendFirstFrame(
  socket: SocketInProcess,
  client: Client = testClient(),
): Promise<unknown[]> {
  return await socket.say(await (freshPhone(client)).seal("ping"));
}
