// `rpc.discover`: the API describes itself as an OpenRPC document (docs/protocol.md §7). What makes
// it is loaded with the first call.

import * as v from "valibot";
import { defineMethod, type RpcMethod } from "../method.ts";

/** `rpc.discover`, over all other methods. */
export function discoverMethod(methods: readonly RpcMethod[]): RpcMethod {
  let document: Promise<OpenRpcText> | undefined;
  const discover = defineMethod({
    name: "rpc.discover",
    access: "anyone",
    params: v.object({}),
    result: v.looseObject({ openrpc: v.string() }),
    run: () => document ??= describe(),
  });
  return discover;

  async function describe(): Promise<OpenRpcText> {
    const { describeApi } = await import("../reference/openrpc.ts");
    return describeApi([...methods, discover]);
  }
}

interface OpenRpcText {
  readonly openrpc: string;
  readonly [name: string]: unknown;
}
