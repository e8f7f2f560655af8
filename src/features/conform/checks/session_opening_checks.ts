// From the first frame to a session (docs/protocol.md §5): what opens one, and what does not.

import { type Bytes, encodeBase64, utf8 } from "../../../base/bytes.ts";
import { parseJsonObject } from "../../../base/json.ts";
import { frameAad } from "../../../protocol/v1/aead.ts";
import type { Envelope, WireMessage } from "../../../protocol/v1/frame.ts";
import {
  type DirectionKeys,
  KEY_BYTES,
  NONCE_BYTES,
  SALT_BYTES,
} from "../../../protocol/v1/key_schedule.ts";
import { KEY_LABELS } from "../../../protocol/v1/labels.ts";
import type { ConformCheck } from "../conform_check.ts";
import type { ConformStage } from "../conform_stage.ts";
import { demand, Unjudged } from "../deviation.ts";
import {
  clientOf,
  createSessionPeer,
  demandVersion,
  drawSession,
  flipBit,
  type SessionSecrets,
  VERSION_REQUEST,
  withSession,
  withUnopened,
} from "../session_peer.ts";

const ENVELOPES: readonly Envelope[] = ["json", "binary"];

const FIRST = { counter: 0n } as const;

interface FirstFrameRow {
  readonly title: string;
  /** The message that must open nothing. */
  readonly write: (secrets: SessionSecrets, stage: ConformStage) => Promise<WireMessage>;
  readonly isOurs?: true;
}

// The JSON first frame with the given members in the place of the right ones.
async function rewritten(
  secrets: SessionSecrets,
  change: (right: { e: string; s: string; t: string }) => Record<string, unknown>,
): Promise<string> {
  const message = secrets.firstFrame(await secrets.seal(VERSION_REQUEST, FIRST));
  if (typeof message !== "string") throw new Error("A JSON frame is a text");
  const right = JSON.parse(message);
  return JSON.stringify({ ...right, ...change(right) });
}

async function sealedWith(
  secrets: SessionSecrets,
  options: Partial<Parameters<SessionSecrets["seal"]>[1]>,
): Promise<WireMessage> {
  return secrets.firstFrame(await secrets.seal(VERSION_REQUEST, { ...FIRST, ...options }));
}

function flipped(at: number): FirstFrameRow["write"] {
  return async (secrets) =>
    secrets.firstFrame(flipBit(await secrets.seal(VERSION_REQUEST, FIRST), at));
}

// Sealed under the keys of that very salt: only its length is wrong.
function saltOf(bytes: number): FirstFrameRow["write"] {
  return async (secrets, stage) => {
    const salt = stage.random(bytes);
    const keys = await keysOfSalt(clientOf(stage).pairingKey, salt);
    const e = encodeBase64(await secrets.seal(VERSION_REQUEST, { ...FIRST, keys }));
    return await rewritten(secrets, () => ({ s: encodeBase64(salt), e }));
  };
}

// Of a salt of any length, which deriveSessionKeys() refuses.
async function keysOfSalt(pairingKey: Bytes, salt: Bytes): Promise<DirectionKeys> {
  const { subtle } = crypto;
  const secret = await subtle.importKey("raw", pairingKey, "HKDF", false, ["deriveBits"]);
  const expand = async (label: string, bytes: number): Promise<Bytes> => {
    const params = { name: "HKDF", hash: "SHA-256", salt, info: utf8(label) };
    return new Uint8Array(await subtle.deriveBits(params, secret, bytes * 8));
  };
  return {
    key: await expand(KEY_LABELS.clientToDevice, KEY_BYTES),
    nonceBase: await expand(KEY_LABELS.clientToDeviceNonce, NONCE_BYTES),
  };
}

const ROWS: readonly FirstFrameRow[] = [
  { title: "with a salt of 15 bytes", write: saltOf(SALT_BYTES - 1) },
  { title: "with a salt of 17 bytes", write: saltOf(SALT_BYTES + 1) },
  {
    title: "with a salt that is no base64",
    write: (secrets) => rewritten(secrets, () => ({ s: "!" })),
  },
  {
    title: "whose ciphertext is no base64",
    write: (secrets) => rewritten(secrets, () => ({ e: "!" })),
  },
  {
    title: "whose ciphertext has a line end in it",
    write: (secrets) => rewritten(secrets, ({ e }) => ({ e: `${e}\n` })),
    isOurs: true,
  },
  {
    title: "that is shorter than a tag",
    write: (secrets) => Promise.resolve(secrets.firstFrame(utf8("short"))),
  },
  { title: "with a bit turned in its ciphertext", write: flipped(0) },
  { title: "with a bit turned in its tag", write: flipped(-1) },
  { title: "that carries the counter 1", write: (secrets) => sealedWith(secrets, { counter: 1n }) },
  {
    title: "under the keys of the device",
    write: (secrets) => sealedWith(secrets, { keys: secrets.keys.deviceToClient }),
  },
  {
    title: "that is bound to the token alone",
    write: (secrets, stage) =>
      sealedWith(secrets, { additionalData: utf8(clientOf(stage).authToken) }),
  },
  {
    title: "that is bound to another transport",
    write: (secrets, stage) =>
      sealedWith(secrets, { additionalData: utf8(`${clientOf(stage).authToken}:ble`) }),
  },
  {
    title: "that is bound to another token",
    write: (secrets) => sealedWith(secrets, { additionalData: frameAad("somebody") }),
  },
  {
    title: "of another salt",
    write: (secrets, { random }) =>
      rewritten(secrets, () => ({ s: encodeBase64(random(SALT_BYTES)) })),
  },
  {
    title: "whose token is written in capitals",
    write: (secrets) => rewritten(secrets, ({ t }) => ({ t: t.toUpperCase() })),
  },
];

