// The device over a file and a folder of sysfs files: geometries sound and odd.

import assert from "node:assert/strict";
import { createFramebufferDisplay } from "../../../src/features/screen/framebuffer_display.ts";
import {
  FramebufferError,
  openFramebuffer,
} from "../../../src/edges/platform/framebuffer_device.ts";

import { FakeClock } from "../../support/fake_clock.ts";

interface Sysfs {
  virtual_size?: string;
  bits_per_pixel?: string;
  stride?: string;
  modes?: string;
  pan?: string;
}

async function withPanel(
  sysfs: Sysfs,
  test: (options: { path: string; sysfs: string }) => void,
  bytes = 640 * 480 * 4,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    await Deno.writeFile(`${folder}/fb0`, new Uint8Array(bytes));
    await Promise.all(
      Object.entries(sysfs).map(([name, text]) => Deno.writeTextFile(`${folder}/${name}`, text)),
    );
    test({ path: `${folder}/fb0`, sysfs: folder });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const SOUND: Sysfs = { virtual_size: "640,480\n", bits_per_pixel: "32\n", stride: "2560\n" };

Deno.test("openFramebuffer() reads the geometry from sysfs", async () => {
  const sysfs = {
    virtual_size: "640,960\n",
    bits_per_pixel: "16\n",
    stride: "1344\n",
    modes: "U:640x480p-60\n",
    pan: "0,480\n",
  };
  await withPanel(sysfs, (options) => {
    const device = openFramebuffer({ ...options, format: "auto" });
    assert.deepEqual(device.geometry, {
      width: 640,
      height: 480,
      strideBytes: 1344,
      offsetX: 0,
      offsetY: 480,
      format: "rgb565",
    });
    device.close();
  });
});

Deno.test("openFramebuffer() does without stride and modes", async () => {
  await withPanel({ virtual_size: "640,480", bits_per_pixel: "32" }, (options) => {
    const device = openFramebuffer({ ...options, format: "argb8888" });
    assert.equal(device.geometry.strideBytes, 2560);
    assert.equal(device.geometry.format, "argb8888");
    device.close();
  });
});

Deno.test("a device reads back what was written, where it was written", async () => {
  await withPanel(SOUND, (options) => {
    const device = openFramebuffer({ ...options, format: "auto" });
    device.write(2560, Uint8Array.of(1, 2, 3));
    assert.deepEqual([...device.read(2559, 5)], [0, 1, 2, 3, 0]);
    assert.throws(() => device.read(640 * 480 * 4 - 2, 4), /it ends before its last row/);
    device.close();
  });
});

const ODD: readonly [name: string, sysfs: Sysfs, format: "auto" | "rgb565"][] = [
  ["no sysfs", {}, "auto"],
  ["24 bits", { ...SOUND, bits_per_pixel: "24" }, "auto"],
  ["a format that does not fit", SOUND, "rgb565"],
  ["a stride below the width", { ...SOUND, stride: "100" }, "auto"],
  ["no numbers", { ...SOUND, virtual_size: "wide" }, "auto"],
  ["nothing to see", { ...SOUND, virtual_size: "0,0" }, "auto"],
  ["panned out of memory", { ...SOUND, modes: "U:640x480p-60", pan: "0,100" }, "auto"],
  ["enormous", { ...SOUND, virtual_size: "100000,100000", stride: "400000" }, "auto"],
];

for (const [name, sysfs, format] of ODD) {
  Deno.test(`openFramebuffer() refuses an odd geometry: ${name}`, async () => {
    await withPanel(sysfs, (options) => {
      assert.throws(() => openFramebuffer({ ...options, format }), FramebufferError);
    });
  });
}

Deno.test("openFramebuffer() says which device is missing", async () => {
  await withPanel(SOUND, ({ sysfs }) => {
    const path = `${sysfs}/fb7`;
    assert.throws(
      () => openFramebuffer({ path, sysfs, format: "auto" }),
      (error) => error instanceof FramebufferError && error.message.includes(path),
    );
  });
});

Deno.test("a device that takes no bytes fails once, and the display stays silent", async () => {
  await withPanel(SOUND, ({ sysfs }) => {
    // Reads are endless zeros there, and every write fails for want of space.
    const device = openFramebuffer({ path: "/dev/full", sysfs, format: "auto" });
    const failures: string[] = [];
    const clock = new FakeClock();
    const display = createFramebufferDisplay({
      device,
      cursor: undefined,
      hints: [],
      rotation: 0,
      clock,
      onFailure: (error) => failures.push(error.name),
    });
    const expiresAtMs = clock.wallMs() + 1000;
    display.show({ pin: "123456", expiresAtMs, deviceName: "x", url: undefined });
    display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
    display.clear({ kind: "expired" });
    clock.advance(10_000);
    display.close();
    assert.equal(failures.length, 1);
  });
});
