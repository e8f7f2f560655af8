// What the device answers over HTTP to anybody, and to whom it does not (docs/protocol.md §8 and §10).

import { asJsonObject } from "../../../base/json.ts";
import type { ConformCheck } from "../conform_check.ts";
import { API_PATH, type ConformStage } from "../conform_stage.ts";
import { demand, demandObject, demandStatus, Deviation, quoted, Unjudged } from "../deviation.ts";
import type { WireAnswer } from "../device_wire.ts";
import { VERSION_REQUEST } from "../session_peer.ts";

const FOREIGN = "https://foreign.example";

// Where Core's app runs in a browser, and in a phone's shell.
const APP_ORIGINS = ["https://zaparoo.app", "capacitor://localhost"];

const STATES = ["starting", "ready", "failed"];

/** Checks of HTTP. */
export const HTTP_CHECKS: readonly ConformCheck[] = [
  ...["/health", "/healthz"].map((path): ConformCheck => ({
    section: "§10",
    title: `GET ${path} says that the service lives`,
    run: async (stage) => {
      const answer = await stage.request(path);
      demandStatus(answer, 200);
      const { status, state } = demandObject(answer.text);
      demand(status === "ok", `answered ${quoted(answer.text)}, expected the status "ok"`);
      if (STATES.includes(String(state))) return;
      throw new Deviation(`state is ${quoted(String(state))}, expected ${STATES.join(", ")}`);
    },
  })),
  {
    section: "§10",
    title: "every answer carries X-Request-ID",
    isOurs: true,
    run: async (stage) => {
      for (const path of ["/health", "/nowhere"]) {
        const answer = await stage.request(path);
        demand(answer.header("X-Request-ID") !== null, `GET ${path} was answered without one`);
      }
    },
  },
  {
    section: "§10",
    title: "an error names its code, its message and its request, and nothing else",
    isOurs: true,
    run: async (stage) => {
      const answer = await stage.request("/nowhere");
      demandStatus(answer, 404);
      const { error, ...others } = demandObject(answer.text);
      const { code, message, request_id: id, ...more } = asJsonObject(error) ?? {};
      demand(
        code === "not_found" && typeof message === "string" && typeof id === "string",
        `answered ${quoted(answer.text)}`,
      );
      const extra = [...Object.keys(others), ...Object.keys(more)];
      demand(extra.length === 0, `has ${extra.join(", ")} too`);
    },
  },
  {
    section: "§8",
    title: "GET / leads a browser to /app/",
    run: async (stage) => {
      const answer = await stage.request("/", { headers: { Accept: "text/html" } });
      demand(
        answer.status >= 300 && answer.status < 400,
        `answered ${answer.status}, expected a redirection`,
      );
      const to = new URL(answer.header("Location") ?? "", "http://device");
      demand(to.pathname === "/app/", `leads to ${quoted(to.pathname)}`);
    },
  },
  {
    section: "§8",
    title: "a foreign Origin is refused over HTTP",
    isOurs: true,
    run: async (stage) =>
      demandStatus(await stage.request("/health", { headers: { Origin: FOREIGN } }), 403),
  },
  {
    section: "§8",
    title: "a preflight of Core's app is answered",
    run: async (stage) => {
      for (const origin of APP_ORIGINS) {
        const answer = await preflight(stage, origin);
        demand(answer.status < 300, `${origin}: answered ${answer.status}`);
        const allowed = answer.header("Access-Control-Allow-Origin");
        demand(allowed === origin || allowed === "*", `${origin}: allows ${allowed}`);
        const methods = answer.header("Access-Control-Allow-Methods") ?? "";
        demand(methods.includes("POST"), `${origin}: allows the methods ${quoted(methods)}`);
      }
    },
  },
  {
    section: "§8",
    title: "a preflight of a foreign page is not allowed",
    run: async (stage) => {
      const allowed = (await preflight(stage, FOREIGN)).header("Access-Control-Allow-Origin");
      demand(allowed !== FOREIGN && allowed !== "*", `allows ${allowed}`);
    },
  },
  {
    section: "§8",
    title: "a page of another site cannot start a pairing unseen",
    isOurs: true,
    run: async (stage) =>
      demandStatus(
        await stage.request("/api/pair/start", {
          method: "POST",
          headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
          body: "{}",
        }),
        403,
      ),
  },
  {
    section: "§8",
    title: "POST under a foreign Host is misdirected",
    isOurs: true,
    run: async (stage) => {
      const headers = { Host: "foreign.example", "Content-Type": "application/json" };
      const answer = await postRpc(stage, VERSION_REQUEST, headers);
      demandStatus(answer, 421);
    },
  },
  {
    section: "§8",
    title: "an event stream is one, where this address may have it",
    run: async (stage) => {
      const answer = await stage.request("/api/v0.1/events", { isHeadOnly: true });
      if (answer.status === 401 || answer.status === 403) throw new Unjudged(answerOf(answer));
      demandStatus(answer, 200);
      const type = answer.header("Content-Type") ?? "";
      demand(type.startsWith("text/event-stream"), `is of the type ${quoted(type)}`);
    },
  },
  ...[...APP_ORIGINS, undefined].map((origin): ConformCheck => ({
    section: "§8",
    title: `a WebSocket with ${origin === undefined ? "no Origin" : `the Origin ${origin}`} opens`,
    run: async (stage) =>
      demand(
        await stage.accepts(origin === undefined ? {} : { origin }),
        "was refused",
      ),
  })),
  ...[FOREIGN, "null"].map((origin): ConformCheck => ({
    section: "§8",
    title: `a WebSocket with the Origin ${origin} is refused`,
    run: async (stage) => demand(!await stage.accepts({ origin }), "was opened"),
  })),
  ...["/api", "/api/", "/api/v0", "/api/v0.1"].map((path): ConformCheck => ({
    section: "§4",
    title: `${path} is a path of the WebSocket`,
    run: async (stage) => demand(await stage.accepts({ path }), "was refused"),
  })),
];

/** Posts JSON-RPC. */
export function postRpc(
  stage: ConformStage,
  body: string,
  headers: Readonly<Record<string, string>> = { "Content-Type": "application/json" },
): Promise<WireAnswer> {
  return stage.request(API_PATH, { method: "POST", headers, body });
}

/** Why this address may not do something, for people. */
export function answerOf({ status }: WireAnswer): string {
  return status === 401 ? "the device wants an API key for it" : "not open to this address";
}

function preflight(stage: ConformStage, origin: string): Promise<WireAnswer> {
  return stage.request(API_PATH, {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "content-type",
    },
  });
}
