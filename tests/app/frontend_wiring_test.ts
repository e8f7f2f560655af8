// Games over a running EmulationStation, seen and launched by the real service in this process.

import assert from "node:assert/strict";
import type { PortOwners } from "../../src/edges/platform/port_owner.ts";
import { FRONTEND_POLL_MS, FRONTEND_RETRY_MS } from "../../src/features/library/frontend_player.ts";
import { SILENT_RETRY_MS } from "../../src/features/library/silent_sources.ts";
import { FakeEmulationStation } from "../support/fake_emulation_station.ts";
import { settle } from "../support/fake_socket.ts";
import { until } from "../support/until.ts";
import {
  emulationStationToml,
  type LibraryWorld,
  type LibraryWorldOptions,
  type Phone,
  type Shown,
  withLibrary,
} from "./library_world.ts";

interface World extends LibraryWorld {
  readonly station: FakeEmulationStation;
}

// The card's games, as the frontend tells them, which knows its folders from its own configuration.
async function withStation(
  test: (world: World) => Promise<void>,
  given: LibraryWorldOptions["libraryEdges"] = {},
  more: (roms: string) => string = () => "",
): Promise<void> {
  let station = new FakeEmulationStation();
  await withLibrary({
    toml: (roms) => {
      const games = ["Mario", "Zelda"].map((name) => ({ path: `${roms}/snes/${name}.sfc`, name }));
      station = new FakeEmulationStation([
        { name: "snes", fullname: "Super Nintendo", games },
      ]);
      return `[[library]]\nsource = "emulationstation_http"\nconfig_folders = ["${roms}/es"]\n` +
        more(roms);
    },
    libraryEdges: { fetch: (url, init) => station.fetch(url, init), ...given },
  }, (world) => test({ ...world, station }));
}

// Lets the fake time of the service go on until something is so.
async function untilSoon(world: World, what: string, isTrue: () => boolean): Promise<void> {
  await until(what, async () => {
    world.clock.advance(FRONTEND_POLL_MS);
    await settle(1);
    return isTrue();
  }, { pollMs: 1 });
}

async function resultOf(phone: Phone, query: string): Promise<Shown> {
  const { results } = await phone.call<{ results: Shown[] }>("media.search", { query });
  assert.ok(results[0], query);
  return results[0];
}

function told({ told }: Phone): string[] {
  return told.filter(([method]) => /started|stopped/.test(method))
    .map(([method, { mediaName }]) => `${method} ${mediaName}`);
}

