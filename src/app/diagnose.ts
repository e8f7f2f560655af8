// The doctor on this machine: its checks over the edges that look (src/edges/doctor).

import { type Clock, systemClock } from "../base/clock.ts";
import { type RandomSource, systemRandom } from "../base/random.ts";
import type { Config } from "../edges/config/config.ts";
import type { DatabaseForm } from "../edges/doctor/database_look.ts";
import { createDoctorProbes } from "../edges/doctor/device_probes.ts";
import { installedFrontends } from "../edges/platform/displays.ts";
import { answersAsBoard } from "../edges/platform/notice_boards.ts";
import { openFramebuffer } from "../edges/platform/framebuffer_device.ts";
import { createEmulationStation } from "../edges/platform/emulation_station.ts";
import { askOwnedPort, hasEmulationStationPortNow } from "../edges/platform/owned_port.ts";
import { environment, hostName } from "../edges/platform/host.ts";
import { createLibraryFiles } from "../edges/platform/library_files.ts";
import { BUSY_TIMEOUT_MS } from "../edges/sqlite/database.ts";
import { MIGRATIONS } from "../edges/sqlite/migrations.ts";
import { DATABASE_FILE } from "../edges/sqlite/stores.ts";
import { lookAtTables } from "../edges/sqlite/table_look.ts";
import { type CheckResult, runChecks } from "../features/doctor/check.ts";
import { CHECKS } from "../features/doctor/checks.ts";
import type { FoundInstance } from "../features/doctor/doctor_facts.ts";
import type { DoctorProbes } from "../features/doctor/doctor_probes.ts";
import type { ModelSettings } from "../features/models/model_settings.ts";

/** What a device's database is. */
export const DATABASE_FORM: DatabaseForm = {
  file: DATABASE_FILE,
  newestVersion: MIGRATIONS.length,
  busyTimeoutMs: BUSY_TIMEOUT_MS,
  lookAtTables,
};

/** Options of {@linkcode diagnose}. */
export interface DiagnoseOptions {
  /** The configuration as far as it can be used; undefined where it cannot. */
  config: Config | undefined;
  /** The owner's file; undefined where the defaults hold. */
  configFile: string | undefined;
  /** What is wrong with the configuration, a line each. */
  configProblems: readonly string[];
  /**
   * Who answers to a service type in the local network, within a limit in milliseconds.
   * @default the check is skipped
   */
  findInstances?: (service: string, limitMs: number) => Promise<readonly FoundInstance[]>;
  /**
   * What is wrong with the store and the limits that gateways share, a line each.
   * @default nothing
   */
  checkFleet?: (settings: ModelSettings) => Promise<readonly string[]>;
  /** Time. @default systemClock */
  clock?: Clock;
  /** Randomness for trials. @default systemRandom */
  random?: RandomSource;
}

/** Runs all checks on this machine; never rejects. */
export async function diagnose(options: DiagnoseOptions): Promise<readonly CheckResult[]> {
  const { clock = systemClock } = options;
  return await runChecks(CHECKS, { probes: probesOfThisMachine(options), clock });
}

/** The questions, asked of this machine. */
export function probesOfThisMachine(options: DiagnoseOptions): DoctorProbes {
  return createDoctorProbes({
    clock: systemClock,
    random: systemRandom,
    ...options,
    hostName,
    databaseForm: DATABASE_FORM,
    openFramebuffer,
    frontends: {
      installed: installedFrontends,
      answers: (kind) => answersAsBoard(kind, systemClock),
    },
    libraryEdges: {
      files: createLibraryFiles(environment()["HOME"]),
      frontend: createEmulationStation({
        fetch: askOwnedPort({ fetch, isOwned: hasEmulationStationPortNow, clock: systemClock }),
        clock: systemClock,
      }),
    },
  });
}
