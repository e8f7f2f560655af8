// What takes a PIN of its own (docs/protocol.md §3): a pairing with an odd msgA and name, and the
// three tries.

import { utf8 } from "../../../base/bytes.ts";
import { asJsonObject } from "../../../base/json.ts";
import type { ConformGroup } from "../conform_check.ts";
import { whyNoSession } from "../conform_stage.ts";
import { demand, demandRefusal } from "../deviation.ts";
import {
  drawShare,
  identityShare,
  parseFinished,
  parseStarted,
  postFinish,
  postStart,
  type ReadyAttempt,
  readyAttempt,
  startAttempt,
  wrongPinFor,
} from "../pairing_attempt.ts";
import { withSession } from "../session_peer.ts";
import { writeOddMessage } from "./pairing_message_rows.ts";

// Letters that normalising would change, and white space that trimming would.
const ODD_NAME = ` cafe\u0301 \u212b conform `;

const TRIES = ["too many failed attempts"];

/** A second pairing, which the first client hears of. */
export function oddPairingGroup(): ConformGroup {
  let pin = "";
  return {
    whyNot: async (stage) => {
      const reason = whyNoSession(stage);
      if (reason !== undefined) return reason;
      const next = await stage.nextPin();
      if (next === undefined) return "no second PIN";
      pin = next;
      return undefined;
    },
    checks: [
      {
        section: "§3",
        title: "msgA counts byte for byte and the name as it was sent, and sessions hear of it",
        run: async (stage) =>
          await withSession(stage, async (session) => {
            const share = drawShare(stage, pin, writeOddMessage);
            const answer = await postStart(stage, share.messageA, { name: ODD_NAME });
            const ready = readyAttempt(share, parseStarted(answer), ODD_NAME);
            const client = parseFinished(stage, await postFinish(stage, ready), ready);
            const params = asJsonObject((await session.heard("clients.paired"))["params"]);
            demand(
              params?.["clientId"] === client.clientId && params["clientName"] === ODD_NAME,
              "clients.paired tells of another client",
            );
          }),
      },
    ],
  };
}

/** Three guesses, each in another way, and what they leave of the PIN. */
export function triesGroup(): ConformGroup {
  let pin = "";
  let right: ReadyAttempt | undefined;
  return {
    whyNot: async (stage) => {
      if (stage.client === undefined) return "not paired";
      const next = await stage.nextPin();
      if (next === undefined) return "no third PIN";
      pin = next;
      return undefined;
    },
    checks: [
      {
        section: "§2",
        title: "X = pw·U never pairs, and its guess counts like any other",
        isGate: true,
        run: async (stage) => {
          right = await startAttempt(stage, drawShare(stage, pin));
          const guess = await startAttempt(stage, identityShare(pin));
          demandRefusal(await postFinish(stage, guess), { status: 401, texts: ["wrong PIN"] });
        },
      },
      {
        section: "§3",
        title: "a confirm of another length is a wrong PIN",
        isGate: true,
        run: async (stage) => {
          const { session, confirm } = await startAttempt(stage, drawShare(stage, pin));
          const answer = await postFinish(stage, { session, confirm: confirm.slice(1) });
          demandRefusal(answer, { status: 401, texts: ["wrong PIN"] });
        },
      },
      {
        section: "§3",
        title: "the third guess of a PIN is refused as one too many",
        isGate: true,
        run: async (stage) => {
          // Where the address is out of tries it cannot start any more.
          const share = drawShare(stage, wrongPinFor(pin));
          const started = await postStart(stage, share.messageA);
          const answer = started.status === 200
            ? await postFinish(stage, readyAttempt(share, parseStarted(started)))
            : started;
          demandRefusal(answer, { status: 403, texts: TRIES });
        },
      },
      {
        section: "§3",
        title: "after three guesses the right PIN opens nothing any more",
        run: async (stage) => {
          const { session, confirm } = right ?? { session: "", confirm: utf8("") };
          const answer = await postFinish(stage, { session, confirm });
          demand(
            answer.status === 403 || answer.status === 404,
            `answered ${answer.status} to the right confirm, expected 403 or 404`,
          );
        },
      },
    ],
  };
}
