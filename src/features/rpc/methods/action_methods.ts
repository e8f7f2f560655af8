// Methods that start and stop things on the device (docs/protocol.md §12), with the names and shapes
// that clients of Core know.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import type { ActionReport, ActionRunner } from "../../actions/action_runner.ts";
import type { Media } from "../../actions/action_table.ts";
import type { ExclusiveScreen, ScreenUse } from "../../actions/exclusive_screen.ts";
import type { RunOrigin, RunToken } from "../../library/text_runner.ts";
import type { Caller } from "../caller.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import {
  CountShape,
  MomentShape,
  NothingShape,
  SecondsShape,
  type Shown,
  TextShape,
} from "../shapes.ts";

/** What began to play. */
export const StartedShape = v.strictObject({
  systemId: TextShape,
  systemName: TextShape,
  mediaName: TextShape,
  mediaPath: TextShape,
});

/** What plays no more; `elapsed` in whole seconds. */
export const StoppedShape = v.strictObject({
  ...StartedShape.entries,
  launcherId: TextShape,
  elapsed: CountShape,
});

/** What has the screen. */
export const ActiveShape = v.strictObject({
  started: MomentShape,
  ...StartedShape.entries,
  launcherId: TextShape,
  zapScript: TextShape,
});

/** An action, as it is listed; `match` and `command` are told to the device itself alone. */
export const ActionShape = v.strictObject({
  name: TextShape,
  system: TextShape,
  exclusive: v.boolean(),
  state: v.picklist(["idle", "running", "stopping", "ended", "failed"]),
  startedAt: v.nullable(SecondsShape),
  endedAt: v.nullable(SecondsShape),
  exitCode: v.nullable(v.pipe(v.number(), v.integer())),
  signal: v.nullable(TextShape),
  match: v.optional(TextShape),
  command: v.optional(v.array(TextShape)),
});

const RunParams = v.union([
  v.string(),
  v.object({
    type: v.optional(v.string()),
    uid: v.optional(v.string()),
    text: v.optional(v.string()),
    data: v.optional(v.string()),
    unsafe: v.optional(v.boolean()),
  }),
]);

/** The parts behind the action methods. */
export interface ActionMethodsOptions {
  actions: Pick<ActionRunner, "list" | "output" | "stop">;
  /** Runs a text for somebody. */
  run: (token: RunToken, origin: RunOrigin) => Promise<void>;
  /** What has the screen. */
  screen: Pick<ExclusiveScreen, "current" | "look">;
}

/** `run`, `stop`, `media.active`, `actions` and `actions.output`. */
export function actionMethods({ actions, run, screen }: ActionMethodsOptions): RpcMethod[] {
  return [
    defineMethod({
      name: "run",
      access: "anyone",
      params: RunParams,
      result: NothingShape,
      run: async (params, { caller }) => {
        const token = typeof params === "string" ? { text: params } : params;
        const { text = "", uid, type, data } = token;
        if (text === "") throw new AppError("bad_request", "text: expected a text to run");
        await run({ text, uid, type, data }, { by: originOf(caller) });
        return null;
      },
    }),
    defineMethod({
      name: "stop",
      access: "anyone",
      params: v.object({ name: v.optional(v.string()) }),
      result: NothingShape,
      run: async ({ name }) => {
        await actions.stop(name);
        return null;
      },
    }),
    defineMethod({
      name: "media.active",
      access: "anyone",
      params: v.object({}),
      result: v.nullable(ActiveShape),
      run: async () => {
        await screen.look();
        const use = screen.current();
        return use === undefined ? null : showActive(use);
      },
    }),
    defineMethod({
      name: "actions",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ actions: v.array(ActionShape) }),
      run: (_params, { caller }) => ({
        actions: actions.list().map((report) => showAction(report, caller.isLocal)),
      }),
    }),
    defineMethod({
      name: "actions.output",
      access: "admin",
      params: v.strictObject({ name: v.string() }),
      result: v.strictObject({ name: TextShape, output: TextShape }),
      run: ({ name }) => ({ name, output: actions.output(name) }),
    }),
  ];
}

/** What clients are told when something begins. */
export function showStarted(media: Media): Shown<typeof StartedShape> {
  const { systemId, systemName, mediaName, mediaPath } = media;
  return { systemId, systemName, mediaName, mediaPath };
}

/** What clients are told when it has ended. */
export function showStopped(media: Media, elapsedMs: number): Shown<typeof StoppedShape> {
  const { launcherId } = media;
  return { ...showStarted(media), launcherId, elapsed: Math.floor(elapsedMs / 1000) };
}

/** What has the screen, as clients see it. */
export function showActive({ media, startedAtMs }: ScreenUse): Shown<typeof ActiveShape> {
  const { launcherId, zapScript } = media;
  const started = new Date(startedAtMs).toISOString();
  return { started, ...showStarted(media), launcherId, zapScript };
}

// Whom the history names: never the name that a client gave itself.
function originOf({ isLocal, clientId }: Caller): string {
  return clientId ?? (isLocal ? "local" : "remote");
}

function showAction(report: ActionReport, isLocal: boolean): Shown<typeof ActionShape> {
  const { action, state, startedAtMs, endedAtMs, exitCode, signal } = report;
  return {
    name: action.name,
    system: action.system ?? action.name,
    exclusive: action.exclusive,
    state,
    startedAt: toSeconds(startedAtMs),
    endedAt: toSeconds(endedAtMs),
    exitCode: exitCode ?? null,
    signal: signal ?? null,
    // What a text must be and what it starts is the owner's.
    ...(isLocal ? { match: action.match, command: action.command } : {}),
  };
}

function toSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}
