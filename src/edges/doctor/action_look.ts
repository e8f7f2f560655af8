// The doctor's look at the actions: whether the table makes sense, and each program and its folder
// are there.

import { describeActionProblems } from "../../features/actions/action_table.ts";
import type { ActionSettings } from "../../features/actions/action_settings.ts";
import type { ActionFacts } from "../../features/doctor/doctor_facts.ts";
import type { Identity } from "../../features/doctor/proc_files.ts";
import { lookAtProgram, statIfThere } from "./file_look.ts";

/** What the actions start, for whom they are meant. */
export async function lookAtActions(
  actions: readonly ActionSettings[],
  options: { searchPath: string; identity: Identity },
): Promise<ActionFacts> {
  const { identity } = options;
  const looks = await Promise.all(actions.map(async (action) => {
    const { name, command: [program = ""], cwd = Deno.cwd(), env } = action;
    const searchPath = env["PATH"] ?? options.searchPath;
    const isFolder = (await statIfThere(cwd))?.isDirectory === true;
    return {
      action: { name, program, state: await lookAtProgram(program, { cwd, searchPath, identity }) },
      problem: isFolder ? undefined : `action ${name}: ${cwd} is no folder`,
    };
  }));
  return {
    actions: looks.map(({ action }) => action),
    problems: [
      ...describeActionProblems(actions).map(({ index, key, text }) =>
        `action ${actions[index]?.name}: ${key}: ${text}`
      ),
      ...looks.flatMap(({ problem }) => problem === undefined ? [] : [problem]),
    ],
  };
}
