// `deno task pictures`: draws every picture of docs/pictures/ anew from the real thing. Needs root (for
// a network of its own), util-linux, iproute2 and Chromium.

import { drawPages } from "./page_pictures.ts";
import { type PictureFile, PICTURES_FOLDER } from "./picture_list.ts";
import { enterOwnNetwork, type PicturedDevice, withPicturedDevice } from "./pictured_device.ts";
import { drawDoctor, drawLibrary, drawPairing } from "./terminal_pictures.ts";

async function keep(file: PictureFile, picture: string | Uint8Array): Promise<void> {
  const bytes = typeof picture === "string" ? new TextEncoder().encode(picture) : picture;
  await Deno.writeFile(`${PICTURES_FOLDER}${file}`, bytes);
}

async function drawAll(device: PicturedDevice): Promise<void> {
  await drawPages(device, keep);
  await keep("terminal_pair.svg", await drawPairing(device));
  await keep("terminal_library.svg", await drawLibrary(device));
  await keep("terminal_doctor.svg", await drawDoctor(device));
}

if (import.meta.main && await enterOwnNetwork(import.meta.filename ?? "")) {
  await withPicturedDevice(drawAll);
}
