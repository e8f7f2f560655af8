// What waits for the disk in the real service: a held disk holds exactly the answers that tell of
// something kept, and a disk that fails refuses them.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parseConfig } from "../../src/edges/config/config.ts";
import { openLibrary } from "../../src/app/library.ts";
import { Lifetime } from "../../src/app/lifetime.ts";
import { createPlaying } from "../../src/app/playing.ts";
import { silentLogger } from "../../src/base/log.ts";
import { ANCHOR_PAUSE_MS, type AuditCheckpoint } from "../../src/features/access/anchor_keeper.ts";
import { Notifications } from "../../src/features/rpc/notifications.ts";
import { LiveSettings } from "../../src/features/settings/live_settings.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { LAST_SEEN_FLUSH_MS } from "../../src/features/access/last_seen.ts";
import { AppError } from "../../src/base/app_error.ts";
import type { Stores } from "../../src/edges/sqlite/stores.ts";
import { ReferencePairingClient } from "../support/reference_protocol.ts";
import { innerEdges, memoryStores } from "../support/app_in_process.ts";
import { settle } from "../support/fake_socket.ts";
import { testClient } from "../support/session_phone.ts";
import { call, freshPhone, rpc, sendFirstFrame, withWorld, type World } from "./session_world.ts";

const FAILS = "The device's storage fails";
const OTHER = {
  ...testClient(),
  clientId: "other",
  authToken: "44444444-4444-4444-8444-444444444444",
};

interface Disk {
  stores: Stores;
  /** While set, whoever waits for the disk is kept in `waiting`. */
  isHeld: boolean;
  readonly waiting: PromiseWithResolvers<void>[];
  /** Lets all that wait go on, or refuses them. */
  end(error?: AppError): void;
  /** What the anchor of the audit log was set to. */
  readonly anchored: AuditCheckpoint[];
  readonly gates: PromiseWithResolvers<void>[];
  isGateClosed: boolean;
  reopen(): void;
}

function createDisk(): Disk {
  const listeners: (() => void)[] = [];
  const wait = (list: PromiseWithResolvers<void>[]): Promise<void> => {
    const waiter = Promise.withResolvers<void>();
    list.push(waiter);
    return waiter.promise;
  };
  const disk: Disk = {
    isHeld: false,
    waiting: [],
    gates: [],
    anchored: [],
    isGateClosed: false,
    end(error?: AppError): void {
      for (const waiter of disk.waiting.splice(0)) {
        if (error === undefined) waiter.resolve();
        else waiter.reject(error);
      }
    },
    reopen: () => listeners.forEach((listener) => listener()),
    stores: {
      ...memoryStores(),
      auditAnchor: {
        read: () => disk.anchored.at(-1),
        write: (head) => void disk.anchored.push(head),
      },
      durable: () => disk.isHeld ? wait(disk.waiting) : Promise.resolve(),
      ready: () => disk.isGateClosed ? wait(disk.gates) : Promise.resolve(),
      onReopened: (listener) => void listeners.push(listener),
    },
  };
  return disk;
}

function parse(overlay: string): ReturnType<typeof parseConfig> {
  return parseConfig("", {
    file: "config.toml",
    env: { HOME: "/nowhere", isRoot: false },
    overlay: { file: "settings.toml", text: overlay },
  });
}

async function withDisk(test: (disk: Disk, world: World) => Promise<void>): Promise<void> {
  const disk = createDisk();
  for (const client of [testClient({ role: "admin" }), OTHER]) disk.stores.clients.add(client);
  const configSource = {
    readWarnings: () => [],
    readOverlay: () => ({ file: "settings.toml", text: "" }),
    read: () => parse(""),
    readWith: parse,
  };
  const edges = { openStores: () => disk.stores };
  await withWorld({ edges, options: { configSource } }, async (world) => {
    try {
      await test(disk, world);
    } finally {
      disk.isHeld = false;
      disk.end();
    }
  });
}

/** Posts a request of the device itself; what came of it, once it did. */
function post(
  world: World,
  method: string,
  params: object,
): { answer: unknown; done: Promise<void> } {
  const posted: { answer: unknown; done: Promise<void> } = {
    answer: undefined,
    done: Promise.resolve(),
  };
  posted.done = world.request("/api", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: rpc(method, params),
  }).then(async (response) => {
    posted.answer = await response.json();
  });
  return posted;
}

function errorOf({ answer }: { answer: unknown }): string | undefined {
  return (answer as { error?: { message: string } }).error?.message;
}

const KEY = { name: "test", scopes: ["rpc"] };

