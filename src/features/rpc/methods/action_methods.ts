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
  screen: Pick<ExclusiveScreen, "current">;
}

/** `run`, `stop`, `media.active`, `actions` and `actions.output`. */
export function actionMethods({ actions, run, screen }: ActionMethodsOptions): RpcMethod[] {
  return [
    defineMethod({
      name: "run",
      access: "anyone",
      params: RunParams,
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
      run: async ({ name }) => {
        await actions.stop(name);
        return null;
      },
    }),
    defineMethod({
      name: "media.active",
      access: "anyone",
      params: v.object({}),
      run: () => {
        const use = screen.current();
        return use === undefined ? null : showActive(use);
      },
    }),
    defineMethod({
      name: "actions",
      access: "anyone",
      params: v.object({}),
      run: (_params, { caller }) => ({
        actions: actions.list().map((report) => showAction(report, caller.isLocal)),
      }),
    }),
    defineMethod({
      name: "actions.output",
      access: "admin",
      params: v.strictObject({ name: v.string() }),
      run: ({ name }) => ({ name, output: actions.output(name) }),
    }),
  ];
}

/** What clients are told when something begins. */
export function showStarted(media: Media): Record<string, unknown> {
  const { systemId, systemName, mediaName, mediaPath } = media;
  return { systemId, systemName, mediaName, mediaPath };
}

/** What clients are told when it has ended. */
export function showStopped(media: Media, elapsedMs: number): Record<string, unknown> {
  const { launcherId } = media;
  return { ...showStarted(media), launcherId, elapsed: Math.floor(elapsedMs / 1000) };
}

/** What has the screen, as clients see it. */
export function showActive({ media, startedAtMs }: ScreenUse): Record<string, unknown> {
  const { launcherId, zapScript } = media;
  const started = new Date(startedAtMs).toISOString();
  return { started, ...showStarted(media), launcherId, zapScript };
}

// Whom the history names: never the name that a client gave itself.
function originOf({ isLocal, clientId }: Caller): string {
  return clientId ?? (isLocal ? "local" : "remote");
}

function showAction(report: ActionReport, isLocal: boolean): Record<string, unknown> {
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
