// The tests of a whole device under QEMU. Each kind of machine has them in a file of its own, so that
// one of each runs at a time: while one waits for a button that is held, the other starts. In CI what
// is long is left out: systemd, and each test on the second kind of machine; deno task test:device has
// all of it. LATCHKEY_POWER_CUTS says how often the power is cut.

import { SEED_NOTE } from "../support/fuzz_seed.ts";
import { systemTest } from "../support/system_test.ts";
import {
  type DeviceMake,
  type DeviceWorld,
  removeDeviceFiles,
  whyNoDevice,
  withDevices,
} from "./device.ts";
import { bearsBadDisks, bearsPoverty } from "./faults.ts";
import { HANDHELD, hasKvm, type MachineKind, PC } from "./machine_kind.ts";
import { pairsByPanel } from "./pairing.ts";
import { cutsPower } from "./power_cuts.ts";
import { servesUnderSystemd } from "./systemd.ts";
import { upgradesAndRollsBack } from "./upgrade.ts";

const isCi = Deno.env.get("CI") !== undefined;
const cuts = Number(Deno.env.get("LATCHKEY_POWER_CUTS") ?? (isCi ? 5 : 20));

interface Row {
  name: string;
  make: DeviceMake;
  run: (world: DeviceWorld) => Promise<void>;
  /** Whether it is left out of CI, for its time. */
  isLong?: boolean;
}

function rowsOf(kind: MachineKind): Row[] {
  // An emulated processor takes its time: in CI each thing is tried on one kind of machine alone,
  // unless the PC is this machine's own processor.
  const onPc = kind === PC && !hasKvm;
  const onHandheld = kind === HANDHELD;
  return [
    {
      name: "starts, shows a PIN for a chord, pairs, and gives the panel back",
      make: { kind },
      run: pairsByPanel,
      // Poverty has the same in it.
      isLong: true,
    },
    {
      name: "bears 256 MiB, 256 descriptors, no compiled code and a clock of 1970",
      make: { kind },
      run: bearsPoverty,
      isLong: onPc,
    },
    {
      name: "bears a disk that is full, read-only, missing, and there again",
      make: { kind },
      run: bearsBadDisks,
      isLong: onPc,
    },
    {
      name: `loses nothing that it acknowledged over ${cuts} power cuts ${SEED_NOTE}`,
      make: { kind },
      run: (world) => cutsPower(world, cuts),
      isLong: onPc,
    },
    {
      name: "under OpenRC takes the next release over its data, and the one before again",
      make: { kind, init: "openrc", release: "previous" },
      run: upgradesAndRollsBack,
      isLong: onHandheld,
    },
    {
      name: "under systemd pairs as a user without rights, and starts again",
      make: { kind, init: "systemd" },
      run: servesUnderSystemd,
      isLong: onHandheld || onPc,
    },
  ];
}

/** Registers the tests of a kind of machine. */
export async function testDevices(kind: MachineKind): Promise<void> {
  for (const { name, make, run, isLong = false } of rowsOf(kind)) {
    if (isCi && isLong) continue;
    systemTest(`a ${kind.name} ${name}`, {
      whyNot: await whyNoDevice(kind),
      run: () => withDevices(make, run),
    });
  }
  Deno.test.afterAll(removeDeviceFiles);
}