async function demandRefused(stage: ConformStage, message: WireMessage): Promise<void> {
  await stage.withSocket(async (socket) => {
    socket.send(message);
    await socket.closedInSilence();
  });
}

// Ten failures in a row would begin a throttle.
async function succeedOnce(stage: ConformStage): Promise<void> {
  await withSession(stage, () => Promise.resolve());
}

async function firstFrameOf(secrets: SessionSecrets): Promise<WireMessage> {
  return secrets.firstFrame(await secrets.seal(VERSION_REQUEST, FIRST));
}

/** Opens a session with these bytes; whether the device answered as it must. */
async function opens(stage: ConformStage, secrets: SessionSecrets): Promise<boolean> {
  return await stage.withSocket(async (socket) => {
    const session = createSessionPeer(socket, clientOf(stage), secrets);
    await session.send(VERSION_REQUEST);
    const event = await socket.next();
    return event.kind === "message";
  });
}

/** Checks of first frames of a paired client. */
export const SESSION_OPENING_CHECKS: readonly ConformCheck[] = [
  {
    section: "§5",
    title: "a first frame opens a session, and its request is answered under the session's keys",
    isGate: true,
    run: async (stage) =>
      await withUnopened(stage, async (session) => {
        stage.serverVersion = demandVersion(await session.ask(VERSION_REQUEST));
        stage.opensSessions = true;
      }),
  },
  {
    section: "§4",
    title: "a binary first frame opens a session, and is answered in binary",
    run: async (stage) =>
      await withUnopened(stage, async (session) => {
        demandVersion(await session.ask(VERSION_REQUEST));
      }, { envelope: "binary" }),
  },
  {
    section: "§4",
    title: "a first frame may come after plaintext, where that is allowed",
    run: async (stage) =>
      await withUnopened(stage, async (session) => {
        session.socket.send(VERSION_REQUEST);
        const message = await session.socket.nextMessage();
        if (parseJsonObject(String(message))?.["id"] !== "v") {
          throw new Unjudged("plaintext is refused here");
        }
        demandVersion(await session.ask(VERSION_REQUEST));
      }),
  },
  ...ROWS.map(({ title, write, isOurs }): ConformCheck => ({
    section: "§5",
    title: `a first frame ${title} closes in silence`,
    ...(isOurs && { isOurs }),
    run: async (stage) => {
      await succeedOnce(stage);
      const message = await write(drawSession(stage, clientOf(stage)), stage);
      await demandRefused(stage, message);
    },
  })),
  {
    section: "§5",
    title: "a first frame that failed leaves its salt unused",
    run: async (stage) => {
      const secrets = drawSession(stage, clientOf(stage));
      const sealed = await secrets.seal(VERSION_REQUEST, FIRST);
      await demandRefused(stage, secrets.firstFrame(flipBit(sealed, 0)));
      demand(await opens(stage, secrets), "the right frame with this salt was refused then");
    },
  },
  ...ENVELOPES.map((envelope): ConformCheck => ({
    section: "§5",
    title: `a first frame that is played again closes in silence (${envelope})`,
    run: async (stage) => {
      const secrets = drawSession(stage, clientOf(stage), { envelope });
      const message = await firstFrameOf(secrets);
      await stage.withSocket(async (socket) => {
        socket.send(message);
        await socket.nextMessage();
        // Beside the session, and after it.
        await demandRefused(stage, message);
      });
      await demandRefused(stage, message);
    },
  })),
  {
    section: "§5",
    title: "a salt that opened a session opens no other, whatever it carries",
    run: async (stage) => {
      const { salt } = await withSession(stage, ({ secrets }) => Promise.resolve(secrets));
      const again = drawSession(stage, clientOf(stage), { salt, envelope: "binary" });
      const ciphertext: Bytes = await again.seal("ping", FIRST);
      await demandRefused(stage, again.firstFrame(ciphertext));
    },
  },
  {
    section: "§5",
    title: "of two first frames with one salt at once, one opens a session",
    run: async (stage) => {
      const secrets = drawSession(stage, clientOf(stage));
      const both = await Promise.all([opens(stage, secrets), opens(stage, secrets)]);
      const opened = both.filter(Boolean).length;
      demand(opened === 1, `${opened} of them did`);
    },
  },
];
