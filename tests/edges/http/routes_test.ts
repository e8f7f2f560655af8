// The routes without a socket: which answer each request gets, and what all answers share. That
// every answer has its name and every error its one body is checked by device.ts at each of them.

import assert from "node:assert/strict";
import { AppError } from "../../../src/base/app_error.ts";
import { PAGE_FILES } from "../../../src/edges/http/page/built/page_files.ts";
import { type Ask, type DeviceOptions, openDevice, REMOTE, WHO_AM_I } from "./device.ts";

const POST: Ask = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: WHO_AM_I,
};
const EVIL = "evil.example";

interface Row {
  status: number;
  path: string;
  init?: Ask;
  device?: DeviceOptions;
  /** The code of the error; undefined of a success. */
  code?: string;
  message?: string;
  headers?: Record<string, string | null>;
}

const unavailable = new AppError("unavailable", "Nothing can be run here yet");
const crash = new Error("cannot read /etc/latchkey/config.toml");

const ROWS: Row[] = [
  { status: 200, path: "/health", headers: { "Content-Type": "application/json" } },
  { status: 200, path: "/healthz", init: { peer: REMOTE } },
  { status: 200, path: "/app/", headers: { "Content-Type": "text/html; charset=utf-8" } },
  { status: 200, path: "/app/", init: { peer: REMOTE } },
  { status: 200, path: "/metrics", headers: { "Content-Type": "text/plain; version=0.0.4" } },
  { status: 200, path: "/run/hello" },
  { status: 200, path: "/r/hello%20world", init: { peer: REMOTE } },
  { status: 200, path: "/l/any" },
  { status: 200, path: "/api", init: POST },
  { status: 200, path: "/api/", init: POST },
  { status: 200, path: "/api/v0", init: POST },
  { status: 200, path: "/api/v0.1", init: { ...POST, peer: REMOTE } },
  { status: 204, path: "/api", init: { ...POST, body: '{"jsonrpc":"2.0","method":"whoAmI"}' } },
  { status: 200, path: `/app/${PAGE_FILES.script.name}`, init: { peer: REMOTE } },
  { status: 404, path: "/app/page.js", code: "not_found" },
  { status: 404, path: "/app/..%2fmain.ts", code: "not_found" },
  { status: 302, path: "/app", headers: { Location: "/app/" } },
  { status: 302, path: "/app", init: { peer: REMOTE }, headers: { Location: "/app/" } },
  { status: 302, path: "/", headers: { Location: "/app/" } },
  { status: 302, path: "/", init: { peer: REMOTE }, headers: { Location: "/app/" } },
  {
    status: 400,
    path: "/api/pair/start",
    init: { method: "POST", body: "" },
    code: "bad_request",
    message: "invalid request body",
  },
  {
    status: 400,
    path: "/run/",
    code: "bad_request",
    message: "path: expected a text to run",
  },
  {
    status: 400,
    path: "/run/%E4",
    code: "bad_request",
    message: "path: expected percent-encoded UTF-8",
  },
  {
    status: 403,
    path: "/metrics",
    init: { peer: REMOTE },
    code: "forbidden",
    message: "Not allowed from this address",
  },
  {
    status: 403,
    path: "/metrics",
    init: { headers: { "X-Forwarded-For": "127.0.0.1" } },
    code: "forbidden",
  },
  {
    status: 403,
    path: "/api",
    init: { ...POST, peer: REMOTE },
    device: { settings: { allowedIps: [] } },
    code: "forbidden",
    message: "Not allowed from this address",
  },
  {
    status: 403,
    path: "/api/events",
    init: { peer: { ...REMOTE, address: "198.51.100.2" } },
    code: "forbidden",
  },
  {
    status: 403,
    path: "/run/other",
    init: { peer: REMOTE },
    code: "forbidden",
    message: "Not allowed to run from here",
  },
  {
    status: 403,
    path: "/run/hello",
    init: { headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" } },
    code: "forbidden",
    message: "Not allowed from other sites",
  },
  {
    status: 403,
    path: "/health",
    init: { headers: { Origin: `https://${EVIL}` } },
    code: "forbidden",
    message: "This origin is not allowed",
  },
  { status: 403, path: "/api", init: { headers: { Origin: "null" } }, code: "forbidden" },
  { status: 403, path: "/nowhere", init: { headers: { Origin: "null" } }, code: "forbidden" },
  {
    status: 403,
    path: "/api",
    init: { headers: { Origin: "null", Upgrade: "websocket", Connection: "Upgrade" } },
    code: "forbidden",
  },
  { status: 404, path: "/nowhere", code: "not_found", message: "No such route" },
  { status: 404, path: "/health/", code: "not_found" },
  { status: 404, path: "/API", code: "not_found" },
  { status: 404, path: "/api/v1", init: POST, code: "not_found" },
  { status: 404, path: "/api/v0/", init: POST, code: "not_found" },
  { status: 404, path: "/api/pair/nowhere", init: { method: "POST" }, code: "not_found" },
  { status: 404, path: "/run", code: "not_found", message: "No such route" },
  { status: 404, path: "/run?hello", code: "not_found" },
  { status: 404, path: "/%72un/hello", code: "not_found" },
  { status: 404, path: "/runhello", code: "not_found" },
  {
    status: 405,
    path: "/health",
    init: { method: "POST" },
    code: "bad_request",
    message: "Method not allowed: expected GET",
    headers: { Allow: "GET" },
  },
  {
    status: 405,
    path: "/api",
    init: { method: "DELETE" },
    code: "bad_request",
    headers: { Allow: "GET, POST" },
  },
  {
    status: 405,
    path: "/api/pair/start",
    code: "bad_request",
    headers: { Allow: "POST" },
  },
  { status: 405, path: "/api/pair/finish", init: { method: "PUT" }, code: "bad_request" },
  { status: 405, path: "/api/events", init: { method: "POST" }, code: "bad_request" },
  { status: 405, path: "/run/hello", init: { method: "POST" }, code: "bad_request" },
  { status: 405, path: "/metrics", init: { method: "PATCH" }, code: "bad_request" },
  { status: 405, path: "/app/", init: { method: "POST" }, code: "bad_request" },
  { status: 405, path: "/app/page.js", init: { method: "POST" }, code: "bad_request" },
  { status: 405, path: "/", init: { method: "DELETE" }, code: "bad_request" },
  {
    status: 413,
    path: "/api",
    init: { ...POST, body: "x".repeat(1024 * 1024 + 1) },
    code: "too_large",
    message: "body: expected at most 1048576 bytes",
  },
  {
    status: 415,
    path: "/api",
    init: { method: "POST", body: WHO_AM_I },
    code: "bad_request",
    message: "Content-Type: expected application/json",
  },
  {
    status: 421,
    path: "/health",
    init: { headers: { Host: EVIL } },
    code: "bad_request",
    message: "Unrecognised Host header",
  },
  { status: 421, path: "/nowhere", init: { headers: { Host: EVIL } }, code: "bad_request" },
  { status: 421, path: "/api", init: { headers: { Host: EVIL } }, code: "bad_request" },
  {
    status: 421,
    path: "/api",
    init: { ...POST, peer: REMOTE, headers: { ...POST.headers, Host: EVIL } },
    code: "bad_request",
  },
  {
    status: 426,
    path: "/api",
    code: "bad_request",
    message: "Expected a WebSocket upgrade",
    headers: { Upgrade: "websocket" },
  },
  {
    status: 426,
    path: "/api/v0.1",
    init: { peer: REMOTE, headers: { Host: EVIL } },
    code: "bad_request",
  },
  {
    status: 500,
    path: "/metrics",
    device: { metrics: () => Promise.reject(crash) },
    code: "internal",
    message: "Internal error",
  },
  {
    status: 500,
    path: "/app/",
    init: { peer: REMOTE },
    device: {
      page: { open: () => Promise.reject(crash), file: () => Promise.reject(crash) },
    },
    code: "internal",
    message: "Internal error",
  },
  {
    status: 503,
    path: "/run/hello",
    device: { runText: () => Promise.reject(unavailable) },
    code: "unavailable",
    message: "Nothing can be run here yet",
  },
  {
    status: 503,
    path: "/health",
    device: { isStopping: () => true },
    code: "unavailable",
    message: "The service is stopping",
  },
];

for (const row of ROWS) {
  const { status, path, init = {}, code, message } = row;
  const from = init.peer === REMOTE ? "remote" : "local";
  const why = message ?? Object.keys(init.headers ?? {}).join(", ");
  Deno.test(`${from} ${init.method ?? "GET"} ${path} is ${status}${why && `: ${why}`}`, async () => {
    const device = openDevice(row.device);
    const answer = await device.ask(path, init);
    assert.equal(answer.status, status);
    // An error of pairing is a text alone.
    assert.equal(answer.code, path.startsWith("/api/pair/") ? undefined : code);
    if (message !== undefined) assert.equal(answer.message, message);
    for (const [name, value] of Object.entries(row.headers ?? {})) {
      assert.equal(answer.headers.get(name), value, name);
    }
    assert.deepEqual(device.statuses, [status]);
  });
}

Deno.test("/health tells what the service is doing", async () => {
  for (const state of ["starting", "ready", "failed"] as const) {
    const { text } = await openDevice({ state: () => state }).ask("/health");
    assert.equal(text, `{"status":"ok","state":"${state}"}`);
  }
});
