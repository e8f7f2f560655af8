// Run by tests/protocol/v1/pin_length_test.ts with a source in which PINs have eight digits: the
// exchange, the pairing of the whole service, every display and the page. Writes "ok".

import assert from "node:assert/strict";
import { silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { takePin } from "../../src/page/pin_address.ts";
import { tryPairing } from "../../src/features/doctor/trial_pairing.ts";
import { drawPin } from "../../src/features/pairing/pin.ts";
import { createCommandDisplay } from "../../src/features/screen/command_display.ts";
import { fanOut } from "../../src/features/screen/fan_out.ts";
import { createFramebufferDisplay } from "../../src/features/screen/framebuffer_display.ts";
import { createPictureFileDisplay } from "../../src/features/screen/picture_file_display.ts";
import type { PinView } from "../../src/features/screen/pin_display.ts";
import { createTerminalDisplay } from "../../src/features/screen/terminal_display.ts";
import { createPinMasks } from "../../src/protocol/v1/pake.ts";
import { pair } from "../../src/sdk/pair.ts";
import { REMOTE, withAppInProcess } from "./app_in_process.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeFramebuffer } from "./fake_framebuffer.ts";

const PIN = "12345678";

function viewOf(pin: string): PinView {
  const url = `http://192.168.100.200:7497/app/#pair=${pin}`;
  return { pin, expiresAtMs: 300_000, deviceName: "Handheld", url };
}

// PINs that differ from the first in one digit each.
const NEIGHBOURS = Array.from(PIN, (_, i) => `${PIN.slice(0, i)}0${PIN.slice(i + 1)}`);

function checkExchange(): void {
  assert.match(drawPin(systemRandom), /^[0-9]{8}$/);
  for (const [word, pin] of [[12_345_678, PIN], [42, "00000042"]] as const) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, word);
    assert.equal(drawPin(() => bytes), pin);
  }
  createPinMasks(PIN);
  for (const other of ["123456", "1234567", "123456789"]) {
    assert.throws(() => createPinMasks(other), { message: "Cannot use PIN: not 8 digits" });
  }
  assert.equal(tryPairing({ clock: new FakeClock(), random: systemRandom }).isAgreed, true);
}

async function checkService(): Promise<void> {
  const shown: string[] = [];
  const display = {
    show: ({ pin }: PinView) => void shown.push(pin),
    warn: () => {},
    clear: () => {},
    close: () => {},
  };
  await withAppInProcess({ options: { display } }, async ({ request, clock }) => {
    const answer = await request("/api", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"clients.pair.start"}',
    });
    const { result: { pin } } = await answer.json();
    assert.match(pin, /^[0-9]{8}$/);
    assert.deepEqual(shown, [pin]);
    const credentials = await pair({
      baseUrl: "http://192.0.2.1:7497",
      pin,
      name: "phone",
      fetch: (url, init) => request(String(url), { ...init, from: REMOTE }),
      wait: (delayMs) => Promise.resolve(clock.advance(delayMs)),
    });
    assert.equal(credentials.pairingKey.length, 32);
  });
}

async function checkDisplays(): Promise<void> {
  const written: string[] = [];
  const terminal = createTerminalDisplay({
    write: (text) => written.push(text),
    wallMs: () => 0,
    columns: () => 80,
  });
  const envs: Readonly<Record<string, string>>[] = [];
  const command = createCommandDisplay({
    argv: ["show-pin"],
    start: (_argv, { env }) => {
      envs.push(env);
      return { ended: Promise.resolve(), kill: () => {} };
    },
  });
  const clock = new FakeClock();
  const panels = new Set<string>();
  const files = new Map<string, Uint8Array>();
  const pictures = new Set<string>();
  for (const pin of [PIN, ...NEIGHBOURS]) {
    const device = new FakeFramebuffer({ width: 320, height: 240, format: "rgb565" });
    const panel = createFramebufferDisplay({
      device,
      cursor: undefined,
      rotation: 0,
      hints: [],
      clock,
      onFailure: (error) => assert.fail(error),
    });
    const picture = createPictureFileDisplay({
      path: "/pin.png",
      hints: [],
      files: { write: (path, bytes) => files.set(path, bytes), remove: () => {} },
    });
    // The code has the PIN too: without it, only the digits can differ.
    const view = { ...viewOf(pin), url: undefined };
    const all = { terminal, command, panel };
    const displays = Object.entries(all).map(([name, display]) => ({ name, display }));
    const together = fanOut({ displays, log: silentLogger });
    together.show(view);
    await picture.show(view);
    panels.add(device.memory.join());
    pictures.add(files.get("/pin.png")?.join() ?? "");
    assert.equal(JSON.parse(new TextDecoder().decode(files.get("/pin.json"))).pin, pin);
    assert.equal(envs.at(-1)?.["LATCHKEY_PIN"], pin);
    const lines = written.join("").split("\n");
    assert.ok(lines.includes(`  PIN ${pin.slice(0, 4)} ${pin.slice(4)}`));
    // Each digit is 6 columns wide, with 2 between them and 6 between the groups.
    const art = lines.filter((line) => line.includes("█")).slice(-5);
    assert.deepEqual(art.map((line) => line.length), Array(5).fill(2 + 8 * 6 + 6 * 2 + 6));
    panel.close();
  }
  // Every digit is there: a PIN that differs in one of them looks different.
  assert.deepEqual([panels.size, pictures.size], [1 + PIN.length, 1 + PIN.length]);
}

function checkPage(): void {
  const history = { replaceState: () => {} };
  for (const [hash, pin] of [[`#pair=${PIN}`, PIN], ["#pair=123456", undefined]] as const) {
    assert.equal(takePin({ pathname: "/app/", hash }, history), pin);
  }
}

checkExchange();
await checkService();
await checkDisplays();
checkPage();
Deno.stdout.writeSync(new TextEncoder().encode("ok\n"));
