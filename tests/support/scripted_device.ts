// The page over a device that a test plays: the real page in a real browser, and answers that come
// when the test wants them, in the order it wants, or not at all.

import type { BrowserContextOptions, Page, WebSocketRoute } from "playwright-core";
import { createAppPage } from "../../src/edges/http/page/app_page.ts";
import { asJsonObject } from "../../src/base/json.ts";
import { newContext, watchPage, withBrowser } from "./page_world.ts";

/** What a method answers; an Error is a refusal with its message, and its cause as the code. */
export type ScriptedAnswer = (params: Readonly<Record<string, unknown>>) => unknown;

/** A call that the page made. */
export interface SeenCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The device. */
export interface ScriptedDevice {
  readonly page: Page;
  /** What the page complained about. */
  readonly complaints: string[];
  /** Where it is served, as the device itself or under another host that leads to it. */
  url(host?: string): string;
  /** What it answers, by method; nothing else is answered. */
  readonly answers: Record<string, ScriptedAnswer>;
  /** Every call so far. */
  readonly calls: SeenCall[];
  /** How many connections there were. */
  connections: number;
  /** Whether connections are closed at the page's first word. */
  isRefusing: boolean;
  /** Tells the page something. */
  notify(method: string, params: unknown): void;
  /** Ends the connection. */
  close(code: number): Promise<void>;
}

/** What plays, as `media` answers it. */
export const PLAYING = {
  systemId: "SNES",
  systemName: "Super Nintendo",
  mediaName: "Seven Lanterns",
  mediaPath: "/roms/snes/7.rom",
  started: "2026-01-31T12:00:00Z",
} as const;

/** The calls of one method. */
export function callsOf({ calls }: ScriptedDevice, method: string): SeenCall[] {
  return calls.filter((call) => call.method === method);
}

/** A media of that number. */
export function scriptedMedia(mediaId: number): Record<string, unknown> {
  return {
    mediaId,
    system: { id: "SNES", name: "Super Nintendo" },
    name: `Game ${mediaId}`,
    path: `/roms/snes/${mediaId}.rom`,
    zapScript: `@SNES/Game ${mediaId}`,
    hasCover: false,
    tags: [],
  };
}

function usualAnswers(): Record<string, ScriptedAnswer> {
  return {
    "media": () => ({ active: [], database: { exists: true, indexing: false, totalMedia: 2 } }),
    "actions": () => ({ actions: [] }),
    "tokens.history": () => ({ entries: [] }),
    "clients.current": () => ({ access: "localhost", client: null }),
    "systems": () => ({ systems: [] }),
    "settings": () => ({}),
    "version": () => ({ version: "latchkey-1.2.3", platform: "linux" }),
    "usage": () => ({ usage: [] }),
    "keys": () => ({ keys: [] }),
    "audit": () => ({ entries: [] }),
    "clients": () => ({ clients: [] }),
    "media.search": () => ({
      results: [scriptedMedia(1), scriptedMedia(7)],
      pagination: { hasNextPage: false },
    }),
  };
}

/** Runs `test` with such a device; `browser` options are those of the phone. */
export async function withScriptedDevice(
  options: BrowserContextOptions,
  test: (device: ScriptedDevice) => Promise<void>,
): Promise<void> {
  const appPage = createAppPage({ publicName: () => "Toy", reachableUrl: () => undefined });
  let port = 0;
  const server = Deno.serve({ hostname: "0.0.0.0", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const own = { hostNames: [], addresses: ["127.0.0.1", "127.0.0.2"], port };
    return pathname === "/app/"
      ? appPage.open(request.headers, { own, allowedOrigins: [] })
      : appPage.file(pathname.replace("/app/", ""), request.headers).then((file) =>
        file ?? new Response(null, { status: 404 })
      );
  });
  port = server.addr.port;
  try {
    const args = ["--host-resolver-rules=MAP *.test 127.0.0.1"];
    await withBrowser({ args }, async (browser) => {
      const context = await newContext(browser, options);
      const { page, complaints } = await watchPage(await context.newPage());
      let socket: WebSocketRoute | undefined;
      const device: ScriptedDevice = {
        page,
        complaints,
        url: (host = "localhost") => `http://${host}:${port}/app/`,
        answers: usualAnswers(),
        calls: [],
        connections: 0,
        isRefusing: false,
        notify: (method, params) =>
          socket?.send(JSON.stringify({ jsonrpc: "2.0", method, params })),
        close: async (code) => await socket?.close({ code }),
      };
      await page.routeWebSocket(/\/api\/v0\.1$/, (route) => {
        device.connections++;
        socket = route;
        route.onMessage((message) => {
          if (device.isRefusing) void route.close({ code: 1008 });
          else void answer(device, route, `${message}`);
        });
      });
      await test(device);
    });
  } finally {
    await server.shutdown();
  }
}

async function answer(device: ScriptedDevice, route: WebSocketRoute, text: string): Promise<void> {
  if (text === "ping") return route.send("pong");
  const { id, method, params } = asJsonObject(JSON.parse(text)) ?? {};
  const given = asJsonObject(params) ?? {};
  device.calls.push({ method: String(method), params: given });
  const result = await device.answers[String(method)]?.(given);
  const end = result instanceof Error
    ? { error: { code: 1, message: result.message, data: { code: result.cause } } }
    : { result: result ?? null };
  route.send(JSON.stringify({ jsonrpc: "2.0", id, ...end }));
}
