// The device that the pictures show: the real service in a network and with folders of its own, as on
// a handheld in a living room, with a panel that is a file.

import type { FramebufferGeometry } from "../../src/features/screen/framebuffer_layout.ts";
import { toPng } from "../support/framebuffer_png.ts";
import { makePageCard } from "../support/page_card.ts";
import { type ServiceProcess, startService } from "../support/service_process.ts";
import { until } from "../support/until.ts";

/** The device's address in its own network. */
export const DEVICE_ADDRESS = "192.168.1.23";
const PORT = 7497;
/** Where the service keeps its things, on a file system that only the pictures see. */
const FOLDER = "/opt/latchkey";
const CARD_FOLDER = "/media";
const PANEL: FramebufferGeometry = {
  width: 320,
  height: 240,
  strideBytes: 320 * 4,
  offsetX: 0,
  offsetY: 0,
  format: "xrgb8888",
};

/** The device. */
export interface PicturedDevice {
  readonly service: ServiceProcess;
  /** Where the device itself reaches it. */
  readonly localUrl: string;
  /** Where phones reach it. */
  readonly url: string;
  /** The command line of `latchkey` on it. */
  readonly command: readonly string[];
  /** The variables of a shell on it. */
  readonly env: Record<string, string>;
  /** The panel as a PNG. */
  panel(): Promise<Uint8Array>;
  /** The picture for launchers, of 640 × 480, once it is there. */
  pinPicture(): Promise<Uint8Array>;
}

/**
 * Begins again in namespaces of its own, where there is nothing but the device and its network; true
 * inside of them.
 */
export async function enterOwnNetwork(script: string): Promise<boolean> {
  if (Deno.args.includes("--inside")) return true;
  const steps = [
    "ip link set lo up",
    "ip link add lan type veth peer name phone",
    `ip address add ${DEVICE_ADDRESS}/24 dev lan`,
    "ip link set lan up",
    "ip link set phone up",
    "hostname living-room",
    "mount -t tmpfs tmpfs /opt",
    `mount -t tmpfs tmpfs ${CARD_FOLDER}`,
    'exec "$@"',
  ];
  const inside = [Deno.execPath(), "run", "-A", script, "--inside", ...Deno.args];
  const { code } = await new Deno.Command("unshare", {
    args: ["--net", "--mount", "--uts", "sh", "-ec", steps.join("\n"), "sh", ...inside],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
  return false;
}

/** Runs `draw` with the device; all of it is gone afterwards. */
export async function withPicturedDevice(
  draw: (device: PicturedDevice) => Promise<void>,
): Promise<void> {
  const cardFolder = `${CARD_FOLDER}/card`;
  await Deno.mkdir(cardFolder);
  const card = await makePageCard(cardFolder);
  await Deno.mkdir(`${FOLDER}/panel`, { recursive: true });
  await Deno.writeFile(`${FOLDER}/panel/fb0`, new Uint8Array(PANEL.strideBytes * PANEL.height));
  await Deno.writeTextFile(`${FOLDER}/panel/virtual_size`, `${PANEL.width},${PANEL.height}\n`);
  await Deno.writeTextFile(`${FOLDER}/panel/bits_per_pixel`, "32\n");
  const dataDir = `${FOLDER}/data`;
  const picture = `${FOLDER}/pin.png`;
  const service = await startService({
    dataDir,
    listen: `0.0.0.0:${PORT}`,
    settings: "encryption = true",
    tables: [
      card.tables,
      '[discovery]\nenabled = true\ninstance_name = "Living room"',
      '[display]\nkind = ["framebuffer", "file"]',
      `framebuffer = "${FOLDER}/panel/fb0"\nsysfs = "${FOLDER}/panel"\nconsole = ""`,
      `file = "${picture}"`,
    ].join("\n"),
  });
  try {
    await draw({
      service,
      localUrl: `http://127.0.0.1:${PORT}`,
      url: `http://${DEVICE_ADDRESS}:${PORT}`,
      command: [Deno.execPath(), "run", "-q", "-A", `${ROOT}src/main.ts`],
      env: { LATCHKEY_CONFIG: `${dataDir}.toml` },
      async panel(): Promise<Uint8Array> {
        return toPng(await Deno.readFile(`${FOLDER}/panel/fb0`), PANEL);
      },
      async pinPicture(): Promise<Uint8Array> {
        await until("the picture of the PIN is there", () => isThere(picture));
        return await Deno.readFile(picture);
      },
    });
  } finally {
    await service.stop();
    await card.remove();
  }
}

const ROOT = new URL("../../", import.meta.url).pathname;

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
