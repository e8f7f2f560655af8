// Judges a server by docs/protocol.md: the groups of checks in their order, what becomes of each check,
// what was measured, and what is left on the device.

import { FIRST_FRAME_CHECKS } from "./checks/first_frame_checks.ts";
import { answerOf, HTTP_CHECKS, postRpc } from "./checks/http_checks.ts";
import { oddPairingGroup, triesGroup } from "./checks/more_pins_checks.ts";
import { PAIRING_BODY_CHECKS } from "./checks/pairing_body_checks.ts";
import { pairingGroup } from "./checks/pairing_checks.ts";
import { removalGroup, removeClient } from "./checks/removal_checks.ts";
import { exchangeByPost, exchangeInSession, POST_CHECKS, rpcChecks } from "./checks/rpc_checks.ts";
import { SESSION_CHECKS } from "./checks/session_checks.ts";
import { SESSION_OPENING_CHECKS } from "./checks/session_opening_checks.ts";
import { asJsonObject, parseJsonObject } from "../../base/json.ts";
import type { ConformCheck, ConformGroup } from "./conform_check.ts";
import {
  type ConformStage,
  createStage,
  isLatchkey,
  type StageOptions,
  whyNoSession,
} from "./conform_stage.ts";
import { type ConformTime, measureSessions, timesOf } from "./conform_times.ts";
import { Deviation, Unjudged } from "./deviation.ts";
import { VERSION_REQUEST } from "./session_peer.ts";

/** What became of a check. */
export type ConformOutcome = "ok" | "failed" | "note" | "skipped";

/** One check and what became of it. */
export interface ConformResult {
  /** The section of docs/protocol.md, such as "§5". */
  readonly section: string;
  /** What has to be so. */
  readonly title: string;
  /** What became of it; a note is a difference that docs/protocol.md grants other servers. */
  readonly outcome: ConformOutcome;
  /** What was seen, or why nothing was judged; undefined where all is well. */
  readonly detail: string | undefined;
}

/** The judgement on a server. */
export interface ConformReport {
  /** What its method `version` says; undefined where it was not answered. */
  readonly serverVersion: string | undefined;
  /** Every check. */
  readonly results: readonly ConformResult[];
  /** What was measured. */
  readonly times: readonly ConformTime[];
  /** Ids of clients that were paired and could not be removed. */
  readonly leftClients: readonly string[];
}

/** Options of {@linkcode judgeServer}. */
export interface JudgeServerOptions extends StageOptions {
  /** Hears of each check when it is judged. */
  onResult: (result: ConformResult) => void;
}

/** Runs every check. Rejects only where a check itself has a mistake. */
export async function judgeServer(options: JudgeServerOptions): Promise<ConformReport> {
  const stage = createStage(options);
  const results: ConformResult[] = [];
  const tell = (result: ConformResult): void => {
    results.push(result);
    options.onResult(result);
  };
  await attempt(() => learnVersion(stage));
  for (const group of groups()) await judgeGroup(stage, group, tell);
  if (whyNoSession(stage) === undefined) await attempt(() => measureSessions(stage));
  await judgeGroup(stage, removalGroup(), tell);
  for (const client of stage.paired.slice()) await removeClient(stage, client);
  return {
    serverVersion: stage.serverVersion,
    results,
    times: timesOf(stage.samples),
    leftClients: stage.paired.map(({ clientId }) => clientId),
  };
}

const ALWAYS = (): undefined => undefined;

function groups(): ConformGroup[] {
  return [
    { whyNot: ALWAYS, checks: HTTP_CHECKS },
    { whyNot: whyNoPost, checks: [...POST_CHECKS, ...rpcChecks("POST", exchangeByPost)] },
    { whyNot: ALWAYS, checks: FIRST_FRAME_CHECKS },
    { whyNot: ALWAYS, checks: PAIRING_BODY_CHECKS },
    pairingGroup(),
    {
      whyNot: ({ client }) => client === undefined ? "not paired" : undefined,
      checks: SESSION_OPENING_CHECKS,
    },
    { whyNot: whyNoSession, checks: SESSION_CHECKS },
    { whyNot: whyNoSession, checks: rpcChecks("session", exchangeInSession) },
    oddPairingGroup(),
    triesGroup(),
  ];
}

async function whyNoPost(stage: ConformStage): Promise<string | undefined> {
  const answer = await postRpc(stage, VERSION_REQUEST);
  return answer.status === 401 || answer.status === 403 ? answerOf(answer) : undefined;
}

// By POST, or over a WebSocket in plaintext; where neither is open to this address, a session tells.
async function learnVersion(stage: ConformStage): Promise<void> {
  const versionIn = (text: unknown): string | undefined => {
    const answer = typeof text === "string" ? parseJsonObject(text) : undefined;
    const version = asJsonObject(answer?.["result"])?.["version"];
    return typeof version === "string" ? version : undefined;
  };
  stage.serverVersion = versionIn((await postRpc(stage, VERSION_REQUEST)).text);
  stage.serverVersion ??= await stage.withSocket(async (socket) => {
    socket.send(VERSION_REQUEST);
    return versionIn(await socket.nextMessage());
  });
}

// What the device refuses here is judged by checks of its own.
async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Deviation) && !(error instanceof Unjudged)) throw error;
  }
}

async function judgeGroup(
  stage: ConformStage,
  { whyNot, checks }: ConformGroup,
  tell: (result: ConformResult) => void,
): Promise<void> {
  let reason = await whyNotOf(stage, whyNot);
  for (const check of checks) {
    const { section, title, isGate } = check;
    if (reason !== undefined) {
      tell({ section, title, outcome: "skipped", detail: reason });
      continue;
    }
    const result = await judge(stage, check);
    tell(result);
    if (isGate !== true || result.outcome === "ok") continue;
    reason = result.outcome === "skipped" ? result.detail : `needs that ${title}`;
  }
}

async function whyNotOf(
  stage: ConformStage,
  whyNot: ConformGroup["whyNot"],
): Promise<string | undefined> {
  try {
    return await whyNot(stage);
  } catch (error) {
    if (error instanceof Deviation || error instanceof Unjudged) return error.message;
    throw error;
  }
}

async function judge(stage: ConformStage, check: ConformCheck): Promise<ConformResult> {
  const { section, title, isOurs, run } = check;
  try {
    await run(stage);
    return { section, title, outcome: "ok", detail: undefined };
  } catch (error) {
    if (error instanceof Unjudged) {
      return { section, title, outcome: "skipped", detail: error.message };
    }
    if (!(error instanceof Deviation)) throw error;
    const isGranted = error.kind === "note" ||
      ((isOurs === true || error.kind === "ours") && !isLatchkey(stage));
    const outcome = isGranted ? "note" : "failed";
    return { section, title, outcome, detail: error.message };
  }
}
