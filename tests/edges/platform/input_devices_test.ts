// Real files and pipes that stand in for input devices.

import assert from "node:assert/strict";
import { openInputDevices } from "../../../src/edges/platform/input_devices.ts";
import { codeOfButton, nameOfButton } from "../../../src/features/screen/button_names.ts";
import { INPUT_EVENT_BYTES } from "../../../src/features/screen/input_event.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { until } from "../../support/until.ts";

const [EV_KEY, EV_ABS] = [1, 3];

function event(type: number, code: number, value: number): Uint8Array {
  const bytes = new Uint8Array(INPUT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, type, true);
  view.setUint16(18, code, true);
  view.setInt32(20, value, true);
  return bytes;
}

const press = (name: string): Uint8Array => event(EV_KEY, codeOfButton(name) ?? 0, 1);

interface World {
  folder: string;
  /** What was pressed so far, as "event0 BTN_SOUTH"; devices that ended as "event0 gone". */
  heard: string[];
  makeDevice(name: string): Promise<void>;
}

async function withDevices(test: (world: World) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_input_" });
  const heard: string[] = [];
  const makeDevice = async (name: string): Promise<void> => {
    const { success } = await new Deno.Command("mkfifo", { args: [`${folder}/${name}`] }).output();
    assert.ok(success);
  };
  try {
    await test({ folder, heard, makeDevice });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function listenTo({ folder, heard }: World): ReturnType<typeof openInputDevices> {
  return openInputDevices({
    folder,
    listen: (name) => ({
      take: (one) => {
        if (one.kind === "pressed") heard.push(`${name} ${nameOfButton(one.code)}`);
      },
      close: () => void heard.push(`${name} gone`),
    }),
    log: silentLogger,
    lookEveryS: 0.05,
  });
}

Deno.test("input devices that come later are read, and read again when they come back", () =>
  withDevices(async (world) => {
    const { folder, heard, makeDevice } = world;
    const devices = listenTo(world);
    assert.equal(devices.count, 0);
    for (const round of [1, 2]) {
      await makeDevice("event3");
      const device = await Deno.open(`${folder}/event3`, { write: true });
      // A pipe may tear an event in two.
      const bytes = press("BTN_SOUTH");
      await device.write(bytes.subarray(0, 10));
      await device.write(bytes.subarray(10));
      await device.write(event(EV_ABS, 0x11, -1));
      await until("two presses", () => heard.length === round * 3 - 1);
      assert.deepEqual(heard.slice(-2), ["event3 BTN_SOUTH", "event3 HAT0_UP"]);
      // As a real one it is gone from the folder when it ends.
      await Deno.remove(`${folder}/event3`);
      device.close();
      await until("the end of the device", () => heard.at(-1) === "event3 gone");
    }
    await devices.close();
    await devices.close();
  }));

Deno.test("the devices of the start are read once, and nothing is left at the end", () =>
  withDevices(async (world) => {
    const { folder, heard } = world;
    const all = new Uint8Array([...press("BTN_START"), ...press("BTN_SELECT")]);
    await Deno.writeFile(`${folder}/event0`, all);
    await Deno.writeFile(`${folder}/mice`, all);
    const devices = listenTo(world);
    assert.equal(devices.count, 1);
    await until("the end of the device", () => heard.includes("event0 gone"));
    await devices.close();
    assert.deepEqual(heard, ["event0 BTN_START", "event0 BTN_SELECT", "event0 gone"]);
  }));
