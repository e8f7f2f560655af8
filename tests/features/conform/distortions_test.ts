// Checks that cannot fail are none: the real service behind something that distorts what it says, and
// which checks then hold no longer.

import assert from "node:assert/strict";
import { type JsonObject, parseJsonObject } from "../../../src/base/json.ts";
import { REFUSED_MESSAGES } from "../../../src/features/conform/checks/pairing_message_rows.ts";
import type { DeviceWire, WireAnswer } from "../../../src/features/conform/device_wire.ts";
import type { WebSocketLike } from "../../../src/protocol/web_socket_like.ts";
import { judgeInProcess } from "../../support/conformance_in_process.ts";
import { titlesOf } from "../../support/conformance_run.ts";

interface Distortion {
  readonly name: string;
  readonly between: (wire: DeviceWire) => DeviceWire;
  /** Which checks can hold all the same. */
  readonly holds: (title: string) => boolean;
  /** How many of them do at least, so that something was judged. */
  readonly least: number;
  /** How long an answer may take, in milliseconds, where none comes. */
  readonly limitMs?: number;
}

function answering(distort: (answer: WireAnswer) => WireAnswer): Distortion["between"] {
  return (wire) => ({
    ...wire,
    request: async (path, request) => distort(await wire.request(path, request)),
  });
}

// Accepted starts with something of the first one.
function startingWith(
  distort: (first: JsonObject, answer: JsonObject) => JsonObject,
): Distortion["between"] {
  return (wire) => {
    let first: JsonObject | undefined;
    return {
      ...wire,
      request: async (path, request): Promise<WireAnswer> => {
        const answer = await wire.request(path, request);
        if (path !== "/api/pair/start" || answer.status !== 200) return answer;
        const said = parseJsonObject(answer.text) ?? {};
        first ??= said;
        return { ...answer, text: JSON.stringify(distort(first, said)) };
      },
    };
  };
}

type Handlers = Pick<WebSocketLike, "onopen" | "onmessage" | "onclose" | "onerror">;

// A socket whose events pass through `distort` before anybody hears of them.
function hearing(distort: (heard: Handlers) => Partial<Handlers>): Distortion["between"] {
  return (wire) => ({
    ...wire,
    openSocket: (path, options): WebSocketLike => {
      const socket = wire.openSocket(path, options);
      const outer: WebSocketLike = {
        binaryType: "arraybuffer",
        onopen: null,
        onmessage: null,
        onclose: null,
        onerror: null,
        send: (message) => socket.send(message),
        close: () => socket.close(),
      };
      const { onopen, onmessage, onclose, onerror } = { ...passed(outer), ...distort(outer) };
      Object.assign(socket, { onopen, onmessage, onclose, onerror });
      return outer;
    },
  });
}

// What is set on the outer socket later counts.
function passed(outer: Handlers): Handlers {
  return {
    onopen: (event) => outer.onopen?.(event),
    onmessage: (event) => outer.onmessage?.(event),
    onclose: (event) => outer.onclose?.(event),
    onerror: (event) => outer.onerror?.(event),
  };
}

const REFUSES = new RegExp(
  [
    "^(start|finish) refuses ",
    "^an error names",
    "^a foreign Origin is refused over HTTP",
    "^a page of another site",
    "^POST (under|wants|takes)",
    "^a wrong PIN is told",
    "^a guess ends",
    "^a confirm that is no base64",
    "^a (session|PIN) pairs once",
    "^X = pw·U never pairs",
    "^a confirm of another length",
    "^the third guess",
    "^after three guesses",
  ].join("|"),
);

// Whether a check hears anything over a socket that says something.
const OVER_HTTP =
  /^(GET|POST|every answer|an error names|start|finish|a guess|a second start|.* PIN )/;
const OPENS_SOCKETS = /^a WebSocket with .* opens|is a path of the WebSocket/;
const CLOSES =
  /closes?( in silence|$)|and a close|in silence$|ends a session|closes the oldest|cuts/;

// What a start has to answer to its own msgA.
const BY_OWN_START = /^a second start|^start takes a msgA|^X = pw·U never|proves that it knows it/;

