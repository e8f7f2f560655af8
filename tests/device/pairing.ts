// From power-on to a paired phone: a kernel with a real panel and real buttons, the image as it is
// shipped, and a phone outside that reads the panel as a person's camera would.

import assert from "node:assert/strict";
import { connectPhone, type PhonePairing } from "../support/reference_phone.ts";
import { type DeviceWorld, pairFromOutside, untilReady, untilSo } from "./device.ts";
import type { Machine } from "./machine.ts";
import { changedBox, parsePpm, type Picture, readQr, readText } from "./panel.ts";

const HOLD_MS = 4000;
/** A letter of the console, in pixels. */
const CURSOR = { width: 8, height: 16 } as const;
/** How much of the panel a console full of numbers lights at least, in pixels. */
const MIN_LIT_PIXELS = 20_000;

/** Starts a device, pairs a phone by its panel, and uses it. */
export async function pairsByPanel({ folder, makeDataDisk, switchOn }: DeviceWorld): Promise<void> {
  const machine = await switchOn({ dataDisk: await makeDataDisk("data") });
  await untilReady(machine);
  await pairAndGivePanelBack(machine, folder);
}

/** Pairs a phone by the panel, which shows what it did before in the end. */
export async function pairAndGivePanelBack(
  machine: Machine,
  folder: string,
): Promise<PhonePairing> {
  const before = await fillPanel(machine);
  const pairing = await pairByPanel(machine, folder);
  await usePhone(machine, { pairing, proof: "/tmp/proof" });
  let changed = "";
  await untilSo(
    async () => {
      const { isSame, what } = compare(before, parsePpm(await machine.panel()));
      changed = what;
      return isSame || undefined;
    },
    () => `the panel as it was: ${changed}`,
  );
  return pairing;
}

// Something that is worth giving back: a screen full of numbers. The chord has Enter in it, and would
// scroll them away.
async function fillPanel(machine: Machine): Promise<Picture> {
  await machine.run(`stty -echo </dev/tty0; seq 1 1500 | tr '\\n' ' ' >/dev/tty0`);
  let last = parsePpm(await machine.panel());
  return await untilSo(async () => {
    const before = last;
    last = parsePpm(await machine.panel());
    const lit = last.rgba.filter((value, i) => i % 4 === 1 && value > 0).length;
    return lit > MIN_LIT_PIXELS && compare(before, last).isSame ? last : undefined;
  }, "a console full of numbers");
}

// All but the console's cursor, which blinks.
function compare(one: Picture, other: Picture): { isSame: boolean; what: string } {
  const { width, height, place } = changedBox(one, other);
  return {
    isSame: width <= CURSOR.width && height <= CURSOR.height,
    what: `${width} by ${height} at ${place} differ`,
  };
}

/** Holds the chord, reads the panel, and pairs a phone with what is on it. */
export async function pairByPanel(machine: Machine, folder: string): Promise<PhonePairing> {
  await machine.hold("ctrl-ret", HOLD_MS);
  // The keys are still down when the PIN appears, the console gets them too, and a look may come in the
  // middle of a drawing. As a person does, look until the code and its PIN can be read in one picture.
  let said = "nothing";
  const pin = await untilSo(async () => {
    const picture = parsePpm(await machine.panel());
    const url = readQr(picture);
    if (url === undefined) return undefined;
    // The code leads to the device's own address, with the PIN that is written beside it.
    const [, inCode = ""] = /^http:\/\/10\.0\.2\.15:7497\/app\/.*=(\d{6})$/.exec(url) ?? [];
    assert.notEqual(inCode, "", url);
    const text = await readText(picture, { folder, digits: inCode });
    said = `${url} beside ${JSON.stringify(text)}`;
    const [, first = "", second = ""] = /\b(\d{3})\s+(\d{3})\b/.exec(text) ?? [];
    return first + second === inCode && /type this PIN/i.test(text) ? inCode : undefined;
  }, () => `a QR code on the panel, and its PIN beside it: ${said}`);
  return await pairFromOutside(machine, pin);
}

/** Calls a method and runs an action, which leaves a file. */
export async function usePhone(
  machine: Machine,
  { pairing, proof }: { pairing: PhonePairing; proof: string },
): Promise<void> {
  const phone = await connectPhone(machine.baseUrl, pairing);
  assert.equal((await phone.call("version") as Record<string, unknown>)["platform"], "linux");
  assert.equal(await phone.call("run", { text: `touch:${proof.split("/").at(-1)}` }), null);
  await untilSo(
    () => machine.run(`ls ${proof}`).then(() => true, () => undefined),
    "what the action leaves",
  );
  await phone.close();
}
