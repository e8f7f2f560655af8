// A card with games below the real service in this process, with a recording launcher, and phones
// over the SDK whose every answer is judged by its shape.

import assert from "node:assert/strict";
import * as v from "valibot";
import type { SystemLibraryEdges } from "../../src/app/library_edges.ts";
import type { AppOptions } from "../../src/app/options.ts";
import type { Edges } from "../../src/app/edges.ts";
import type { Client } from "../../src/features/access/client.ts";
import { NOTIFICATIONS as NOTIFICATION_TABLE } from "../../src/features/rpc/notification_table.ts";
import { connect, type Connection } from "../../src/sdk/connect.ts";
import {
  type AppInProcess,
  memoryLibraryEdges,
  REMOTE,
  withAppInProcess,
} from "../support/app_in_process.ts";
import { type FakeProgram, fakePrograms } from "../support/fake_actions.ts";
import { readMethodTable } from "../support/method_table.ts";
import { ODD_NAMES } from "../support/odd_names.ts";
import { NOTIFICATION_SHAPES, RESULT_SHAPES } from "../support/phone_shapes.ts";
import { sdkSockets } from "../support/sdk_in_process.ts";
import { testClient } from "../support/session_phone.ts";
import { until } from "../support/until.ts";

/** A picture of one pixel. */
export const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNiAAAABgADNjd8qAAAAABJRU5ErkJggg==",
);

/** What of a result tests look at. */
export interface Shown {
  readonly mediaId: number;
  readonly name: string;
  readonly path: string;
  readonly zapScript: string;
  readonly hasCover: boolean;
  readonly tags: readonly { type: string; tag: string }[];
}

/** A phone. */
export interface Phone {
  /** Calls a method, judges the shape of its result, and gives it. */
  call<Result>(method: string, params?: unknown): Promise<Result>;
  /** Ends its connection. */
  leave(): void;
  /** What it was told, each judged by its shape. */
  readonly told: [method: string, params: Record<string, unknown>][];
}

/** A service with a library. */
export interface LibraryWorld extends AppInProcess {
  /** The card. */
  readonly roms: string;
  /** What was started. */
  readonly programs: FakeProgram[];
  /** Connects a paired client. */
  phone(client?: Client): Promise<Phone>;
  /** Waits for the scan to end. */
  scanned(phone: Phone): Promise<void>;
}

/** Options of {@linkcode withLibrary}. */
export interface LibraryWorldOptions {
  /** The configuration for a card in a folder. */
  toml?: (roms: string) => string;
  clients?: readonly Client[];
  edges?: Partial<Edges>;
  options?: Partial<AppOptions>;
  /** What of the library's own edges is another one. */
  libraryEdges?: Partial<SystemLibraryEdges>;
}

/** The configuration of an EmulationStation whose files lie on the card. */
export function emulationStationToml(roms: string): string {
  return `[[library]]\nsource = "emulationstation"\nconfig_folders = ["${roms}/es"]\n` +
    `[[library]]\nsource = "folder"\nfolder = "${roms}/gb"\nextensions = [".gb"]\n` +
    `system = "Gameboy"\ncommand = ["gbplay", "--", "\${path}"]\n`;
}

/** Runs `test` with a service over a card. */
export async function withLibrary(
  given: LibraryWorldOptions,
  test: (world: LibraryWorld) => Promise<void>,
): Promise<void> {
  const { toml = emulationStationToml, clients = [testClient()], edges, libraryEdges = {} } = given;
  const roms = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  const { start, programs } = fakePrograms();
  const sockets = sdkSockets();
  const connections: Connection[] = [];
  try {
    await fillCard(roms);
    await withAppInProcess({
      toml: toml(roms),
      clients,
      ...(given.options && { options: given.options }),
      edges: {
        createActionStarter: () => start,
        upgradeWebSocket: sockets.upgrade,
        loadLibrary: () => Promise.resolve({ ...memoryLibraryEdges, ...libraryEdges }),
        ...edges,
      },
    }, async (app) => {
      const phone: LibraryWorld["phone"] = async (client = clients[0]) => {
        assert.ok(client);
        const told: Phone["told"] = [];
        const { clientId, authToken, pairingKey, clientName } = client;
        const connection = await connect({
          url: "ws://handheld/api/v0.1",
          credentials: { clientId, authToken, pairingKey, clientName },
          webSocket: sockets.webSocket(app.request, REMOTE),
          onNotification: (method, params) => {
            judge(NOTIFICATION_SHAPES[method], params, method);
            judge(NOTIFICATIONS[method], params, method);
            told.push([method, params as Record<string, unknown>]);
          },
        });
        connections.push(connection);
        return {
          told,
          leave: () => connection.close(),
          async call<Result>(method: string, params?: unknown): Promise<Result> {
            const result = await connection.call(method, params);
            const ofApp = RESULT_SHAPES[method];
            if (ofApp !== undefined) judge(ofApp, result, method);
            judge(RESULTS.get(method), result, method);
            return result as Result;
          },
        };
      };
      const scanned: LibraryWorld["scanned"] = (one) =>
        until("the scan has ended", async () => {
          const { database } = await one.call<{ database: Record<string, unknown> }>("media");
          return database["indexing"] === false && Number(database["totalMedia"]) > 0;
        }, { pollMs: 5 });
      try {
        await test({ ...app, roms, programs, phone, scanned });
      } finally {
        // The end of the service would wait for them.
        for (const program of programs) await program.end();
      }
    });
  } finally {
    for (const connection of connections) connection.close();
    await Deno.remove(roms, { recursive: true });
  }
}