const DISTORTIONS: readonly Distortion[] = [
  {
    name: "refuses nothing over HTTP",
    between: answering((answer) => answer.status >= 400 ? { ...answer, status: 200 } : answer),
    holds: (title) => !REFUSES.test(title),
    least: 140,
  },
  {
    name: "refuses everything over HTTP",
    between: answering(() => ({ status: 403, header: () => null, text: "{}" })),
    holds: (title) =>
      /is refused|not allowed|cannot start a pairing|first frame of|WebSocket|binary message|plaintext|64 KiB/
        .test(title),
    least: 20,
  },
  {
    name: "answers every POST with another id",
    between: answering((answer) => ({
      ...answer,
      status: answer.status === 204 ? 200 : answer.status,
      text: answer.text.includes("jsonrpc") || answer.text === ""
        ? '{"jsonrpc":"2.0","id":"other","result":{"version":"latchkey-0","platform":"x"}}'
        : answer.text,
    })),
    holds: (title) => !/^POST: |removing a client/.test(title),
    least: 140,
  },
  {
    name: "answers every start with the first msgB",
    between: startingWith((first, answer) => ({ ...answer, pake: first["pake"] })),
    holds: (title) => !BY_OWN_START.test(title),
    least: 70,
  },
  {
    name: "answers every start with the first session",
    between: startingWith((first, answer) => ({ ...answer, session: first["session"] })),
    holds: (title) => !/^a second start|proves that it knows it/.test(title),
    least: 80,
  },
  {
    name: "names other codes in plaintext and closes with another",
    between: hearing((outer) => ({
      onmessage: ({ data }: { data: unknown }) => {
        const text = typeof data === "string" ? data.replace('"code":-3200', '"code":-3300') : data;
        outer.onmessage?.({ data: text } as never);
      },
      onclose: () => outer.onclose?.({ code: 1000 } as never),
    })),
    holds: (title) => !/version 2|removed client|closes the oldest/.test(title),
    least: 150,
  },
  {
    name: "says something instead of a close",
    between: hearing((outer) => ({
      onclose: () => outer.onmessage?.({ data: '{"e":"AAAA"}' } as never),
      onerror: () => outer.onopen?.({} as never),
    })),
    holds: (title) =>
      title.startsWith("plaintext is answered") ||
      !CLOSES.test(title) && !/^a WebSocket .* is refused|after a frame/.test(title),
    least: 100,
  },
  {
    name: "closes instead of every answer",
    between: hearing((outer) => ({
      onmessage: () => outer.onclose?.({ code: 1000 } as never),
    })),
    holds: (title) =>
      OVER_HTTP.test(title) || REFUSES.test(title) || OPENS_SOCKETS.test(title) ||
      /Origin|preflight|Host|page of another|event stream|pairs|wrong PIN|proves|unknown token|binary message|64 KiB/
        .test(title),
    least: 80,
  },
  {
    name: "says nothing over sockets",
    between: hearing(() => ({ onmessage: () => {}, onclose: () => {} })),
    holds: (title) =>
      OVER_HTTP.test(title) || REFUSES.test(title) || OPENS_SOCKETS.test(title) ||
      /Origin|preflight|Host|page of another|event stream|pairs|wrong PIN|proves/.test(title),
    least: 80,
    limitMs: 20,
  },
  {
    name: "opens no socket",
    between: hearing((outer) => ({ onopen: () => outer.onclose?.({ code: 1006 } as never) })),
    holds: (title) =>
      OVER_HTTP.test(title) || REFUSES.test(title) ||
      /is refused|preflight|Host|page of another|event stream|pairs|wrong PIN|proves/.test(title),
    least: 80,
  },
];

for (const { name, between, holds, least, limitMs } of DISTORTIONS) {
  Deno.test(`no check holds that should not where the service ${name}`, async () => {
    const report = await judgeInProcess({
      pins: 3,
      between,
      ...(limitMs !== undefined && { limitMs }),
    });
    const ok = titlesOf(report, "ok");
    assert.deepEqual(ok.filter((title) => !holds(title)), []);
    assert.ok(ok.length >= least, String(ok.length));
    assert.ok(titlesOf(report, "failed").length > 0);
  });
}

Deno.test("a server of another make that takes a wrong msgA fails all the same", async () => {
  const report = await judgeInProcess({
    pins: 1,
    between: answering((answer) => ({
      ...answer,
      status: answer.status >= 400 ? 200 : answer.status,
      text: answer.text.replace('"latchkey-', '"other-'),
    })),
  });
  const failed = titlesOf(report, "failed");
  for (const { title } of REFUSED_MESSAGES) {
    assert.ok(failed.includes(`start refuses a msgA that ${title}`), title);
  }
  // What is ours alone is a note as long as it calls itself otherwise.
  assert.ok(titlesOf(report, "note").includes("a foreign Origin is refused over HTTP"));
});