const WRITES: [string, object | ((world: World) => Promise<object>)][] = [
  ["clients.update", { clientId: "other", clientName: "New" }],
  ["clients.delete", { clientId: "other" }],
  ["clients.pair.start", {}],
  ["clients.pair.cancel", {}],
  ["keys.new", KEY],
  ["keys.update", async (world) => ({ keyId: await newKeyId(world), limits: { perMinute: 1 } })],
  ["keys.delete", async (world) => ({ keyId: await newKeyId(world) })],
  ["keys.open", { scope: "events" }],
  ["keys.purge", {}],
  ["settings.update", { allowedIps: ["10.0.0.1"] }],
  ["settings.reload", {}],
];

async function newKeyId(world: World): Promise<string> {
  const { keyId } = await call(world, "keys.new", { name: "old", scopes: ["models"] }) as {
    keyId: string;
  };
  return keyId;
}

for (const [method, given] of WRITES) {
  Deno.test(`${method} is answered when it is on the disk, and refused where that fails`, async () => {
    for (const isFailing of [false, true]) {
      await withDisk(async (disk, world) => {
        const params = typeof given === "function" ? await given(world) : given;
        if (method === "clients.pair.cancel") await call(world, "clients.pair.start");
        disk.isHeld = true;
        const posted = post(world, method, params);
        await settle();
        assert.equal(posted.answer, undefined);
        // Others are answered meanwhile.
        await call(world, "version");
        await call(world, "clients");
        disk.isHeld = false;
        disk.end(isFailing ? new AppError("unavailable", FAILS) : undefined);
        await posted.done;
        assert.equal(errorOf(posted), isFailing ? FAILS : undefined);
        if (method !== "clients.pair.start") return;
        assert.equal(await call(world, "clients.pair.current") === null, isFailing);
      });
    }
  });
}

Deno.test("a session is acted upon when its salt and its entry are on the disk, and not before", async () => {
  await withDisk(async (disk, world) => {
    const events = (): string[] => disk.stores.audit.listNewest(9).map(({ event }) => event);
    disk.isHeld = true;
    const socket = await world.open();
    assert.deepEqual(await sendFirstFrame(socket), []);
    assert.deepEqual(events(), ["session_opened"]);
    assert.match(await render(world), /latchkey_sessions_opened_total 0/);
    disk.end();
    await settle();
    assert.equal(socket.sent.length, 1);
    assert.match(await render(world), /latchkey_sessions_opened_total 1/);
    const refused = await world.open();
    assert.deepEqual(await sendFirstFrame(refused), []);
    disk.end(new AppError("unavailable", FAILS));
    await settle();
    assert.deepEqual([refused.sent, refused.closedWith?.code], [[], 1011]);
    disk.isHeld = false;
    assert.equal((await sendFirstFrame(await world.open())).length, 1);
  });
});

Deno.test("salt and entry of a session are kept together or not at all", async () => {
  await withDisk(async (disk, world) => {
    const { audit, ledger } = disk.stores;
    const append = audit.append.bind(audit);
    audit.append = () => {
      throw new AppError("unavailable", FAILS);
    };
    const salt = new Uint8Array(16).fill(250);
    const phone = freshPhone();
    const socket = await world.open();
    assert.deepEqual(await socket.say(await phone.seal("ping")), []);
    assert.equal(socket.isClosed, true);
    audit.append = append;
    assert.equal(ledger.has(testClient().clientId, salt), false);
    assert.deepEqual([audit.listNewest(9), disk.stores.clients.listUnclaimed().length], [[], 2]);
  });
});

Deno.test("a set-up waits while the log begins anew; other writes do not", async () => {
  await withDisk(async (disk, world) => {
    disk.isGateClosed = true;
    const socket = await world.open();
    assert.deepEqual(await sendFirstFrame(socket), []);
    assert.deepEqual(disk.stores.audit.listNewest(9), []);
    await call(world, "keys.new", KEY);
    disk.gates[0]?.resolve();
    await settle();
    assert.equal(socket.sent.length, 1);
  });
});

Deno.test("a client is paired when it is on the disk; where that fails, the PIN is valid as before", async () => {
  await withDisk(async (disk, world) => {
    const { pin } = await call(world, "clients.pair.start") as { pin: string };
    const finish = async (): Promise<{ status: number | undefined; done: Promise<void> }> => {
      const name = "Phone";
      const client = new ReferencePairingClient(pin, name);
      const started = await world.request("/api/pair/start", {
        method: "POST",
        body: JSON.stringify({ pake: Buffer.from(client.messageA).toString("base64"), name }),
      });
      const { session, pake } = await started.json();
      const { confirm } = client.finish(Buffer.from(pake, "base64"));
      const body = JSON.stringify({ session, confirm: Buffer.from(confirm).toString("base64") });
      const result: { status: number | undefined; done: Promise<void> } = {
        status: undefined,
        done: Promise.resolve(),
      };
      result.done = Promise.resolve(
        world.request("/api/pair/finish", { method: "POST", body }),
      ).then(async (response) => {
        await response.body?.cancel();
        result.status = response.status;
      });
      await settle();
      return result;
    };
    const phone = await world.open({ isLocal: true });
    await phone.say("ping");
    const told = (): boolean => phone.sent.some((text) => String(text).includes("clients.paired"));
    disk.isHeld = true;
    const failing = await finish();
    assert.equal(failing.status, undefined);
    disk.end(new AppError("unavailable", FAILS));
    await failing.done;
    assert.deepEqual([failing.status, told()], [500, false]);
    const right = await finish();
    assert.deepEqual([right.status, told()], [undefined, false]);
    disk.end();
    await right.done;
    await settle();
    assert.deepEqual([right.status, told()], [200, true]);
    assert.equal(disk.stores.audit.listNewest(9).at(-1)?.event, "paired");
  });
});