/** The odd names with the extension of a Game Boy's files, as long as names may be. */
export function oddFiles(): string[] {
  return ODD_NAMES.map((name) => name.replace(/\.zip$/, ""))
    .filter((stem) => !stem.startsWith("."))
    .map((stem) => `${stem}.gb`);
}

/** Ends the program that was started last as soon as it was asked to. */
export async function endWhenAsked(programs: readonly FakeProgram[]): Promise<void> {
  const program = programs.at(-1);
  await until("the program was asked to end", () => program?.signals.length === 1, { pollMs: 1 });
  await program?.end({ signal: "SIGTERM" });
}

// What the reference says, beside what the app wants.
const RESULTS = new Map(readMethodTable().map(({ name, result }) => [name, result]));
const NOTIFICATIONS: Readonly<Record<string, v.GenericSchema>> = Object.fromEntries(
  Object.entries(NOTIFICATION_TABLE).map(([name, { params }]) => [name, params]),
);

function judge(shape: v.GenericSchema | undefined, value: unknown, method: string): void {
  assert.ok(shape, `${method} has no shape`);
  const { issues } = v.safeParse(shape, value);
  const problems = issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  assert.equal(issues, undefined, `${method}: ${problems?.join("; ")}`);
}

async function fillCard(roms: string): Promise<void> {
  for (const folder of ["es", "snes/sub", "snes/images", "gb"]) {
    await Deno.mkdir(`${roms}/${folder}`, { recursive: true });
  }
  const games = ["Mario.sfc", "Metroid.sfc", "Zelda.sfc", "sub/Zelda.sfc", "Big.sfc", "Out.sfc"];
  for (const game of games) await Deno.writeTextFile(`${roms}/snes/${game}`, "x");
  for (const file of oddFiles()) await Deno.writeTextFile(`${roms}/gb/${file}`, "x");
  await Deno.writeFile(`${roms}/snes/images/mario.png`, PNG);
  await Deno.writeFile(`${roms}/snes/images/big.png`, concat(PNG, new Uint8Array(600_000)));
  await Deno.writeFile(`${roms}/secret.png`, PNG);
  await Deno.symlink(`${roms}/secret.png`, `${roms}/snes/images/link.png`);
  await Deno.writeTextFile(
    `${roms}/es/es_systems.cfg`,
    `<systemList><system><name>snes</name><fullname>Super Nintendo</fullname>
     <path>${roms}/snes</path><extension>.sfc</extension>
     <command>sudo perfmax %GOVERNOR% %ROM%; nice -n -19 ra %ROM%; sudo perfnorm</command>
     </system></systemList>`,
  );
  const game = (path: string, fields: string): string =>
    `<game><path>./${path}</path>${fields}</game>`;
  await Deno.writeTextFile(
    `${roms}/snes/gamelist.xml`,
    `<gameList>${
      game(
        "Mario.sfc",
        "<name>Super Mario World</name><desc>A plumber &amp; a dinosaur.</desc>" +
          "<image>./images/mario.png</image><releasedate>19901121T000000</releasedate>" +
          "<developer>Nintendo</developer><genre>Platform</genre><players>1-2</players>",
      )
    }${game("Metroid.sfc", "<favorite>true</favorite>")}${
      game("Big.sfc", "<image>./images/big.png</image>")
    }${game("Out.sfc", "<image>./images/link.png</image>")}</gameList>`,
  );
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
