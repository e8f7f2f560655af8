// A handheld that is a PC: x86-64.

import { testDevices } from "./device_tests.ts";
import { PC } from "./machine_kind.ts";

await testDevices(PC);