Deno.test("a wrong guess is answered when it is on the disk, or cannot be kept", async () => {
  await withDisk(async (disk, world) => {
    const { pin } = await call(world, "clients.pair.start") as { pin: string };
    const client = new ReferencePairingClient(pin, "x");
    const started = await world.request("/api/pair/start", {
      method: "POST",
      body: JSON.stringify({ pake: Buffer.from(client.messageA).toString("base64"), name: "x" }),
    });
    const { session } = await started.json();
    disk.isHeld = true;
    let status: number | undefined;
    const done = Promise.resolve(world.request("/api/pair/finish", {
      method: "POST",
      body: JSON.stringify({ session, confirm: "AAAA" }),
    })).then(async (response) => {
      await response.body?.cancel();
      status = response.status;
    });
    await settle();
    assert.equal(status, undefined);
    assert.equal(disk.stores.auditRefusals.listNewest(9).length, 1);
    disk.end(new AppError("unavailable", FAILS));
    await done;
    assert.equal(status, 401);
  });
});

Deno.test("the entry of a session is anchored, and the log goes on from an opened database", async () => {
  await withDisk(async (disk, world) => {
    assert.equal((await sendFirstFrame(await world.open())).length, 1);
    assert.deepEqual(disk.anchored.map(({ id }) => id), [0]);
    world.clock.advance(ANCHOR_PAUSE_MS);
    await settle();
    assert.equal(disk.anchored.at(-1)?.id, 1);
    // What was written since is gone.
    disk.stores.database.exec("DELETE FROM audit");
    disk.reopen();
    await call(world, "keys.new", KEY);
    world.clock.advance(ANCHOR_PAUSE_MS);
    await settle();
    const [entry] = disk.stores.audit.listNewest(1);
    assert.deepEqual([entry?.id, disk.anchored.at(-1)], [1, { id: 1, hash: entry?.hash }]);
  });
});

Deno.test("favourites are those of the database that was opened", async () => {
  const disk = createDisk();
  const { stores } = disk;
  const settings = new LiveSettings(parse(""));
  const clock = new FakeClock();
  const frame = {
    config: settings.current,
    edges: innerEdges(stores),
    environment: {},
    lifetime: new Lifetime({ clock, graceMs: 0 }),
    notifications: new Notifications(),
    clock,
    log: silentLogger,
  };
  const library = await openLibrary(frame);
  const { favorites } = createPlaying({
    ...frame,
    stores,
    library,
    settings,
    random: seededRandom(1),
  });
  favorites.set("/gone", true);
  stores.database.exec("DELETE FROM favorites");
  stores.favorites.set({ path: "/kept", isFavorite: true });
  disk.reopen();
  assert.deepEqual([...favorites.paths([])], ["/kept"]);
  stores.close();
});

Deno.test("an opened database is the one that counts: what is not in it is forgotten", async () => {
  await withDisk(async (disk, world) => {
    const { clients } = disk.stores;
    await call(world, "clients.update", { clientId: "other", clientName: "Unsynced" });
    const names = async (): Promise<unknown> => {
      const { clients } = await call(world, "clients") as { clients: { clientName: string }[] };
      return clients.map(({ clientName }) => clientName).sort();
    };
    clients.update("other", { clientName: "Kept" });
    assert.ok((await names() as string[]).includes("Unsynced"));
    disk.reopen();
    assert.ok((await names() as string[]).includes("Kept"));
  });
});

Deno.test("what nobody waits for is brought onto the disk now and then", async () => {
  await withDisk(async (disk, world) => {
    disk.isHeld = true;
    world.clock.advance(LAST_SEEN_FLUSH_MS);
    await settle();
    assert.equal(disk.waiting.length, 1);
    disk.end(new AppError("unavailable", FAILS));
    await settle();
    await call(world, "version");
  });
});

async function render(world: World): Promise<string> {
  return await (await world.request("/metrics")).text();
}
