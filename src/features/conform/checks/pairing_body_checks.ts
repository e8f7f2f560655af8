// What pairing refuses before it looks for a PIN (docs/protocol.md §3): bodies, base64, names, lengths.

import { encodeBase64, utf8 } from "../../../base/bytes.ts";
import { randomUuid } from "../../../base/random.ts";
import { MAX_PAKE_MESSAGE_BYTES } from "../../../protocol/v1/pake_message.ts";
import type { ConformCheck } from "../conform_check.ts";
import { demandRefusal } from "../deviation.ts";
import { CLIENT_NAME, drawShare, postPairing } from "../pairing_attempt.ts";

interface BodyRow {
  readonly step: "start" | "finish";
  readonly title: string;
  /** The body; `right` is one that only needs a PIN, or a session. */
  readonly body: (right: Record<string, unknown>) => string;
  readonly texts?: readonly string[];
  readonly status?: number;
  readonly isOurs?: true;
}

const MAX_START_BYTES = 16 * 1024;
const MAX_FINISH_BYTES = 4 * 1024;
const MAX_NAME_BYTES = 128;

const INVALID_MESSAGE = ["invalid PAKE message"];
const TOO_LONG = ["client name too long"];

function changed(change: Record<string, unknown>): BodyRow["body"] {
  return (right) => JSON.stringify({ ...right, ...change });
}

function filled(bytes: number): BodyRow["body"] {
  return changed({ filling: "x".repeat(bytes) });
}

const ROWS: readonly BodyRow[] = [
  { step: "start", title: "what is no JSON", body: () => "{" },
  { step: "start", title: "an array", body: () => "[]" },
  { step: "start", title: "a body without pake", body: changed({ pake: undefined }) },
  { step: "start", title: "a pake that is a number", body: changed({ pake: 5 }) },
  { step: "start", title: "a name that is a number", body: changed({ name: 5 }) },
  { step: "start", title: "more than 16 KiB", body: filled(MAX_START_BYTES) },
  {
    step: "start",
    title: "a pake that is no base64",
    body: changed({ pake: "!!!!" }),
    texts: INVALID_MESSAGE,
  },
  {
    step: "start",
    title: "a pake without its padding",
    body: changed({ pake: "eyJhIjoxfQ" }),
    texts: INVALID_MESSAGE,
  },
  {
    step: "start",
    title: "a pake with a line end in it",
    body: (right) => JSON.stringify({ ...right, pake: `${right["pake"]}\n` }),
    texts: INVALID_MESSAGE,
    isOurs: true,
  },
  {
    step: "start",
    title: "an empty name",
    body: changed({ name: "" }),
    texts: ["client name required"],
  },
  {
    step: "start",
    title: "a name of 129 bytes",
    body: changed({ name: "x".repeat(MAX_NAME_BYTES + 1) }),
    texts: TOO_LONG,
  },
  {
    step: "start",
    title: "a name of 65 letters in 130 bytes",
    body: changed({ name: "é".repeat(MAX_NAME_BYTES / 2 + 1) }),
    texts: TOO_LONG,
  },
  {
    step: "start",
    title: "a msgA of more than 2048 bytes",
    body: (right) => {
      const message = utf8(atob(String(right["pake"])).padEnd(MAX_PAKE_MESSAGE_BYTES + 1));
      return JSON.stringify({ ...right, pake: encodeBase64(message) });
    },
    texts: ["PAKE message too long"],
  },
  { step: "finish", title: "what is no JSON", body: () => "{" },
  { step: "finish", title: "a session that is a number", body: changed({ session: 5 }) },
  { step: "finish", title: "a confirm that is a number", body: changed({ confirm: 5 }) },
  { step: "finish", title: "a confirm that is empty", body: changed({ confirm: "" }) },
  { step: "finish", title: "a confirm that is no base64", body: changed({ confirm: "!!!!" }) },
  { step: "finish", title: "more than 4 KiB", body: filled(MAX_FINISH_BYTES) },
  {
    step: "finish",
    title: "an unknown session",
    body: changed({}),
    status: 404,
    texts: ["unknown pairing session"],
  },
];

/** Checks of the bodies of start and finish; no PIN is needed. */
export const PAIRING_BODY_CHECKS: readonly ConformCheck[] = ROWS.map(
  ({ step, title, body, texts, status = 400, isOurs }) => ({
    section: "§3",
    title: `${step} refuses ${title}`,
    ...(isOurs && { isOurs }),
    run: async (stage) => {
      const pake = encodeBase64(drawShare(stage, "000000").messageA);
      const confirm = encodeBase64(stage.random(32));
      const right = step === "start"
        ? { pake, name: CLIENT_NAME }
        : { session: randomUuid(stage.random), confirm };
      const answer = await postPairing(stage, step, { body: body(right) });
      demandRefusal(answer, { status, ...(texts && { texts }) });
    },
  }),
);
