// A pairing with one PIN (docs/protocol.md §2 and §3). One guess is wrong and no more: an address that
// guessed wrongly twice could not use the PIN.

import { decodeUtf8 } from "../../../base/bytes.ts";
import { parseJsonObject } from "../../../base/json.ts";
import { isValidPoint } from "../../../protocol/v1/pake.ts";
import { decodeDeviceMessage } from "../../../protocol/v1/pake_message.ts";
import type { ConformCheck, ConformGroup } from "../conform_check.ts";
import type { ConformStage } from "../conform_stage.ts";
import { demand, demandObject, demandRefusal, Deviation, quoted, Unjudged } from "../deviation.ts";
import {
  type ClientShare,
  drawShare,
  identityShare,
  parseFinished,
  parseStarted,
  postFinish,
  postPairing,
  postStart,
  type ReadyAttempt,
  startAttempt,
  type StartedAttempt,
  TIMED_STEPS,
  wrongPinFor,
} from "../pairing_attempt.ts";
import { ACCEPTED_MESSAGES, REFUSED_MESSAGES, writeMessage } from "./pairing_message_rows.ts";

/** Between these ratios, two times are of one class. */
const SAME_CLASS = { least: 0.6, most: 1.7 };

/** Which of all sorted times is compared: below it, nothing but the server's own work takes time. */
const COMPARED_SHARE = 0.25;

/** What the starts are timed as whose times must not differ. */
export const TIMED_GUESSES = {
  right: "start with the PIN",
  wrong: "start with a wrong PIN",
  identity: "start with X = pw·U",
} as const;

interface PairingState {
  pin: string;
  first: StartedAttempt | undefined;
  ready: ReadyAttempt | undefined;
  guess: ReadyAttempt | undefined;
}

/** Why there is nothing to pair with. */
export const NO_PIN = "no PIN";

/** The checks of a whole pairing; they leave the stage's client. */
export function pairingGroup(): ConformGroup {
  const state: PairingState = { pin: "", first: undefined, ready: undefined, guess: undefined };
  return {
    whyNot: async (stage) => {
      const pin = await stage.nextPin();
      if (pin === undefined) return NO_PIN;
      state.pin = pin;
      return undefined;
    },
    checks: [...startChecks(state), ...finishChecks(state)],
  };
}

function startChecks(state: PairingState): ConformCheck[] {
  return [
    {
      section: "§3",
      title: "start answers a session and msgB, with X as it was sent and Y on the curve",
      isGate: true,
      run: async (stage) => {
        const { x, messageA } = drawShare(stage, state.pin);
        const started = parseStarted(await postStart(stage, messageA));
        const message = parseJsonObject(decodeUtf8(started.messageB) ?? "");
        demand(message !== undefined, "msgB is no JSON object");
        demand(message["role"] === 1, `msgB has the role ${JSON.stringify(message["role"])}`);
        demand(
          message["xx"] === String(x.x) && message["xy"] === String(x.y),
          "msgB has another X",
        );
        const y = decodeDeviceMessage(started.messageB);
        demand(y !== undefined && isValidPoint(y), "msgB has no valid Y");
        state.first = started;
      },
    },
    {
      section: "§3",
      title: "a second start has a session and a Y of its own",
      run: async (stage) => {
        const { messageA } = drawShare(stage, state.pin);
        const second = parseStarted(await postStart(stage, messageA));
        demand(second.session !== state.first?.session, "it has the same session");
        const texts = [second, state.first].map((one) => new TextDecoder().decode(one?.messageB));
        const [yx, firstYx] = texts.map((text) => parseJsonObject(text)?.["yx"]);
        demand(yx !== firstYx, "it has the same Y");
      },
    },
    ...ACCEPTED_MESSAGES.map((row): ConformCheck => ({
      section: "§2",
      title: `start takes a msgA that ${row.title}`,
      run: async (stage) => {
        const { x, messageA } = drawShare(stage, state.pin, (point) => writeMessage(row, point));
        const { messageB } = parseStarted(await postStart(stage, messageA));
        const { xx } = demandObject(new TextDecoder().decode(messageB));
        demand(xx === String(x.x), `msgB has X as ${quoted(String(xx))}, expected it in decimals`);
      },
    })),
    ...REFUSED_MESSAGES.map((row): ConformCheck => ({
      section: "§2",
      title: `start refuses a msgA that ${row.title}`,
      run: async (stage) => {
        const { messageA } = drawShare(stage, state.pin, (point) => writeMessage(row, point));
        const answer = await postStart(stage, messageA);
        demand(answer.status >= 400, `answered ${answer.status}: it was taken`);
        // Core has another status for some of these.
        try {
          demandRefusal(answer, { status: 400, texts: ["invalid PAKE message"] });
        } catch (error) {
          throw error instanceof Deviation ? new Deviation(error.message, "ours") : error;
        }
      },
    })),
    {
      section: "§2",
      title: "start answers X = pw·U like any other X",
      run: async (stage) => {
        const { messageB } = parseStarted(
          await postStart(stage, identityShare(state.pin).messageA),
        );
        demand(decodeDeviceMessage(messageB) !== undefined, "msgB has no valid Y");
      },
    },
    {
      section: "§2",
      title: "start takes as long for X = pw·U as for any other X",
      run: async (stage) => await compareTimes(stage, state.pin),
    },
  ];
}

