// Inside a session (docs/protocol.md §4 to §6): counters, order, envelopes, pings, and what ends it.

import { concatBytes, utf8 } from "../../../base/bytes.ts";
import { frameAad } from "../../../protocol/v1/aead.ts";
import { encodeFrame, type Envelope, type WireMessage } from "../../../protocol/v1/frame.ts";
import { MAX_FRAME_BYTES } from "../../../protocol/v1/frame.ts";
import { PING, PONG } from "../../../protocol/ping.ts";
import { asJsonObject, parseJsonObject } from "../../../base/json.ts";
import type { ConformCheck } from "../conform_check.ts";
import type { ConformStage } from "../conform_stage.ts";
import { demand, quoted, Unjudged } from "../deviation.ts";
import {
  clientOf,
  createSessionPeer,
  demandVersion,
  drawSession,
  flipBit,
  type SessionPeer,
  VERSION_REQUEST,
  withSession,
} from "../session_peer.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];

const IN_A_ROW = 20;
const AT_ONCE = 16;
const MAX_SESSIONS = 8;
const REPLACED = 4000;
const LONG_BYTES = 256 * 1024;

type EndingRow = readonly [
  title: string,
  /** The messages that must end the session, the first of them or a later one. */
  write: (session: SessionPeer, stage: ConformStage) => Promise<readonly WireMessage[]>,
];

async function sealed(
  { secrets, counter }: SessionPeer,
  options: Partial<Parameters<SessionPeer["secrets"]["seal"]>[1]> = {},
): Promise<WireMessage[]> {
  const ciphertext = await secrets.seal(VERSION_REQUEST, { counter, ...options });
  return [encodeFrame(ciphertext, secrets.envelope)];
}

async function turned(session: SessionPeer, at: number): Promise<WireMessage[]> {
  const { secrets, counter } = session;
  const ciphertext = await secrets.seal(VERSION_REQUEST, { counter });
  return [encodeFrame(flipBit(ciphertext, at), secrets.envelope)];
}

const ENDINGS: readonly EndingRow[] = [
  ["a frame with a bit turned in its ciphertext", (session) => turned(session, 0)],
  ["a frame with a bit turned in its tag", (session) => turned(session, -1)],
  [
    "a frame that comes after one was left out",
    (session) => sealed(session, { counter: session.counter + 1n }),
  ],
  [
    "a frame under the keys of the device",
    (session) => sealed(session, { keys: session.secrets.keys.deviceToClient }),
  ],
  [
    "a frame that is bound to the token alone",
    (session, stage) => sealed(session, { additionalData: utf8(clientOf(stage).authToken) }),
  ],
  [
    "a frame that is bound to another token",
    (session) => sealed(session, { additionalData: frameAad("somebody") }),
  ],
  ["a frame without its tag", async ({ secrets, counter }) => {
    const ciphertext = await secrets.seal(VERSION_REQUEST, { counter });
    return [encodeFrame(ciphertext.slice(0, -16), secrets.envelope)];
  }],
  ["a frame with a byte more", async ({ secrets, counter }) => {
    const ciphertext = await secrets.seal(VERSION_REQUEST, { counter });
    return [encodeFrame(concatBytes(ciphertext, Uint8Array.of(0)), secrets.envelope)];
  }],
  ["a request in plaintext", () => Promise.resolve([VERSION_REQUEST])],
  ["a ping in plaintext", () => Promise.resolve([PING])],
  ["an object without e", () => Promise.resolve(["{}"])],
  ["an empty e", () => Promise.resolve(['{"e":""}'])],
  ["an e that is a number", () => Promise.resolve(['{"e":5}'])],
  ["an e that is no base64", () => Promise.resolve(['{"e":"!!!!"}'])],
];

function endingCheck([title, write]: EndingRow): ConformCheck {
  return {
    section: title.includes("plaintext") || title.includes(" e") ? "§4" : "§5",
    title: `in a session, ${title} closes in silence`,
    run: async (stage) =>
      await withSession(stage, async (session) => {
        for (const message of await write(session, stage)) session.socket.send(message);
        await session.endedInSilence();
      }),
  };
}

