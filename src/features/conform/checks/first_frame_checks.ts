// What a device makes of messages from peers that have no session and that it does not know
// (docs/protocol.md §4).

import { encodeBase64, utf8 } from "../../../base/bytes.ts";
import { asJsonObject, parseJsonObject } from "../../../base/json.ts";
import { randomUuid } from "../../../base/random.ts";
import { encodeFirstFrame, type WireMessage } from "../../../protocol/v1/frame.ts";
import { MAX_FIRST_FRAME_BYTES } from "../../../protocol/v1/frame.ts";
import { SALT_BYTES } from "../../../protocol/v1/key_schedule.ts";
import type { ConformCheck } from "../conform_check.ts";
import type { ConformStage } from "../conform_stage.ts";
import { demand, Deviation, quoted } from "../deviation.ts";
import type { JudgedSocket } from "../judged_socket.ts";
import { VERSION_REQUEST } from "../session_peer.ts";

const ENCRYPTION_REQUIRED = -32002;
const UNSUPPORTED_VERSION = -32001;

/** Requires the plaintext error of a code, and the close behind it. */
export async function demandPlaintextError(
  socket: JudgedSocket,
  code: number,
): Promise<Record<string, unknown>> {
  const message = await socket.nextMessage();
  demand(typeof message === "string", "answered with a binary message");
  const error = errorIn(message);
  demand(error["code"] === code, `answered ${quoted(message)}, expected ${code}`);
  demand(parseJsonObject(message)?.["id"] === null, `answered ${quoted(message)}, with an id`);
  await closed(socket);
  return error;
}

async function closed(socket: JudgedSocket): Promise<void> {
  const event = await socket.next();
  demand(event.kind === "closed", "said more after its error, expected a close");
}

function errorIn(text: string): Record<string, unknown> {
  const error = asJsonObject(parseJsonObject(text)?.["error"]);
  demand(error !== undefined, `answered ${quoted(text)}, expected an error`);
  return error;
}

function strangersFrame(stage: ConformStage, envelope: "json" | "binary"): WireMessage {
  return encodeFirstFrame(stage.random(60), {
    envelope,
    authToken: randomUuid(stage.random),
    salt: stage.random(SALT_BYTES),
  });
}

function ofVersion2(message: WireMessage): WireMessage {
  if (typeof message === "string") return message.replace('"v":1', '"v":2');
  const changed = message.slice();
  changed[0] = 2;
  return changed;
}

// All are objects with e, t and s, or nearly; none is a first frame.
function nearFrames({ random }: ConformStage): [string, Record<string, unknown>][] {
  const whole = {
    v: 1,
    e: encodeBase64(random(60)),
    t: randomUuid(random),
    s: encodeBase64(random(SALT_BYTES)),
  };
  return [
    ['v is "1"', { ...whole, v: "1" }],
    ["v is 0", { ...whole, v: 0 }],
    ["v is -1", { ...whole, v: -1 }],
    ["v is 1.5", { ...whole, v: 1.5 }],
    ["e is empty", { ...whole, e: "" }],
    ["t is missing", { ...whole, t: undefined }],
    ["t is empty", { ...whole, t: "" }],
    ["s is a number", { ...whole, s: 5 }],
    ["s is empty", { ...whole, s: "" }],
  ];
}

const NO_BINARY_FRAMES: [string, (stage: ConformStage) => Uint8Array<ArrayBuffer>][] = [
  ["is empty", () => new Uint8Array()],
  ["is too short", () => utf8("ping")],
  ["names version 0", (stage) => {
    const frame = binaryFrame(stage);
    frame[0] = 0;
    return frame;
  }],
  ["has an empty token", (stage) => {
    const frame = binaryFrame(stage);
    frame[1 + SALT_BYTES] = 0;
    return frame;
  }],
];

function binaryFrame(stage: ConformStage): Uint8Array<ArrayBuffer> {
  const frame = strangersFrame(stage, "binary");
  if (typeof frame === "string") throw new Error("A binary frame is bytes");
  return frame;
}

/** Checks of first messages. */
export const FIRST_FRAME_CHECKS: readonly ConformCheck[] = [
  {
    section: "§4",
    title: "plaintext is answered, or refused with -32002 and a close",
    run: async (stage) =>
      await stage.withSocket(async (socket) => {
        socket.send(VERSION_REQUEST);
        const message = await socket.nextMessage();
        demand(typeof message === "string", "answered with a binary message");
        if (parseJsonObject(message)?.["id"] === "v") return;
        const { code } = errorIn(message);
        demand(code === ENCRYPTION_REQUIRED, `answered ${quoted(message)}`);
        await closed(socket);
      }),
  },
  ...(["json", "binary"] as const).flatMap((envelope): ConformCheck[] => [
    {
      section: "§5",
      title: `a first frame of an unknown token closes in silence (${envelope})`,
      run: async (stage) =>
        await stage.withSocket(async (socket) => {
          socket.send(strangersFrame(stage, envelope));
          await socket.closedInSilence();
        }),
    },
    {
      section: "§4",
      title: `a first frame of version 2 is answered -32001 and a close (${envelope})`,
      run: async (stage) =>
        await stage.withSocket(async (socket) => {
          socket.send(ofVersion2(strangersFrame(stage, envelope)));
          const { data } = await demandPlaintextError(socket, UNSUPPORTED_VERSION);
          const supported = asJsonObject(data)?.["supported"];
          demand(
            Array.isArray(supported) && supported.includes(1),
            `supports ${JSON.stringify(supported)}, expected 1 among them`,
          );
        }),
    },
  ]),
  {
    section: "§4",
    title: "what is nearly a first frame is plaintext, and no bad frame",
    run: async (stage) => {
      for (const [name, frame] of nearFrames(stage)) {
        await stage.withSocket(async (socket) => {
          socket.send(JSON.stringify(frame));
          const event = await socket.next();
          demand(event.kind === "message", `${name}: closed without an answer`);
          demand(typeof event.message === "string", `${name}: answered with a binary message`);
          const { code } = errorIn(event.message);
          demand(code !== UNSUPPORTED_VERSION, `${name}: answered as a frame of another version`);
        });
      }
    },
  },
  ...NO_BINARY_FRAMES.map(([name, make]): ConformCheck => ({
    section: "§4",
    title: `a binary message that ${name} closes in silence`,
    run: async (stage) =>
      await stage.withSocket(async (socket) => {
        socket.send(make(stage));
        await socket.closedInSilence();
      }),
  })),
  {
    section: "§4",
    title: "a message over 64 KiB before there is a session closes",
    isOurs: true,
    run: async (stage) =>
      await stage.withSocket(async (socket) => {
        const params = { filling: "x".repeat(MAX_FIRST_FRAME_BYTES) };
        const id = "v";
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "version", params }));
        const event = await socket.next();
        if (event.kind === "message") throw new Deviation("answered it, expected a close");
      }),
  },
];
