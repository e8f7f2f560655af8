// A phone's browser in the device's network, and what it shows.

import { type Browser, chromium, type Locator, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
/** The phone's screen, in CSS pixels. */
export const PHONE = { width: 390, height: 780 } as const;
const DESKTOP = { width: 1100, height: 760 } as const;
const AGENT = "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) " +
  "Chrome/140.0.0.0 Mobile Safari/537.36";
/** What the animated picture can afford of each screen. */
const WEBP_QUALITY = 72;

/** What this file asks a browser's page for; it knows no types of one. */
interface Drawn {
  readonly document: { readonly images: Iterable<{ readonly complete: boolean }> };
}

/** A place on the screen, in parts of it. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A browser that is closed afterwards. */
export async function withBrowser(draw: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    await draw(browser);
  } finally {
    await browser.close();
  }
}

/** A page as a phone shows it, or as a desk does. */
export async function openPage(
  browser: Browser,
  { url, isPhone }: { url: string; isPhone: boolean },
): Promise<Page> {
  const context = await browser.newContext({
    viewport: isPhone ? PHONE : DESKTOP,
    deviceScaleFactor: isPhone ? 1.5 : 1,
    isMobile: isPhone,
    hasTouch: isPhone,
    colorScheme: isPhone ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "en-US",
    ...isPhone ? { userAgent: AGENT } : {},
  });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** The screen for a picture that is looked at by itself. */
export async function screenPng(page: Page): Promise<Uint8Array> {
  return await page.screenshot({ type: "png" });
}

/** The screen for the animated picture. */
export async function screenWebp(page: Page): Promise<Uint8Array> {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: WEBP_QUALITY,
    clip: { x: 0, y: 0, ...PHONE, scale: 1 },
  });
  await session.detach();
  return Uint8Array.fromBase64(data);
}

/** The middle of what is tapped. */
export async function middleOf(locator: Locator): Promise<Place> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error("What is to be tapped is not on the screen");
  return { x: (box.x + box.width / 2) / PHONE.width, y: (box.y + box.height / 2) / PHONE.height };
}

/** Waits until every picture of the page is drawn, `covers` of games among them. */
export async function untilDrawn(page: Page, covers: number): Promise<void> {
  if (covers > 0) await page.locator(".tile img").nth(covers - 1).waitFor();
  // A function: the page's policy lets no text be evaluated a second time.
  await page.waitForFunction(() =>
    [...(globalThis as unknown as Drawn).document.images].every((image) => image.complete)
  );
  await page.evaluate("document.fonts.ready.then(() => true)");
}
