// Who is told that clients, pairing or settings changed: the device itself and those who administer
// it, without a word of what is in it (docs/protocol.md §8).

import assert from "node:assert/strict";
import type { SessionPhone } from "../support/session_phone.ts";
import { testClient } from "../support/session_phone.ts";
import { settle } from "../support/fake_socket.ts";
import { configOf } from "../support/settings.ts";
import type { SocketInProcess } from "../support/sockets_in_process.ts";
import { call, freshPhone, rpc, withWorld, type World } from "./session_world.ts";

function other(clientId: string, role: "admin" | "member"): ReturnType<typeof testClient> {
  return { ...testClient(), clientId, authToken: `${clientId.repeat(8)}-0000-4000-8000-1`, role };
}

const MEMBER = other("b", "member");
const GUEST = other("c", "member");

interface Peer {
  readonly socket: SocketInProcess;
  readonly phone: SessionPhone | undefined;
  read: number;
}

async function enter(world: World, client?: ReturnType<typeof testClient>): Promise<Peer> {
  const socket = await world.open({ isLocal: client === undefined });
  const phone = client === undefined ? undefined : freshPhone(client);
  const first = rpc("version");
  await socket.say(phone === undefined ? first : await phone.seal(first));
  const peer = { socket, phone, read: 0 };
  await news(peer);
  return peer;
}

// What came since the last look, answers left out.
async function news(peer: Peer): Promise<string[]> {
  await settle();
  const fresh = peer.socket.sent.slice(peer.read);
  peer.read = peer.socket.sent.length;
  const told = [];
  for (const message of fresh) {
    const text = peer.phone === undefined ? String(message) : await peer.phone.open(message);
    const { method, params } = JSON.parse(text ?? "{}");
    if (method !== undefined) told.push(`${method} ${JSON.stringify(params)}`);
  }
  return told;
}

const CHANGED = "clients.changed {}";
const ROWS: [method: string, params: object, local: string[], admin: string[]][] = [
  ["clients.update", { clientId: GUEST.clientId, clientName: "Sofa" }, [CHANGED], [CHANGED]],
  ["clients.update", { clientId: GUEST.clientId, role: "admin" }, [CHANGED], [CHANGED]],
  ["clients.delete", { clientId: GUEST.clientId }, [CHANGED], [CHANGED]],
  ["clients.pair.start", {}, ["clients.pair.opened {}"], []],
  ["clients.pair.cancel", {}, ['clients.pair.ended {"outcome":"cancelled"}'], []],
  ["settings.update", { keepHistory: false }, ["settings.changed {}"], ["settings.changed {}"]],
  ["settings.update", { runZapScript: false }, ["settings.changed {}"], ["settings.changed {}"]],
  ["settings.update", { runZapScript: false }, [], []],
  ["settings.reload", {}, ["settings.changed {}"], ["settings.changed {}"]],
  ["clients", {}, [], []],
];

Deno.test("changes of clients, pairing and settings are told to who may see them, without contents", async () => {
  const overlay = { file: "settings.toml", text: "" };
  const configSource = {
    readOverlay: () => overlay,
    read: () => configOf("", overlay.text),
    readWith: (text: string) => configOf("", text),
    readWarnings: () => [],
  };
  await withWorld({ others: [MEMBER, GUEST], options: { configSource } }, async (world) => {
    const local = await enter(world);
    const admin = await enter(world, testClient());
    const member = await enter(world, MEMBER);
    for (const [method, params, forLocal, forAdmin] of ROWS) {
      await call(world, method, params);
      assert.deepEqual(await news(local), forLocal, method);
      assert.deepEqual(await news(admin), forAdmin, method);
      assert.deepEqual(await news(member), [], method);
    }
  });
});

Deno.test("who is no admin any more is told nothing, and a new admin with its next session", async () => {
  await withWorld({ others: [MEMBER, GUEST] }, async (world) => {
    const turn = (clientId: string, role: string): Promise<unknown> =>
      call(world, "clients.update", { clientId, role });
    await turn(testClient().clientId, "member");
    await turn(MEMBER.clientId, "admin");
    const [former, present] = [await enter(world, testClient()), await enter(world, MEMBER)];
    await call(world, "clients.delete", { clientId: GUEST.clientId });
    assert.deepEqual(await news(former), []);
    assert.deepEqual(await news(present), [CHANGED]);
  });
});
