// The SDK's package in Chromium: bundled by Vite and as it is, on pages over http and https, and what
// pages are told that may not reach the device.

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { ROOT } from "../../packaging/build/deno.ts";
import { isPrepared, preparedClients } from "../clients/prepare.ts";
import { PAIRINGS } from "../support/client_journey.ts";
import { clientsOf, runProgram } from "../support/client_program.ts";
import { newContext, PATIENCE_MS, whyNoPageWorld, withBrowser } from "../support/page_world.ts";
import { withNewcomer } from "../support/sdk_newcomer.ts";
import { callLocal, openPairing, withService } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";
import { until } from "../support/until.ts";

const { javascript } = await preparedClients();
const whyNot = await isPrepared(javascript)
  ? await whyNoPageWorld()
  : "needs what runs JavaScript: deno task clients";

const README = Deno.readTextFileSync(`${ROOT}packaging/sdk/README.md`);
const PAGE = '<!doctype html><script type="module" src="/main.js"></script>\n';
// What a page says of a device: its version, or the code of the error.
const MAIN = `import { connect, pair } from "@latchkey/latchkey";
globalThis.pairAndCall = async (url, pin, envelope) => {
  try {
    const credentials = await pair({ baseUrl: url, pin, name: "Page" });
    const device = await connect({ url, credentials, envelope });
    const { version } = await device.call("version");
    device.close();
    return version;
  } catch (error) {
    return error.code ?? String(error);
  }
};
globalThis.tryToConnect = async (url) => {
  const credentials = { clientId: "a", clientName: "b", authToken: "c", pairingKey: new Uint8Array(32) };
  return await connect({ url, credentials }).then(() => "open", (error) => error.code ?? String(error));
};
`;

// Chromium drops whatever is on its way when an interface of the machine comes or goes.
const MAX_DROPPED = 5;

type Told = Promise<string>;
type Envelope = "json" | "binary";
declare function pairAndCall(url: string, pin: string, envelope: Envelope): Told;
declare function tryToConnect(url: string): Told;

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
};

