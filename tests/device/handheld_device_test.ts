// A handheld: 64-bit ARM.

import { testDevices } from "./device_tests.ts";
import { HANDHELD } from "./machine_kind.ts";

await testDevices(HANDHELD);