// Starts of each kind take turns. Only a note: what lies between the two hosts takes time as well.
async function compareTimes(stage: ConformStage, pin: string): Promise<void> {
  const shares: Record<keyof typeof TIMED_GUESSES, () => ClientShare> = {
    right: () => drawShare(stage, pin),
    wrong: () => drawShare(stage, wrongPinFor(pin)),
    identity: () => identityShare(pin),
  };
  const kinds = Object.keys(shares) as (keyof typeof TIMED_GUESSES)[];
  for (let i = 0; i < stage.timedStarts * kinds.length; i++) {
    // Another one begins each round.
    const kind = kinds[(i + Math.floor(i / kinds.length)) % kinds.length] ?? "right";
    await postStart(stage, shares[kind]().messageA, { timedAs: TIMED_GUESSES[kind] });
    if (!stage.wasPaced) continue;
    // What waited says nothing.
    for (const what of Object.values(TIMED_GUESSES)) stage.samples.delete(what);
    throw new Unjudged("the device takes one start a second from here");
  }
  const usual = comparedTime(stage, TIMED_GUESSES.right);
  for (const what of [TIMED_GUESSES.wrong, TIMED_GUESSES.identity]) {
    const ratio = comparedTime(stage, what) / usual;
    if (ratio >= SAME_CLASS.least && ratio <= SAME_CLASS.most) continue;
    throw new Deviation(`${what} takes ${ratio.toFixed(2)} times as long as with the PIN`, "note");
  }
}

function comparedTime({ samples }: ConformStage, what: string): number {
  const times = (samples.get(what) ?? []).toSorted((a, b) => a - b);
  return times[Math.floor(times.length * COMPARED_SHARE)] ?? 0;
}

function finishChecks(state: PairingState): ConformCheck[] {
  const readyOf = ({ ready }: PairingState): ReadyAttempt => {
    if (ready === undefined) throw new Error("Nothing was started");
    return ready;
  };
  return [
    {
      section: "§3",
      title: "a wrong PIN is told at finish, and not before",
      run: async (stage) => {
        state.guess = await startAttempt(stage, drawShare(stage, wrongPinFor(state.pin)));
        const answer = await postFinish(stage, state.guess);
        demandRefusal(answer, { status: 401, texts: ["wrong PIN"] });
      },
    },
    {
      section: "§3",
      title: "a guess ends its session",
      run: async (stage) => {
        if (state.guess === undefined) throw new Unjudged("there was no guess");
        const answer = await postFinish(stage, state.guess);
        demandRefusal(answer, { status: 404, texts: ["unknown pairing session"] });
      },
    },
    {
      section: "§3",
      title: "a confirm that is no base64 leaves its session as it was",
      run: async (stage) => {
        state.ready = await startAttempt(stage, drawShare(stage, state.pin));
        const { session } = state.ready;
        const body = JSON.stringify({ session, confirm: "!" });
        demandRefusal(await postPairing(stage, "finish", { body }), { status: 400 });
      },
    },
    {
      section: "§3",
      title: "the right PIN pairs, and the device proves that it knows it",
      isGate: true,
      run: async (stage) => {
        state.ready ??= await startAttempt(stage, drawShare(stage, state.pin));
        const answer = await postFinish(stage, state.ready, TIMED_STEPS.finish);
        stage.client = parseFinished(stage, answer, state.ready);
      },
    },
    {
      section: "§3",
      title: "a session pairs once",
      run: async (stage) =>
        demandRefusal(await postFinish(stage, readyOf(state)), {
          status: 404,
          texts: ["unknown pairing session"],
        }),
    },
    {
      section: "§3",
      title: "a PIN pairs once",
      run: async (stage) =>
        demandRefusal(await postStart(stage, drawShare(stage, state.pin).messageA), {
          status: 400,
          texts: ["no pairing in progress"],
        }),
    },
  ];
}
