// The programs that own a screen, with sockets of this process in their place.

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import {
  openEmulationStationBoard,
  openRetroArchBoard,
} from "../../../src/edges/platform/notice_boards.ts";
import {
  areAllNamed,
  openPortOwners,
  type PortOwners,
} from "../../../src/edges/platform/port_owner.ts";
import { until } from "../../support/until.ts";

const own = (): string => Deno.execPath().split("/").at(-1) ?? "";

function owned(isOwned: boolean): PortOwners {
  return { isOwnedBy: () => Promise.resolve(isOwned), close: () => Promise.resolve() };
}

Deno.test("isOwnedBy() knows the program behind a port, and nobody behind a free one", async () => {
  const owners = openPortOwners();
  using tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const udp = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const ports = [
    { kind: "tcp", number: tcp.addr.port },
    { kind: "udp", number: (udp.addr as Deno.NetAddr).port },
  ] as const;
  for (const port of ports) {
    assert.equal(await owners.isOwnedBy(port, ["other", own()]), true, port.kind);
    assert.equal(await owners.isOwnedBy(port, ["emulationstation"]), false, port.kind);
  }
  udp.close();
  assert.equal(await owners.isOwnedBy(ports[1], [own()]), false);
  await owners.close();
  assert.equal(await owners.isOwnedBy(ports[0], [own()]), false);
});

Deno.test("EmulationStation is there where the port is its own and /caps answers", async () => {
  const asked: string[] = [];
  const fetch = (url: string, init: RequestInit): Promise<Response> => {
    asked.push(`${init.method ?? "GET"} ${new URL(url).pathname} ${init.body ?? ""}`.trim());
    return Promise.resolve(new Response("{}"));
  };
  const board = openEmulationStationBoard({ owners: owned(true), clock: systemClock, fetch });
  assert.equal(await board.isThere(), true);
  await board.show("PIN 129 041");
  assert.deepEqual(asked, ["GET /caps", "POST /notify PIN 129 041"]);
  // Whoever else has the port is not even asked.
  const foreign = openEmulationStationBoard({ owners: owned(false), clock: systemClock, fetch });
  assert.equal(await foreign.isThere(), false);
  assert.equal(asked.length, 2);
  for (const answer of [new Response("<html>", { status: 404 }), new Error("refused")]) {
    const silent = openEmulationStationBoard({
      owners: owned(true),
      clock: systemClock,
      fetch: () => answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer),
    });
    assert.equal(await silent.isThere(), false);
  }
});

Deno.test("RetroArch is there where the port is its own and VERSION is answered", async () => {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  const heard: string[] = [];
  let version = "1.19.1";
  const serving = (async () => {
    for await (const [bytes, from] of socket) {
      const text = new TextDecoder().decode(bytes);
      heard.push(text);
      if (text === "VERSION") await socket.send(new TextEncoder().encode(version), from);
    }
  })();
  const board = openRetroArchBoard({ owners: owned(true), clock: systemClock }, port);
  assert.equal(await board.isThere(), true);
  await board.show("PIN 129 041\nQUIT");
  await until("the message", () => heard.length === 2);
  // One command, whatever the text holds.
  assert.deepEqual(heard, ["VERSION", "SHOW_MSG PIN 129 041 QUIT"]);
  version = "who?";
  assert.equal(await board.isThere(), false);
  const foreign = openRetroArchBoard({ owners: owned(false), clock: systemClock }, port);
  assert.equal(await foreign.isThere(), false);
  assert.equal(heard.length, 3);
  socket.close();
  await serving;
  assert.equal(await board.isThere(), false);
});

Deno.test("areAllNamed() takes no port that another program shares", () => {
  assert.equal(areAllNamed(["retroarch", "retroarch32"], ["retroarch"]), true);
  assert.equal(areAllNamed(["retroarch", "other"], ["retroarch"]), false);
  assert.equal(areAllNamed(["retroarch", "?"], ["retroarch"]), false);
  assert.equal(areAllNamed([], ["retroarch"]), false);
});
