// What the owner's commands need and the service does not, in one module of its own: main.ts loads it
// for every command but `serve`, so that a start does not pay for it.

import { findInstances } from "../edges/platform/mdns_query.ts";
import { checkFleet } from "../edges/shared_store/check_fleet.ts";
import type { CheckResult } from "../features/doctor/check.ts";
import { diagnose, type DiagnoseOptions } from "./diagnose.ts";

export { COMMANDS } from "../edges/cli/command_table.ts";
export { openInputDevices } from "../edges/platform/input_devices.ts";
export { showTestPin } from "./test_pin.ts";
export { createBackup, restoreBackup } from "./backup.ts";

/** Checks this device, with its network and its fleet; never rejects. */
export function diagnoseDevice(options: DiagnoseOptions): Promise<readonly CheckResult[]> {
  return diagnose({ ...options, findInstances, checkFleet });
}
