// The device's own screen and buttons with the real service: opened by a signal and by a chord,
// given back after every end, and no debugger left behind.

import assert from "node:assert/strict";
import { decode } from "fast-png";
import { PICTURE_SIZE } from "../../src/features/screen/picture_file_display.ts";
import { drawPinScreen } from "../../src/features/screen/pin_screen.ts";
import { pairPhone } from "../support/reference_phone.ts";
import { callLocal, runLatchkey, startService, withDataDir } from "../support/service_process.ts";
import type { ServiceProcess } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

const [WIDTH, HEIGHT] = [320, 240];

interface World {
  service: ServiceProcess;
  folder: string;
  screen: () => Promise<Uint8Array>;
  /** What the text console was sent. */
  console: () => Promise<string>;
  before: Uint8Array;
}

async function withScreen(
  display: string,
  test: (world: World) => Promise<void>,
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await withDataDir(async (dataDir) => {
    const folder = dataDir.replace(/data$/, "");
    const before = crypto.getRandomValues(new Uint8Array(60_000));
    const memory = new Uint8Array(WIDTH * HEIGHT * 2).map((_, i) => before[i % 60_000] ?? 0);
    await Deno.writeFile(`${folder}fb0`, memory);
    await Deno.writeTextFile(`${folder}virtual_size`, `${WIDTH},${HEIGHT}\n`);
    await Deno.writeTextFile(`${folder}bits_per_pixel`, "16\n");
    await Deno.writeTextFile(`${folder}tty0`, "");
    await prepare(folder);
    const tables = `[display]\nframebuffer = "${folder}fb0"\nsysfs = "${folder}"\n` +
      `console = "${folder}tty0"\n` +
      display.replaceAll("FOLDER/", folder);
    const service = await startService({ dataDir, tables });
    try {
      await test({
        service,
        folder,
        before: memory,
        console: () => Deno.readTextFile(`${folder}tty0`),
        screen: () => Deno.readFile(`${folder}fb0`),
      });
    } finally {
      await service.stop();
    }
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8000;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error("It did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

async function pinOf(service: ServiceProcess): Promise<string | undefined> {
  const current = await callLocal(service.baseUrl, "clients.pair.current");
  return (current as { pin: string } | null)?.pin;
}

systemTest(
  "SIGUSR1 shows a PIN on the framebuffer, again cancels it, and the screen is given back",
  {
    whyNot: undefined,
    run: () =>
      withScreen(
        'kind = ["framebuffer", "command"]\ncommand = ["/nonexistent/program"]',
        async (world) => {
          const { service, screen, before } = world;
          Deno.kill(service.pid, "SIGUSR1");
          await until(async () => !same(await screen(), before));
          const pin = await pinOf(service);
          assert.ok(pin !== undefined);
          Deno.kill(service.pid, "SIGUSR1");
          await until(async () => await pinOf(service) === undefined);
          await until(async () => same(await screen(), before));
          // A program that cannot be started hides nothing and is logged.
          assert.match(service.output(), /Display failed.*display=command/);
          await assertNoDebugger();
        },
      ),
  },
);

async function assertNoDebugger(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: 9229 }).catch(() => undefined);
  conn?.close();
  assert.equal(conn, undefined, "a debugger listens");
}

systemTest("the screen is given back after a pairing and on SIGTERM", {
  whyNot: undefined,
  run: () =>
    withScreen('kind = "framebuffer"', async ({ service, screen, console, before }) => {
      Deno.kill(service.pid, "SIGUSR1");
      await until(async () => await pinOf(service) !== undefined);
      await pairPhone(service.baseUrl, { pin: await pinOf(service) ?? "" });
      assert.ok(!same(await screen(), before));
      assert.match(await console(), /\[\?25l$/);
      await until(async () => same(await screen(), before));
      assert.match(await console(), /\[\?25h$/);
      Deno.kill(service.pid, "SIGUSR1");
      await until(async () => !same(await screen(), before));
      assert.equal(await service.stop(), 0);
      assert.ok(same(await screen(), before));
      assert.match(await console(), /\[\?25l(.*)\[\?25h$/s);
    }),
});

systemTest("a chord of buttons opens pairing, and another removes every client", {
  whyNot: undefined,
  run: async () => {
    let buttons: Deno.FsFile | undefined;
    await withScreen(
      'kind = "none"\n[buttons]\nfolder = "FOLDER/"\npair = ["BTN_TL", "BTN_TR"]\nhold_ms = 500\n' +
        'revoke_all = ["BTN_A"]\nrevoke_hold_ms = 500',
      async ({ service }) => {
        const send = async (...events: [code: number, value: number][]): Promise<void> => {
          for (const [code, value] of events) {
            const bytes = new Uint8Array(24);
            const view = new DataView(bytes.buffer);
            view.setUint16(16, 1, true);
            view.setUint16(18, code, true);
            view.setInt32(20, value, true);
            await buttons?.write(bytes);
          }
        };
        await send([0x136, 1], [0x137, 1]);
        await until(async () => await pinOf(service) !== undefined);
        await send([0x136, 0], [0x137, 0]);
        await pairPhone(service.baseUrl, { pin: await pinOf(service) ?? "" });
        await send([0x130, 1]);
        await until(async () => {
          const { clients } = await callLocal(service.baseUrl, "clients") as { clients: unknown[] };
          return clients.length === 0;
        });
      },
      async (folder) => {
        // A named pipe behaves as an event device does: reads wait for events.
        const { success } = await new Deno.Command("mkfifo", { args: [`${folder}event0`] })
          .output();
        assert.ok(success);
        // Open at both ends, so that neither side waits for the other.
        buttons = await Deno.open(`${folder}event0`, { read: true, write: true });
      },
    );
    buttons?.close();
  },
});

systemTest("a panel that cannot be used is logged, and pairing goes on in the terminal", {
  whyNot: undefined,
  run: () =>
    withScreen(
      'kind = ["framebuffer", "terminal"]\npixel_format = "xrgb8888"',
      async ({ service, screen, before }) => {
        assert.match(service.output(), /Display skipped display=framebuffer/);
        Deno.kill(service.pid, "SIGUSR1");
        await until(() => Promise.resolve(/PIN for/.test(service.output())));
        assert.ok(same(await screen(), before));
      },
    ),
});

systemTest("the file display leaves nothing readable by others, and nothing at all afterwards", {
  whyNot: undefined,
  run: () =>
    withScreen('kind = "file"\nfile = "FOLDER/pin.png"', async ({ service, folder }) => {
      Deno.kill(service.pid, "SIGUSR1");
      await until(async () => await pinOf(service) !== undefined);
      const files = await Promise.all(
        ["pin.png", "pin.json"].map((name) => Deno.stat(`${folder}${name}`)),
      );
      assert.ok(files.every(({ mode }) => ((mode ?? 0) & 0o777) === 0o600));
      await service.stop();
      const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
      assert.ok(!names.some((name) => name.startsWith("pin")));
    }),
});

systemTest("the picture tells the device's name and the chord that cancels", {
  whyNot: undefined,
  run: () =>
    withScreen(
      'kind = "file"\nfile = "FOLDER/pin.png"\n[buttons]\nfolder = "FOLDER/"\n' +
        'pair = ["BTN_TL", "BTN_TR"]',
      async ({ service, folder }) => {
        Deno.kill(service.pid, "SIGUSR1");
        await until(async () => await isThere(`${folder}pin.json`));
        const { pin, device } = JSON.parse(await Deno.readTextFile(`${folder}pin.json`));
        const { canvas } = drawPinScreen(PICTURE_SIZE, {
          ...{ pin, deviceName: device, url: undefined, warnings: [], left: undefined },
          hints: ["Hold L1 + R1 to cancel"],
        });
        const { data } = decode(await Deno.readFile(`${folder}pin.png`));
        const isSame = canvas.pixels.every((color, i) =>
          color ===
            ((data[i * 3] ?? 0) << 16 | (data[i * 3 + 1] ?? 0) << 8 | (data[i * 3 + 2] ?? 0))
        );
        assert.ok(isSame);
      },
    ),
});

systemTest("the panel tells the chord that cancels", {
  whyNot: undefined,
  run: () =>
    withScreen(
      'kind = "framebuffer"\n[buttons]\nfolder = "FOLDER/"\npair = ["BTN_SELECT"]',
      async ({ service, screen, before }) => {
        Deno.kill(service.pid, "SIGUSR1");
        await until(async () => !same(await screen(), before));
        const pin = await pinOf(service) ?? "";
        const { canvas, time } = drawPinScreen({ width: WIDTH, height: HEIGHT }, {
          ...{ pin, deviceName: "", url: undefined, warnings: [], left: undefined },
          hints: ["Hold Select to cancel"],
        });
        const bytes = await screen();
        let lit = 0;
        for (let y = time.y; y < time.y + time.height; y++) {
          for (let x = 0; x < time.x; x++) {
            const at = y * WIDTH + x;
            const green = ((canvas.pixels[at] ?? 0) >> 10) & 0x3f;
            const low = bytes[at * 2] ?? 0;
            const high = bytes[at * 2 + 1] ?? 0;
            assert.equal(((high << 8 | low) >> 5) & 0x3f, green);
            if (green > 0) lit += 1;
          }
        }
        assert.ok(lit > 100);
      },
    ),
});

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

systemTest("without a panel and a terminal the PIN is written nowhere", {
  whyNot: undefined,
  run: () =>
    withScreen('kind = "auto"\npixel_format = "xrgb8888"', async ({ service }) => {
      Deno.kill(service.pid, "SIGUSR1");
      await until(async () => await pinOf(service) !== undefined);
      const pin = await pinOf(service) ?? "";
      assert.match(service.output(), /No display for PINs here/);
      assert.ok(!service.output().includes(pin) && !service.output().includes("PIN for"));
    }),
});

Deno.test("display test shows a PIN that opens nothing, and takes it away", async () => {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_display_" });
  try {
    const config = `${folder}/config.toml`;
    await Deno.writeTextFile(
      config,
      `[display]\nkind = ["terminal", "file"]\nfile = "${folder}/pin.png"\n`,
    );
    const startedAtMs = performance.now();
    const shown = runLatchkey("display", "test", "--config", config);
    await until(async () => {
      const { isFile } = await Deno.stat(`${folder}/pin.png`).catch(() => ({ isFile: false }));
      return isFile;
    });
    const { code, stdout } = await shown;
    assert.ok(performance.now() - startedAtMs >= 10_000);
    assert.deepEqual([code, /PIN for .* \(test\)/.test(stdout)], [0, true], stdout);
    assert.match(stdout, /Pairing was cancelled/);
    await assert.rejects(Deno.stat(`${folder}/pin.png`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