/** Checks of an open session. */
export const SESSION_CHECKS: readonly ConformCheck[] = [
  ...ENVELOPES.map((envelope): ConformCheck => ({
    section: "§5",
    title: `both directions count their frames, one by one (${envelope})`,
    isGate: true,
    run: async (stage) =>
      await withSession(stage, async (session) => {
        for (let i = 0; i < IN_A_ROW; i++) demandVersion(await session.ask(VERSION_REQUEST));
      }, { envelope }),
  })),
  {
    section: "§6",
    title: "requests that come at once are all answered, each with its id",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const ids = Array.from({ length: AT_ONCE }, (_, i) => `n${i}`);
        for (const id of ids) await session.send(VERSION_REQUEST.replace('"v"', `"${id}"`));
        const answered = [];
        for (const _ of ids) answered.push(parseJsonObject(await session.answer())?.["id"]);
        demand(
          answered.map(String).sort().join() === ids.toSorted().join(),
          `answered ${answered.join()}`,
        );
      }),
  },
  ...ENVELOPES.map((envelope): ConformCheck => ({
    section: "§6",
    title: `ping is answered with pong, encrypted (${envelope})`,
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const text = await session.ask(PING);
        demand(text === PONG, `answered ${quoted(text)}`);
      }, { envelope }),
  })),
  {
    section: "§6",
    title: "a first frame may carry a ping",
    run: async (stage) => {
      const client = clientOf(stage);
      await stage.withSocket(async (socket) => {
        const session = createSessionPeer(socket, client, drawSession(stage, client));
        const text = await session.ask(PING);
        demand(text === PONG, `answered ${quoted(text)}`);
      });
    },
  },
  {
    section: "§6",
    title: "only the four letters are a ping",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        for (const text of ["PING", "ping ", '"ping"']) {
          const answer = await session.ask(text);
          demand(
            parseJsonObject(answer)?.["error"] !== undefined,
            `answered ${quoted(answer)} to ${JSON.stringify(text)}, expected an error`,
          );
        }
      }),
  },
  {
    section: "§4",
    title: "other members of a frame are ignored",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const frame = await session.frame(VERSION_REQUEST);
        const e = parseJsonObject(String(frame))?.["e"];
        session.socket.send(` ${JSON.stringify({ v: 7, more: [], e, t: 5 })}\n`);
        demandVersion(await session.answer());
      }),
  },
  {
    section: "§4",
    title: "a message of 256 KiB is taken in a session",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const params = { filling: "x".repeat(LONG_BYTES) };
        const id = "long";
        const text = JSON.stringify({ jsonrpc: "2.0", id, method: "version", params });
        const answer = await session.ask(text);
        demand(parseJsonObject(answer)?.["id"] === id, `answered ${quoted(answer)}`);
      }, { envelope: "binary" }),
  },
  ...ENDINGS.map(endingCheck),
  {
    section: "§5",
    title: "in a session, a frame that is sent twice closes in silence",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const frame = await session.frame(VERSION_REQUEST);
        session.socket.send(frame);
        await session.answer();
        session.socket.send(frame);
        await session.endedInSilence();
      }),
  },
  {
    section: "§5",
    title: "in a session, two frames in the wrong order close in silence",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const frames = [await session.frame(VERSION_REQUEST), await session.frame(VERSION_REQUEST)];
        for (const frame of frames.toReversed()) session.socket.send(frame);
        await session.endedInSilence();
      }),
  },
  {
    section: "§5",
    title: "after a frame that does not open nothing more is acted upon",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        const [bad] = await turned(session, 0);
        const good = await session.frame(VERSION_REQUEST);
        if (bad !== undefined) session.socket.send(bad);
        session.socket.send(good);
        await session.endedInSilence();
      }),
  },
  ...ENVELOPES.map((envelope): ConformCheck => {
    const other: Envelope = envelope === "json" ? "binary" : "json";
    return {
      section: "§4",
      title: `a frame of the ${other} envelope ends a session of the ${envelope} one in silence`,
      run: async (stage) =>
        await withSession(stage, async (session) => {
          const ciphertext = await session.secrets.seal(VERSION_REQUEST, {
            counter: session.counter,
          });
          session.socket.send(encodeFrame(ciphertext, other));
          await session.endedInSilence();
        }, { envelope }),
    };
  }),
  {
    section: "§4",
    title: "a message over 4 MiB ends a session",
    run: async (stage) =>
      await withSession(stage, async (session) => {
        // A frame that opens: only its length is wrong.
        await session.send("x".repeat(MAX_FRAME_BYTES));
        await session.endedInSilence();
      }, { envelope: "binary" }),
  },
  {
    section: "§8",
    title: "what only the device itself may ask is refused to a session from elsewhere",
    isOurs: true,
    run: async (stage) => await withSession(stage, demandLocalOnly),
  },
  {
    section: "§5",
    title: `one session more than ${MAX_SESSIONS} closes the oldest with ${REPLACED}`,
    isOurs: true,
    run: async (stage) => await openOneTooMany(stage),
  },
];

function request(method: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id: "r", method });
}

// Whoever connects from the device itself may all of it.
async function demandLocalOnly(session: SessionPeer): Promise<void> {
  const current = parseJsonObject(await session.ask(request("clients.current")));
  const access = asJsonObject(current?.["result"])?.["access"];
  if (access === undefined || access === "localhost") {
    throw new Unjudged("judged from another host only");
  }
  for (const method of ["clients", "clients.pair.current", "keys", "audit"]) {
    const answer = await session.ask(request(method));
    const { code, data } = asJsonObject(parseJsonObject(answer)?.["error"]) ?? {};
    demand(code !== undefined, `${method}: answered ${quoted(answer)}`);
    demand(
      code === 1 && asJsonObject(data)?.["code"] === "forbidden",
      `${method}: answered ${quoted(answer)}, expected the code forbidden`,
    );
  }
}

async function openOneTooMany(stage: ConformStage): Promise<void> {
  const client = clientOf(stage);
  const sessions: SessionPeer[] = [];
  try {
    for (let i = 0; i <= MAX_SESSIONS; i++) {
      const session = createSessionPeer(await stage.socket(), client, drawSession(stage, client));
      sessions.push(session);
      demandVersion(await session.ask(VERSION_REQUEST));
    }
    const [oldest] = sessions;
    const { code } = await oldest?.endedInSilence() ?? {};
    demand(code === REPLACED, `closed with ${code}`);
  } finally {
    for (const { socket } of sessions) socket.close();
  }
}
