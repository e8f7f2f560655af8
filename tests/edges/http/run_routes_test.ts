import assert from "node:assert/strict";
import { type Context, Hono } from "hono";
import type { ErrorCode } from "../../../src/base/app_error.ts";
import type { RequestEnv } from "../../../src/edges/http/request_env.ts";
import { RUN_PREFIXES, runRoute, runTextOf } from "../../../src/edges/http/run_routes.ts";
import { assertAppError } from "../../support/app_error.ts";

// As much of a context as a text is read from. A Request of the platform would resolve "../.." itself,
// which its server does not.
function contextOf(url: string): Context<RequestEnv> {
  return { req: { raw: { url } } } as unknown as Context<RequestEnv>;
}

const TEXTS: [path: string, text: string][] = [
  ["/run/hello", "hello"],
  ["/r/hello", "hello"],
  ["/l/hello", "hello"],
  ["/run/", ""],
  ["/run/?text=x", ""],
  ["/run/hello?x=y", "hello"],
  ["/run/hello?a?b", "hello"],
  ["/run/hello#x", "hello"],
  ["/run/a/b/c", "a/b/c"],
  ["/run//a", "/a"],
  ["/run/a/", "a/"],
  ["/run/r/x", "r/x"],
  ["/r/run/x", "run/x"],
  ["/run/../x", "../x"],
  ["/run/a/../../etc/passwd", "a/../../etc/passwd"],
  ["/run/%2e%2e/x", "../x"],
  ["/run/a%2Fb", "a/b"],
  ["/run/%3Fx%23y", "?x#y"],
  ["/run/a%20b", "a b"],
  ["/run/a+b", "a+b"],
  ["/run/%2Ba", "+a"],
  ["/run/%2520", "%20"],
  ["/run/%25252F", "%252F"],
  ["/run/caf%C3%A9", "café"],
  ["/run/%F0%9F%98%80", "😀"],
  ["/run/**stop", "**stop"],
  ["/run/a%00b", "a\0b"],
  ["/run/a%0Ab", "a\nb"],
];
for (const [path, text] of TEXTS) {
  Deno.test(`runTextOf() reads ${JSON.stringify(text)} from ${path}`, () => {
    for (const origin of ["http://192.0.2.7:7497", "https://handheld.local", "http://[::1]:7497"]) {
      assert.equal(runTextOf(contextOf(origin + path)), text);
    }
  });
}

const NO_TEXTS: [path: string, code: ErrorCode][] = [
  ["/run/%", "bad_request"],
  ["/run/%4", "bad_request"],
  ["/run/%zz", "bad_request"],
  ["/run/a%E4", "bad_request"],
  ["/run/%C0%AF", "bad_request"],
  ["/run/%ED%A0%80", "bad_request"],
  ["/run", "not_found"],
  ["/run?x", "not_found"],
  ["/l", "not_found"],
  ["/%72un/x", "not_found"],
  ["/api", "not_found"],
  ["", "not_found"],
];
for (const [path, code] of NO_TEXTS) {
  Deno.test(`runTextOf() finds no text in ${path || "an empty path"}`, () => {
    assertAppError(() => runTextOf(contextOf(`http://192.0.2.7:7497${path}`)), code);
  });
}

Deno.test("runRoute() runs the text once for whoever asks and says that it was accepted", async () => {
  const runs: unknown[] = [];
  const routes = new Hono<RequestEnv>();
  const peer = { address: "192.0.2.9", cameOverLoopback: false, guarded: undefined };
  for (const isLocal of [true, false]) {
    routes.get(
      `${isLocal ? "/run/" : "/r/"}*`,
      async (c, next) => {
        c.set("isLocal", isLocal);
        c.set("keyId", `key-${isLocal}`);
        await next();
      },
      runRoute((text, from) => {
        runs.push([text, from]);
        return Promise.resolve();
      }),
    );
  }
  for (const prefix of ["/run/", "/r/"]) {
    const response = await routes.fetch(new Request(`http://localhost${prefix}a%20b`), { peer });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { status: "accepted" });
  }
  assert.deepEqual(runs, [
    ["a b", { isLocal: true, keyId: "key-true" }],
    ["a b", { isLocal: false, keyId: "key-false" }],
  ]);
  assert.deepEqual(RUN_PREFIXES, ["/run/", "/r/", "/l/"]);
});