async function serveFile(folder: string, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = pathname === "/" ? "/index.html" : pathname;
  try {
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "text/plain";
    return new Response(await Deno.readFile(`${folder}${path}`), {
      headers: { "Content-Type": type },
    });
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** Serves a folder over http and https, and closes both. */
async function withServers(
  { folder, certificate }: { folder: string; certificate: { cert: string; key: string } },
  test: (ports: { plain: number; secure: number }) => Promise<void>,
): Promise<void> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const handle = (request: Request): Promise<Response> => serveFile(folder, request);
  const plain = Deno.serve(options, handle);
  const secure = Deno.serve({ ...options, ...certificate }, handle);
  try {
    await test({ plain: plain.addr.port, secure: secure.addr.port });
  } finally {
    await plain.shutdown();
    await secure.shutdown();
  }
}

async function makeCertificate(folder: string): Promise<{ cert: string; key: string }> {
  const files = ["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`];
  const { code, stderr } = await runProgram(
    [
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=page.test",
      ...files,
    ],
    { cwd: folder },
  );
  assert.equal(code, 0, stderr);
  const [cert, key] = await Promise.all(
    ["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${folder}/${name}`)),
  );
  return { cert: cert ?? "", key: key ?? "" };
}

async function buildWithVite(home: string): Promise<void> {
  await Deno.writeTextFile(`${home}/index.html`, PAGE);
  await Deno.writeTextFile(`${home}/main.js`, MAIN);
  const { code, stdout, stderr } = await runProgram(
    ["node", `${javascript}/node_modules/vite/bin/vite.js`, "build"],
    { cwd: home },
  );
  assert.equal(code, 0, `${stdout}${stderr}`);
  // The same program without a bundler, as the package's README writes it.
  const [, script = ""] = /from "\.(\/node_modules\/[^"]+)"/.exec(README) ?? [];
  await Deno.mkdir(`${home}/dist${script.slice(0, script.lastIndexOf("/"))}`, { recursive: true });
  await Deno.copyFile(`${home}${script}`, `${home}/dist${script}`);
  await Deno.writeTextFile(
    `${home}/dist/plain.js`,
    MAIN.replace("@latchkey/latchkey", `.${script}`),
  );
  await Deno.writeTextFile(`${home}/dist/plain.html`, PAGE.replace("/main.js", "/plain.js"));
}

systemTest(
  "pages bundled by Vite and pages without a bundler pair, 200 times too, over http and https",
  {
    whyNot,
    run: () =>
      withNewcomer([], async (home) => {
        await buildWithVite(home);
        const certificate = await makeCertificate(home);
        await withServers({ folder: `${home}/dist`, certificate }, async ({ plain, secure }) => {
          const origins = [`http://page.test:${plain}`, `https://page.test:${secure}`];
          const tables = `[security]\nallowed_origins = ${JSON.stringify(origins)}`;
          const settings = "encryption = true";
          await withService({ settings, tables }, async ({ baseUrl }) => {
            const args = [
              "--host-resolver-rules=MAP *.test 127.0.0.1",
              "--ignore-certificate-errors",
            ];
            await withBrowser({ args }, async (browser) => {
              const context = await newContext(browser, { ignoreHTTPSErrors: true });
              const page = await context.newPage();
              for (
                const [origin = "", path] of [
                  [origins[0], "/"],
                  [origins[0], "/plain.html"],
                  [origins[1], "/"],
                ] as const
              ) {
                await open(page, `${origin}${path}`);
                const isSecure = origin.startsWith("https:");
                assert.equal(await page.evaluate("isSecureContext"), isSecure);
                await untilTold(/^latchkey-\d/, () => pairing(page, baseUrl));
              }
              await pairOften(page, { origin: origins[0] ?? "", baseUrl });
              await tellCauses(page, { baseUrl, plain, secure });
            });
          });
        });
      }),
  },
);

// A page that may not reach the device learns why.
async function tellCauses(
  page: Page,
  { baseUrl, plain, secure }: { baseUrl: string; plain: number; secure: number },
): Promise<void> {
  const connecting = (url: string): () => Told => () =>
    page.evaluate((to) => tryToConnect(to), url);
  await open(page, `http://other.test:${plain}/`);
  await untilTold(/^origin_not_allowed$/, connecting(baseUrl));
  await untilTold(/^origin_not_allowed$/, () => pairing(page, baseUrl));
  // Nobody listens on the port of discard.
  await untilTold(/^unreachable$/, connecting("http://127.0.0.1:9"));
  await open(page, `https://page.test:${secure}/`);
  await untilTold(/^mixed_content$/, connecting(baseUrl.replace("127.0.0.1", "page.test")));
  await untilTold(/^unreachable$/, connecting("http://127.0.0.1:9"));
}

async function pairing(page: Page, baseUrl: string, envelope: Envelope = "binary"): Told {
  await callLocal(baseUrl, "clients.pair.cancel");
  const pin = await openPairing(baseUrl);
  return await page.evaluate(
    ([url, digits, kind]) => pairAndCall(url, digits, kind),
    [baseUrl, pin, envelope] as const,
  );
}

// With the cipher of the page's own, for a page over http has no other.
async function pairOften(
  page: Page,
  { origin, baseUrl }: { origin: string; baseUrl: string },
): Promise<void> {
  await open(page, `${origin}/`);
  assert.equal(await page.evaluate("crypto.subtle === undefined"), true);
  let dropped = 0;
  for (let paired = 0; paired < PAIRINGS;) {
    const told = await pairing(page, baseUrl, paired % 2 === 0 ? "json" : "binary");
    if (told === "unreachable" && dropped++ < MAX_DROPPED) continue;
    assert.match(told, /^latchkey-\d/, `pairing ${paired + 1}`);
    paired += 1;
    for (const { clientId } of await clientsOf(baseUrl)) {
      await callLocal(baseUrl, "clients.delete", { clientId });
    }
  }
}

async function untilTold(expected: RegExp, ask: () => Told): Promise<void> {
  let told = "";
  await until(`the page tells ${expected}`, async () => {
    told = await ask();
    return expected.test(told);
  }, { limitMs: PATIENCE_MS }).catch((error) => assert.fail(`${error}, but ${told}`));
}

async function open(page: Page, address: string): Promise<void> {
  await until(
    `the page ${address}`,
    () => page.goto(address).then(() => true, () => false),
    { limitMs: PATIENCE_MS },
  );
  await page.waitForFunction(() => "tryToConnect" in globalThis);
}
