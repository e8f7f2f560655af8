// Real files and pipes that stand in for input devices.

import assert from "node:assert/strict";
import { MAX_READ_AT_ONCE, openInputDevices } from "../../../src/edges/platform/input_devices.ts";
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

// Its reading end too, so that it does not depend on its readers, as a real one.
function openDevice(path: string): Promise<Deno.FsFile> {
  return Deno.open(path, { read: true, write: true });
}

function listenTo(
  { folder, heard }: World,
  { lookEveryS = 0.05 } = {},
): ReturnType<typeof openInputDevices> {
  return openInputDevices({
    folder,
    listen: (name) => ({
      take: (one) => {
        if (one.kind === "pressed") heard.push(`${name} ${nameOfButton(one.code)}`);
      },
      close: () => void heard.push(`${name} gone`),
    }),
    log: silentLogger,
    lookEveryS,
  });
}

Deno.test("input devices that come later are read, and read again when they come back", () =>
  withDevices(async (world) => {
    const { folder, heard, makeDevice } = world;
    const devices = listenTo(world);
    assert.equal(devices.count, 0);
    for (const round of [1, 2]) {
      await makeDevice("event3");
      const device = await openDevice(`${folder}/event3`);
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

Deno.test("devices that take one another's name while they are looked for are read once", () =>
  withDevices(async (world) => {
    const { folder, heard, makeDevice } = world;
    const names = Array.from({ length: MAX_READ_AT_ONCE - 4 }, (_, i) => `next${i}`);
    for (const name of names) await makeDevice(name);
    const open = await Promise.all(names.map((name) => openDevice(`${folder}/${name}`)));
    for (const device of open) await device.write(press("BTN_SOUTH"));
    const devices = listenTo(world, { lookEveryS: 0.01 });
    for (const name of names) {
      await Deno.rename(`${folder}/${name}`, `${folder}/event3`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until("the last device", () => heard.length > 0);
    const count = (what: string): number => heard.filter((one) => one === `event3 ${what}`).length;
    // Who reads a device a second time hears nothing, but that it ends.
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const device of open) device.close();
    await until("the ends", () => count("gone") >= count("BTN_SOUTH"));
    await devices.close();
    assert.equal(count("gone"), count("BTN_SOUTH"));
  }));

Deno.test("what has neither buttons nor axes is not read", () =>
  withDevices(async ({ folder, heard }) => {
    // EV_SW alone; EV_KEY; EV_ABS; not told; no number.
    const told = { event0: "21\n", event1: "3\n", event2: "0 9\n", event3: "", event4: "?\n" };
    for (const [name, text] of Object.entries(told)) {
      await Deno.writeFile(`${folder}/${name}`, press("BTN_START"));
      if (text === "") continue;
      await Deno.mkdir(`${folder}/kernel/${name}/device/capabilities`, { recursive: true });
      await Deno.writeTextFile(`${folder}/kernel/${name}/device/capabilities/ev`, text);
    }
    const devices = openInputDevices({
      folder,
      listen: (name) => ({ take: () => {}, close: () => void heard.push(name) }),
      log: silentLogger,
      lookEveryS: 60,
      kernelFolder: `${folder}/kernel`,
    });
    assert.equal(devices.count, 4);
    await until("the ends of the devices", () => heard.length === 4);
    await devices.close();
    assert.deepEqual(heard.toSorted(), ["event1", "event2", "event3", "event4"]);
  }));

Deno.test("ever so many devices leave the service its threads, and are read in turn", () =>
  withDevices(async (world) => {
    const { folder, heard, makeDevice } = world;
    const names = Array.from({ length: 3 * MAX_READ_AT_ONCE }, (_, i) => `event${10 + i}`);
    for (const name of names) await makeDevice(name);
    const open = await Promise.all(names.map((name) => openDevice(`${folder}/${name}`)));
    for (const device of open) await device.write(press("BTN_SOUTH"));
    const devices = listenTo(world);
    assert.equal(devices.count, names.length);
    await until("the first presses", () => heard.length === MAX_READ_AT_ONCE);
    await Deno.readTextFile(new URL(import.meta.url));
    assert.equal(heard.length, MAX_READ_AT_ONCE);
    for (const device of open) device.close();
    await until("all ends", () => heard.length === 2 * names.length);
    await devices.close();
    for (const name of names) assert.ok(heard.includes(`${name} BTN_SOUTH`), name);
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
