// The page as phones open it: the real service, a card, and Chromium on another host that reaches it
// over plain http.

import assert from "node:assert/strict";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import axe from "axe-core";
import { makePageCard, type PageCard } from "./page_card.ts";
import { addRemoteHost, type RemoteHost, whyNoRemoteHost } from "./remote_host.ts";
import { type ServiceProcess, startService, withDataDir } from "./service_process.ts";

const CHROMIUM = "/usr/bin/chromium";

/** A name that a router has for the device, and the device does not know. */
export const ROUTER_NAME = "handheld.router.lan";

/** How long the page may take for what a test waits for, in milliseconds: CI may be busy. */
export const PATIENCE_MS = 60_000;

/** A phone's screen, and what it sends. */
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  isMobile: true,
  hasTouch: true,
  locale: "en-GB",
  userAgent: "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) " +
    "Chrome/140.0.0.0 Mobile Safari/537.36",
};

/** A page with all that it complained about. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors on the console, uncaught ones and violations of the policy. */
  readonly complaints: string[];
}

/** The world. */
export interface PageWorld {
  /** The service; another one after `restart`. */
  service(): ServiceProcess;
  readonly host: RemoteHost;
  readonly card: PageCard;
  /** The page's address for the other host. */
  readonly pageUrl: string;
  /** Chromium on the other host. */
  readonly browser: Browser;
  /** A new phone, and its page. */
  openPhone(options?: BrowserContextOptions): Promise<WatchedPage>;
  /** Stops the service. */
  stop(): Promise<void>;
  /** Starts it on the same port. */
  start(): Promise<void>;
}

/** Why there can be no such world here; undefined where there can. */
export async function whyNoPageWorld(): Promise<string | undefined> {
  const isThere = await Deno.stat(CHROMIUM).then(() => true, () => false);
  return isThere ? await whyNoRemoteHost() : "needs Debian's chromium";
}

/** Runs `test` in a world of this number. */
export async function withPageWorld(
  number: number,
  test: (world: PageWorld) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(number);
  const card = await makePageCard();
  try {
    await withDataDir(async (dataDir) => {
      const start = (port: number): Promise<ServiceProcess> =>
        startService({
          dataDir,
          listen: `${host.deviceAddress}:${port}`,
          settings: "encryption = true",
          // The name is told where the device is announced.
          tables: `${card.tables}\n[discovery]\nenabled = true\ninstance_name = "Living room"`,
        });
      let service = await start(0);
      const port = Number(new URL(service.baseUrl).port);
      try {
        // The router's name, and those of the local network.
        const names = [ROUTER_NAME, "*.local"].map((name) => `MAP ${name} ${host.deviceAddress}`);
        const args = [`--host-resolver-rules=${names.join(",")}`];
        await withBrowser({ host, args }, async (browser) => {
          await test({
            service: () => service,
            host,
            card,
            pageUrl: `http://${host.deviceAddress}:${port}/app/`,
            browser,
            openPhone: async (options = {}) =>
              await watchPage(await (await newContext(browser, options)).newPage()),
            stop: async () => void await service.stop(),
            start: async () => {
              service = await start(port);
            },
          });
        });
      } finally {
        await service.stop();
      }
    });
  } finally {
    await card.remove();
    await host.remove();
  }
}

/** Runs `test` with Chromium, on another host where one is given. */
export async function withBrowser(
  { host, args = [] }: { host?: RemoteHost; args?: readonly string[] },
  test: (browser: Browser) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const program = `${folder}/chromium`;
    const there = host === undefined ? "" : `ip netns exec ${host.namespace} `;
    await Deno.writeTextFile(program, `#!/bin/sh\nexec ${there}${CHROMIUM} "$@"\n`, {
      mode: 0o755,
    });
    const browser = await chromium.launch({
      executablePath: program,
      // The tests run as root, in containers with a small /dev/shm.
      args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", ...args],
      timeout: PATIENCE_MS,
    });
    try {
      await test(browser);
    } finally {
      await browser.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A phone's context. */
export async function newContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): ReturnType<Browser["newContext"]> {
  const context = await browser.newContext({ ...PHONE, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** Collects what a page complains about. */
export async function watchPage(page: Page): Promise<WatchedPage> {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.exposeFunction("tellViolation", (text: string) => complaints.push(text));
  await page.addInitScript(
    'addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => ' +
      "tellViolation(`policy: ${violatedDirective} ${blockedURI}`))",
  );
  return { page, complaints };
}

// A colour on its way to another is none of the page's colours.
const AT_REST = `Promise.all(document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  .map(({ finished }) => finished.catch(() => {})))`;

/** Fails where a page in its present state has what keeps people out, or text that runs out of it. */
export async function checkAccess(page: Page, what: string): Promise<void> {
  await page.evaluate(AT_REST);
  // Not through a <script>, which the policy would refuse.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate('axe.run({ resultTypes: ["violations"] })') as {
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
  };
  const problems = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
  );
  assert.deepEqual(problems, [], what);
  const overflow = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  assert.equal(overflow, 0, `${what}: runs out to the right`);
}
