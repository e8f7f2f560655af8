// Methods about the settings (docs/protocol.md §8).

import * as v from "valibot";
import { defineMethod, type RpcMethod } from "../method.ts";

/** `settings.reload`. */
export function settingsMethods(options: { reload: () => readonly string[] }): RpcMethod[] {
  return [
    defineMethod({
      name: "settings.reload",
      // The file may change who gets in, which is for the device itself to say.
      access: "local",
      params: v.object({}),
      run: () => ({ changed: options.reload() }),
    }),
  ];
}
