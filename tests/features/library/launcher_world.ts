// A launcher, and a frontend that it launches over, whose time and programs only a test moves.

import assert from "node:assert/strict";
import { silentLogger } from "../../../src/base/log.ts";
import type { Media } from "../../../src/features/actions/action_table.ts";
import { ExclusiveScreen } from "../../../src/features/actions/exclusive_screen.ts";
import { parseCommandList } from "../../../src/features/library/command_template.ts";
import { FrontendPlayer } from "../../../src/features/library/frontend_player.ts";
import type { LibrarySystem } from "../../../src/features/library/media.ts";
import {
  type MediaFileState,
  MediaLauncher,
} from "../../../src/features/library/media_launcher.ts";
import { SystemCatalogue } from "../../../src/features/library/system_catalogue.ts";
import { type FakeProgram, fakePrograms } from "../../support/fake_actions.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { type FakeFrontend, fakeFrontend } from "../../support/fake_frontend.ts";
import { sampleMedia } from "../../support/memory_index.ts";

/** A media of the one system. */
export const GAME = sampleMedia("/roms/snes/A Game.sfc");
/** Another one. */
export const OTHER = sampleMedia("/roms/snes/Other.sfc", { mediaId: 2 });
/** The tag that asks for them. */
export const TOKEN = { text: "@SNES/A Game", uid: "04:a2" };

/** A program that plays a file. */
export const PLAIN = {
  kind: "command",
  steps: [parseCommandList(["emu", "--", "${path}"])],
} as const;
/** A launcher with what it started and told. */
export interface World {
  launcher: MediaLauncher;
  screen: ExclusiveScreen;
  player: FrontendPlayer;
  programs: FakeProgram[];
  envs: () => unknown[];
  frontend: FakeFrontend;
  clock: FakeClock;
  told: string[];
  warnings: string[];
  /** The other lines of the log. */
  lines: string[];
  /** How often the frontend answered again. */
  answers: string[];
  files: { state: MediaFileState };
  watched: { is: boolean };
  catalogue: SystemCatalogue;
}

/** A launcher that has launched nothing. */
export function world(launch: LibrarySystem["launch"] = PLAIN): World {
  const { start, programs } = fakePrograms();
  const clock = new FakeClock();
  const told: string[] = [];
  const warnings: string[] = [];
  const answers: string[] = [];
  const files: World["files"] = { state: "there" };
  const watched = { is: false };
  const frontend = fakeFrontend([GAME.path, OTHER.path]);
  const catalogue = new SystemCatalogue();
  catalogue.replace([{
    id: "SNES",
    name: "Super Nintendo",
    category: "Console",
    sourceKey: GAME.sourceKey,
    sourceName: "snes",
    folder: "/roms/snes",
    launch,
  }]);
  const screen = new ExclusiveScreen({
    events: {
      started: ({ mediaPath }) => told.push(`+${mediaPath}`),
      stopped: ({ mediaPath }, elapsedMs) => told.push(`-${mediaPath} ${elapsedMs}`),
    },
    clock,
  });
  const lines: string[] = [];
  const log = {
    ...silentLogger,
    info: (message: string) => lines.push(message),
    warn: (message: string) => warnings.push(message),
    error: (message: string) => lines.push(message),
  };
  const player = new FrontendPlayer({
    frontend: () => frontend,
    screen,
    isWatched: () => watched.is,
    onAnswering: () => answers.push("answers"),
    describe: ({ path, name }) => shown(path, name),
    clock,
    log,
  });
  screen.lookBy(() => player.refresh());
  const launcher = new MediaLauncher({
    catalogue,
    screen,
    lookAt: (path, folder) => {
      assert.deepEqual([path.startsWith("/roms/"), folder], [true, "/roms/snes"]);
      return files.state;
    },
    start,
    frontend: player,
    describe: (media) => shown(media.path, media.name),
    clock,
    log,
  });
  const envs = (): unknown[] => programs.map(({ env }) => env);
  return {
    launcher,
    screen,
    player,
    programs,
    envs,
    frontend,
    clock,
    told,
    warnings,
    lines,
    answers,
    files,
    watched,
    catalogue,
  };
}

/** What clients are told of a media. */
export function shown(mediaPath: string, mediaName: string): Media {
  const zapScript = mediaPath;
  return {
    systemId: "SNES",
    systemName: "Super Nintendo",
    mediaName,
    mediaPath,
    launcherId: "x",
    zapScript,
  };
}
