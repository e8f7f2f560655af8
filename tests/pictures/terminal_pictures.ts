// The pictures of a terminal: real commands on the device.

import { pairPhone } from "../support/reference_phone.ts";
import type { PicturedDevice } from "./pictured_device.ts";
import { runAtTerminal, type Shown } from "./terminal.ts";
import { terminalSvg } from "./terminal_svg.ts";

const TITLE = "living-room";

/** Runs one command of `latchkey`. */
async function run(
  { command, env }: PicturedDevice,
  options: { args: readonly string[]; columns: number; onWritten?: (written: string) => void },
): Promise<Shown> {
  const { args, columns, onWritten = () => {} } = options;
  return await runAtTerminal([...command, ...args], { columns, env, onWritten });
}

/** `latchkey pair`, until a phone has paired. */
export async function drawPairing(device: PicturedDevice): Promise<string> {
  const columns = 62;
  let isPairing = false;
  const shown = await run(device, {
    args: ["pair"],
    columns,
    onWritten(written): void {
      const [, high, low] = /PIN (\d{3}) (\d{3})/.exec(written) ?? [];
      if (isPairing || high === undefined || !/left/.test(written)) return;
      isPairing = true;
      void pairPhone(device.localUrl, { pin: `${high}${low}`, name: "Pixel 8" });
    },
  });
  return terminalSvg([{ command: "latchkey pair", shown }], { title: TITLE, columns });
}

/** `latchkey library`, and a search in it. */
export async function drawLibrary(device: PicturedDevice): Promise<string> {
  const columns = 64;
  const typed = [["library"], ["library", "search", "lantern"], ["status"]];
  const sessions = [];
  for (const args of typed) {
    const shown = await run(device, { args, columns });
    sessions.push({ command: ["latchkey", ...args].join(" "), shown });
  }
  return terminalSvg(sessions, { title: TITLE, columns });
}

/** `latchkey doctor`. */
export async function drawDoctor(device: PicturedDevice): Promise<string> {
  const columns = 120;
  const shown = await run(device, { args: ["doctor"], columns });
  return terminalSvg([{ command: "latchkey doctor", shown }], { title: TITLE, columns });
}