Deno.test("a phone launches and stops over the frontend, which knows what plays", async () => {
  await withStation(async (world) => {
    const { station, programs, roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const mario = await resultOf(phone, "mario");
    await phone.call("run", mario.zapScript);
    assert.deepEqual(station.launched, [`${roms}/snes/Mario.sfc`]);
    assert.deepEqual(told(phone), ["media.started Mario"]);
    const { active } = await phone.call<{ active: Record<string, unknown>[] }>("media");
    assert.deepEqual(active.map(({ launcherId, zapScript }) => [launcherId, zapScript]), [
      ["emulationstation_http", "@SNES/Mario"],
    ]);
    await phone.call("run", "**stop");
    assert.equal(station.running, undefined);
    assert.deepEqual(told(phone), ["media.started Mario", "media.stopped Mario"]);
    assert.deepEqual(programs, []);
  });
});

Deno.test("what is chosen at the device is told, and so is its end", async () => {
  await withStation(async (world) => {
    const { station, roms } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    station.play({ path: `${roms}/snes/Zelda.sfc`, name: "Zelda" });
    await untilSoon(world, "its start is told", () => told(phone).length === 1);
    const { active } = await phone.call<{ active: Record<string, unknown>[] }>("media");
    assert.deepEqual(active.map(({ systemId, zapScript }) => [systemId, zapScript]), [
      ["SNES", "@SNES/Zelda"],
    ]);
    station.play(undefined);
    await untilSoon(world, "its end is told", () => told(phone).length === 2);
    assert.deepEqual(told(phone), ["media.started Zelda", "media.stopped Zelda"]);
  });
});

Deno.test("what is chosen at the device has the screen before anybody is told of it", async () => {
  const folder = (roms: string): string =>
    `[[library]]\nsource = "folder"\nfolder = "${roms}/gb"\nextensions = [".gb"]\n` +
    `system = "Gameboy"\ncommand = ["gbplay", "--", "\${path}"]\n`;
  await withStation(
    async (world) => {
      const { station, programs, roms } = world;
      const phone = await world.phone();
      await world.scanned(phone);
      const zelda = { path: `${roms}/snes/Zelda.sfc`, name: "Zelda" };
      const active = async (): Promise<unknown> =>
        (await phone.call<{ mediaName: string } | null>("media.active"))?.mediaName;
      station.play(zelda);
      assert.equal(await active(), "Zelda");
      await phone.call("stop");
      assert.deepEqual([station.running, await active()], [undefined, undefined]);
      station.play(zelda);
      const { active: listed } = await phone.call<{ active: Shown[] }>("media");
      assert.equal(listed.length, 1);
      await phone.call("run", "**stop");
      assert.equal(station.running, undefined);
      station.play(zelda);
      await phone.call("run", "@SNES/Mario");
      assert.equal(station.running?.["path"], `${roms}/snes/Mario.sfc`);
      await phone.call("stop");
      station.play(zelda);
      await phone.call("run", "@Gameboy/it's");
      assert.deepEqual([station.running, programs.length], [undefined, 1]);
      // One that says nothing fails none of them.
      station.faults.set("*", "refuse");
      await programs[0]?.end();
      await phone.call("stop");
      assert.equal(await active(), undefined);
    },
    {},
    folder,
  );
});

Deno.test("a service that stops lets the game go on, and asks no more", async () => {
  await withStation(async (world) => {
    const { station, app, clock } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    await phone.call("run", "@SNES/Mario");
    await app.stop();
    const asked = station.asked.length;
    clock.advance(10 * FRONTEND_POLL_MS);
    await settle(3);
    assert.deepEqual([station.running?.name, station.asked.length], ["Mario", asked]);
  });
});

Deno.test("nobody asks the frontend while nobody is connected", async () => {
  await withStation(async (world) => {
    const { station, clock } = world;
    const polls = (): number => station.asked.filter((one) => one === "GET /runningGame").length;
    await until("the scan is over", async () => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "media" });
      const headers = { "Content-Type": "application/json" };
      const answer = await world.request("/api", { method: "POST", headers, body });
      return (await answer.json()).result.database.totalMedia === 2;
    });
    const asked = polls();
    clock.advance(10 * FRONTEND_POLL_MS);
    await settle(2);
    assert.equal(polls(), asked);
    const phone = await world.phone();
    await untilSoon(world, "it is asked", () => polls() > asked);
    phone.leave();
    let [before, quietLooks] = [-1, 0];
    await untilSoon(world, "it is left in peace", () => {
      quietLooks = before === polls() ? quietLooks + 1 : 0;
      before = polls();
      return quietLooks === 5;
    });
  });
});

Deno.test("a frontend that comes up after the service is scanned then", async () => {
  await withStation(async (world) => {
    const { station, clock } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    station.faults.set("*", "refuse");
    await phone.call("media.generate");
    await until("nothing is found", async () => {
      const { systems } = await phone.call<{ systems: unknown[] }>("systems");
      return systems.length === 0;
    });
    clock.advance(FRONTEND_POLL_MS);
    await settle(1);
    station.faults.clear();
    // Long before everything is scanned again by itself.
    for (let tries = 0; tries < 3; tries++) {
      clock.advance(FRONTEND_RETRY_MS);
      await settle(3);
    }
    await until("it is scanned", async () => {
      const { systems } = await phone.call<{ systems: unknown[] }>("systems");
      return systems.length === 1;
    }, { pollMs: 1, limitMs: 5000 });
  });
});

