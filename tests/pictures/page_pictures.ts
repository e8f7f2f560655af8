// The pictures of the page at /app/, and the story from scan to play: one phone on the device.

import { decode } from "fast-png";
import jsqr from "jsqr";
import { callLocal, openPairing } from "../support/service_process.ts";
import { until } from "../support/until.ts";
import { middleOf, openPage, screenPng, screenWebp, untilDrawn, withBrowser } from "./phone.ts";
import type { PictureFile } from "./picture_list.ts";
import type { PicturedDevice } from "./pictured_device.ts";
import { scanToPlaySvg, type Story } from "./scan_to_play.ts";

/** Keeps a picture. */
export type Keep = (file: PictureFile, picture: string | Uint8Array) => Promise<void>;

const GAME = "Castle of Glass";
/** Covers that are on each screen. */
const COVERS = 6;

/** Draws the panel, the page and the story. */
export async function drawPages(device: PicturedDevice, keep: Keep): Promise<void> {
  const { localUrl } = device;
  await withBrowser(async (browser) => {
    const pin = await openPairing(localUrl);
    await keep("panel.png", await device.pinPicture());
    const panelPin = await device.panel();
    const { data: scanned, location } = readQr(panelPin);
    if (!scanned.endsWith(pin)) throw new Error(`The code on the panel says ${scanned}`);

    const phone = await openPage(browser, { url: scanned, isPhone: true });
    const pair = phone.locator("button[type=submit]");
    await pair.waitFor();
    await untilDrawn(phone, 0);
    await keep("page_pair.png", await screenPng(phone));
    const pairing = { screen: await screenWebp(phone), tap: await middleOf(pair) };

    await pair.tap();
    const tile = phone.locator(".tile", { hasText: GAME }).first();
    await tile.waitFor();
    await untilDrawn(phone, COVERS);
    let panelPaired = panelPin;
    await until("the panel tells who has paired", async () => {
      panelPaired = await device.panel();
      return panelPaired.length !== panelPin.length;
    });
    const library = { screen: await screenWebp(phone), tap: await middleOf(tile) };

    await tile.tap();
    await phone.locator(".now .what").waitFor();
    await phone.locator(".now img").waitFor();
    await phone.evaluate("scrollTo(0, 0)");
    await untilDrawn(phone, COVERS);
    await keep("page_play.png", await screenPng(phone));
    const story: Story = {
      panelPin,
      qr: location,
      panelPaired,
      cover: await coverOf(localUrl),
      title: GAME,
      pairing,
      library,
      playing: { screen: await screenWebp(phone) },
    };
    await keep("scan_to_play.svg", scanToPlaySvg(story));

    const desk = await openPage(browser, { url: `${localUrl}/app/`, isPhone: false });
    await desk.locator(".now img").waitFor();
    await untilDrawn(desk, COVERS);
    await keep("page_wide.png", await screenPng(desk));
    await callLocal(localUrl, "stop");
  });
}

function readQr(png: Uint8Array): {
  data: string;
  location: { left: number; top: number; size: number };
} {
  const { data, width, height } = decode(png);
  const found = jsqr.default(new Uint8ClampedArray(data), width, height);
  if (found === null) throw new Error("There is no code on the panel");
  const { topLeftCorner, topRightCorner } = found.location;
  return {
    data: found.data,
    location: {
      left: topLeftCorner.x,
      top: topLeftCorner.y,
      size: topRightCorner.x - topLeftCorner.x,
    },
  };
}

async function coverOf(localUrl: string): Promise<Uint8Array> {
  const { results } = await callLocal(localUrl, "media.search", { query: GAME }) as {
    results: { mediaId: number }[];
  };
  const { data } = await callLocal(localUrl, "media.image", { mediaId: results[0]?.mediaId }) as {
    data: string;
  };
  return Uint8Array.fromBase64(data);
}
