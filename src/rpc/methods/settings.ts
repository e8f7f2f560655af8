// Methods about the settings (docs/protocol.md §8).

import * as v from "valibot";
import { AppError, asError } from "../../base/errors.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

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

// The message names the owner's file and what is wrong with it, which a local caller may read.
function reload(action: () => readonly string[]): readonly string[] {
  try {
    return action();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("bad_request", asError(error).message, { cause: error });
  }
}
