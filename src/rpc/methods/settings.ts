// Methods about the settings (docs/protocol.md §8).

import * as v from "valibot";
import { AppError, asError } from "../../base/errors.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

const OWNERS_MISTAKES = ["CommandError", "ConfigError"];

/** `settings.reload`. */
export function settingsMethods(options: { reload: () => readonly string[] }): RpcMethod[] {
  return [
    defineMethod({
      name: "settings.reload",
      // The file may change who gets in, which is for the device itself to say.
      access: "local",
      params: v.object({}),
      run: () => ({ changed: reload(options.reload) }),
    }),
  ];
}

// Such an error tells what is wrong with the owner's file, which a local caller may read. All
// others are mistakes of ours.
function reload(action: () => readonly string[]): readonly string[] {
  try {
    return action();
  } catch (error) {
    if (!OWNERS_MISTAKES.includes(asError(error).name)) throw error;
    throw new AppError("bad_request", asError(error).message, { cause: error });
  }
}
