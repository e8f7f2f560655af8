// Methods about the service itself (docs/protocol.md §7).

import * as v from "valibot";
import { PROTOCOL_VERSION } from "../../../protocol/v1/frame.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

/** What the service methods tell. */
export interface ServiceMethodsOptions {
  /** This program's version. */
  version: string;
  /** The kind of system it runs on, such as "linux". */
  platform: string;
  /** What the service is doing. */
  state: () => string;
}

/** `version` and `health`. */
export function serviceMethods(options: ServiceMethodsOptions): RpcMethod[] {
  const { version, platform, state } = options;
  return [
    defineMethod({
      name: "version",
      access: "anyone",
      params: v.object({}),
      run: () => ({ version, platform, encryption: [PROTOCOL_VERSION] }),
    }),
    defineMethod({
      name: "health",
      access: "anyone",
      params: v.object({}),
      run: () => ({ status: "ok", state: state() }),
    }),
  ];
}
