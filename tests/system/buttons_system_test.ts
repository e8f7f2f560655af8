// Buttons as real processes read them, with pipes in the place of devices: the command that prints
// names, and a pad that cancels a pairing and that opens one after the service gave up its rights.

import assert from "node:assert/strict";
import { codeOfButton } from "../../src/features/screen/button_names.ts";
import { INPUT_EVENT_BYTES } from "../../src/features/screen/input_event.ts";
import { callLocal, runLatchkey, withService } from "../support/service_process.ts";
import { until } from "../support/until.ts";

const EV_KEY = 1;

function keyEvent(name: string, isPressed: boolean): Uint8Array {
  const bytes = new Uint8Array(INPUT_EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, EV_KEY, true);
  view.setUint16(18, codeOfButton(name) ?? 0, true);
  view.setInt32(20, isPressed ? 1 : 0, true);
  return bytes;
}

/** A folder with one device, opened when somebody reads it. */
async function withDevice(
  test: (device: { folder: string; appear: () => Promise<Deno.FsFile> }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_buttons_" });
  try {
    await test({
      folder,
      async appear(): Promise<Deno.FsFile> {
        const path = `${folder}/event0`;
        assert.ok((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
        return await Deno.open(path, { write: true });
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("buttons prints names, and a line for the configuration", () =>
  withDevice(async ({ folder, appear }) => {
    const config = `${folder}/config.toml`;
    await Deno.writeTextFile(config, `[buttons]\nfolder = "${folder}"\n`);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("../../src/main.ts", import.meta.url).pathname, "buttons"],
      env: { LATCHKEY_CONFIG: config },
      stdout: "piped",
    }).spawn();
    let text = "";
    const read = (async () => {
      for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) text += piece;
    })();
    await until("its first line", () => text.includes("can be read so far"));
    const pad = await appear();
    await pad.write(keyEvent("BTN_TL", true));
    await pad.write(keyEvent("BTN_START", true));
    await until("two names", () => text.includes("BTN_START"));
    pad.close();
    await until("the end of the pad", () => text.includes("event0 is gone"));
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await read;
    assert.match(text, /^BTN_TL {16}event0$/m);
    assert.match(text, /^BTN_START {13}event0 {2}pair = \["BTN_TL", "BTN_START"\]$/m);
  }));

Deno.test("a pad that comes later opens pairing by the chord, and cancels what a menu shows", () =>
  withDevice(async ({ folder, appear }) => {
    const tables = `[buttons]\nfolder = "${folder}"\npair = ["BTN_TL", "BTN_TR"]\nhold_ms = 500\n`;
    await withService({ tables }, async (service, config) => {
      const current = (): Promise<unknown> => callLocal(service.baseUrl, "clients.pair.current");
      const pad = await appear();
      await pad.write(keyEvent("BTN_TL", true));
      await pad.write(keyEvent("BTN_TR", true));
      await until("an open pairing", async () => await current() !== null);
      // The command shows that PIN, on a pad of its own.
      await Deno.remove(`${folder}/event0`);
      const shown = runLatchkey("pair", "--pad", "--config", config);
      const other = await appear();
      await other.write(keyEvent("BTN_EAST", true));
      const { code, stdout } = await shown;
      assert.equal(code, 1);
      assert.match(stdout, /B or Select on the gamepad cancels/);
      assert.equal(await current(), null);
      pad.close();
      other.close();
    });
  }));
