// Methods that start and stop things on the device (docs/protocol.md §12), with the names and shapes
// that clients of Core know.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import type { ActionReport, ActionRunner } from "../../actions/action_runner.ts";
import type { Media } from "../../actions/action_table.ts";
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
  actions: Pick<ActionRunner, "active" | "list" | "output" | "run" | "stop">;
}

/** `run`, `stop`, `media.active`, `actions` and `actions.output`. */
export function actionMethods({ actions }: ActionMethodsOptions): RpcMethod[] {
  return [
    defineMethod({
      name: "run",
      access: "anyone",
      params: RunParams,
      run: async (params) => {
        const { text = "", uid } = typeof params === "string" ? { text: params } : params;
        if (text === "") throw new AppError("bad_request", "text: expected a text to run");
        await actions.run({ text, uid });
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
        const active = actions.active();
        if (active === undefined) return null;
        return { started: new Date(active.startedAtMs).toISOString(), ...showMedia(active.media) };
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

/** What clients are told about what runs. */
export function showMedia({ systemId, systemName, mediaName, mediaPath }: Media): Media {
  return { systemId, systemName, mediaName, mediaPath };
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
