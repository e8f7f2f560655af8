// Methods about the service itself (docs/protocol.md §7).

import * as v from "valibot";
import { SUPPORTED_VERSIONS } from "../../../protocol/versions.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { CountShape, TextShape } from "../shapes.ts";

const StateShape = v.picklist(["starting", "ready", "failed"]);

/** What the service methods tell. */
export interface ServiceMethodsOptions {
  /** This program's version. */
  version: string;
  /** Its name: before the version, it tells apps that this is no release of Core. */
  program: string;
  /** The kind of system it runs on, such as "linux". */
  platform: string;
  /** What the service is doing. */
  state: () => v.InferOutput<typeof StateShape>;
  /** The URLs under which other hosts reach it. */
  addresses: () => string[];
  /** Whether other hosts must encrypt. */
  encryption: () => boolean;
  /** How many connections are open, and how many of them carry a session. */
  connections: () => { open: number; withSession: number };
  /** How many clients are paired. */
  clients: () => number;
  /** The title of what has the screen, if anything has. */
  playing: () => string | undefined;
}

/** `version`, `health` and `status`. */
export function serviceMethods(options: ServiceMethodsOptions): RpcMethod[] {
  const { version, program, platform, state, addresses, encryption } = options;
  const { connections, clients, playing } = options;
  return [
    defineMethod({
      name: "version",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({
        version: TextShape,
        platform: TextShape,
        encryption: v.array(CountShape),
      }),
      // Apps compare a bare version with releases of Core and close what those did not have.
      run: () => ({
        version: `${program}-${version}`,
        platform,
        encryption: SUPPORTED_VERSIONS,
      }),
    }),
    defineMethod({
      name: "health",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({ status: v.literal("ok"), state: StateShape }),
      run: () => ({ status: "ok" as const, state: state() }),
    }),
    defineMethod({
      name: "status",
      access: "local",
      params: v.object({}),
      result: v.strictObject({
        version: TextShape,
        state: StateShape,
        addresses: v.array(TextShape),
        encryption: v.boolean(),
        clients: CountShape,
        connections: CountShape,
        sessions: CountShape,
        playing: v.nullable(TextShape),
      }),
      run: () => ({
        version,
        state: state(),
        addresses: addresses(),
        encryption: encryption(),
        clients: clients(),
        connections: connections().open,
        sessions: connections().withSession,
        playing: playing() ?? null,
      }),
    }),
  ];
}