Deno.test("a frontend that comes up is scanned while nobody is connected, too", async () => {
  await withStation(async (world) => {
    const { station, clock, app } = world;
    const post = async (method: string): Promise<{ database: Record<string, unknown> }> => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method });
      const headers = { "Content-Type": "application/json" };
      const answer = await world.request("/api", { method: "POST", headers, body });
      return (await answer.json()).result;
    };
    const hasMedia = (count: number) => async (): Promise<boolean> => {
      const { database } = await post("media");
      return database["indexing"] === false && database["totalMedia"] === count;
    };
    await until("the scan is over", hasMedia(2), { pollMs: 1 });
    const fallSilent = async (): Promise<void> => {
      station.faults.set("*", "refuse");
      await post("media.generate");
      await until("its media are away", hasMedia(0), { pollMs: 1 });
    };
    await fallSilent();
    station.faults.clear();
    clock.advance(SILENT_RETRY_MS);
    await until("they are back", hasMedia(2), { pollMs: 1 });
    await fallSilent();
    await app.stop();
    const asked = station.asked.length;
    clock.advance(SILENT_RETRY_MS);
    await settle(3);
    assert.equal(station.asked.length, asked);
  });
});

interface Owners {
  readonly openPortOwners: () => PortOwners;
  /** Each "open", "close" and question. */
  readonly told: string[];
  isOwned: boolean;
}

function fakeOwners(): Owners {
  const told: string[] = [];
  const owners: Owners = {
    told,
    isOwned: true,
    openPortOwners: () => {
      told.push("open");
      return {
        isOwnedBy: ({ number }) => {
          told.push(`${number}`);
          return Promise.resolve(owners.isOwned);
        },
        close: () => {
          told.push("close");
          return Promise.resolve();
        },
      };
    },
  };
  return owners;
}

Deno.test("another program on the frontend's port is neither asked nor told anything", async () => {
  const owners = fakeOwners();
  const { openPortOwners } = owners;
  await withStation(async (world) => {
    const { station, clock, app } = world;
    const phone = await world.phone();
    await world.scanned(phone);
    const zelda = await resultOf(phone, "zelda");
    // It has ended, and somebody else has come.
    station.faults.set("*", "refuse");
    await assert.rejects(phone.call("run", zelda.zapScript), /No EmulationStation/);
    station.faults.clear();
    owners.isOwned = false;
    const asked = station.asked.length;
    await assert.rejects(phone.call("run", zelda.zapScript), /No EmulationStation has port 1234/);
    clock.advance(FRONTEND_RETRY_MS);
    await settle(3);
    assert.deepEqual([station.asked.length, station.launched], [asked, []]);
    assert.equal(owners.told[0], "open");
    await app.stop();
    assert.deepEqual(owners.told.filter((one) => one !== "1234"), ["open", "close"]);
  }, { openPortOwners });
});

Deno.test("who has the port is asked from the start where a frontend may be asked at all", async () => {
  const owners = fakeOwners();
  await withLibrary({
    toml: (roms) => emulationStationToml(roms).slice(emulationStationToml(roms).lastIndexOf("[[")),
    libraryEdges: owners,
  }, async (world) => {
    await world.scanned(await world.phone());
    assert.deepEqual(owners.told, []);
  });
  await withLibrary({ libraryEdges: owners }, async (world) => {
    assert.deepEqual(owners.told, ["open"]);
    await world.scanned(await world.phone());
  });
});

Deno.test("a device without a shell has its library, and no frontend", async () => {
  const openPortOwners = (): never => {
    throw new Deno.errors.NotFound("/bin/sh");
  };
  await withLibrary({ libraryEdges: { openPortOwners } }, async (world) => {
    await world.scanned(await world.phone());
  });
  const http = (): string => '[[library]]\nsource = "emulationstation_http"\n';
  await withLibrary({ toml: http, libraryEdges: { openPortOwners } }, async (world) => {
    const phone = await world.phone();
    assert.deepEqual(await phone.call("systems"), { systems: [] });
  });
});
