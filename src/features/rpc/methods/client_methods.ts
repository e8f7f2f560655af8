// Methods about paired clients and pairing (docs/protocol.md §3 and §8). Keys, tokens and PINs of
// others never leave: a client is shown without its secrets, and a PIN only to the device itself.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import { type Client, type Role, ROLES } from "../../access/client.ts";
import { defineMethod, type RpcMethod } from "../method.ts";
import { NothingShape, SecondsShape, type Shown, TextShape } from "../shapes.ts";

/** A client, as it is shown. */
export const ClientShape = v.strictObject({
  clientId: TextShape,
  clientName: TextShape,
  role: v.picklist(ROLES),
  createdAt: SecondsShape,
  lastSeenAt: SecondsShape,
});

/** A valid PIN, as it is shown. */
export const PinShape = v.strictObject({
  pin: TextShape,
  expiresAt: SecondsShape,
  role: v.picklist(ROLES),
});

/** The parts behind the client methods. */
export interface ClientMethodsOptions {
  roster: {
    list(): Client[];
    find(clientId: string): Client | undefined;
    update(
      clientId: string,
      change: { role?: Role | undefined; clientName?: string | undefined },
    ): Client;
    remove(clientId: string): void;
  };
  pairing: {
    open(options: { role?: Role; liftLock?: boolean }): OpenPin;
    current(): OpenPin | undefined;
    cancel(): void;
  };
  /** When a client was heard of later than its record says, in milliseconds since 1970. */
  unsavedLastSeenMs: (clientId: string) => number | undefined;
  /**
   * Resolves once all that was kept is on the disk.
   * @default it is there when it was kept
   */
  durable?: () => Promise<void>;
}

const ClientIdParams = v.strictObject({ clientId: v.pipe(v.string(), v.nonEmpty()) });
const UpdateParams = v.strictObject({
  clientId: v.pipe(v.string(), v.nonEmpty()),
  role: v.optional(v.picklist(ROLES)),
  clientName: v.optional(v.string()),
});
const PairStartParams = v.strictObject({
  role: v.optional(v.picklist(ROLES)),
  liftLock: v.optional(v.boolean(), false),
});

/** `clients`, `clients.current`, `clients.delete` and `clients.pair.*`. */
export function clientMethods(options: ClientMethodsOptions): RpcMethod[] {
  const { roster, pairing, unsavedLastSeenMs, durable = () => Promise.resolve() } = options;
  const show = (client: Client): Shown<typeof ClientShape> =>
    showClient(client, unsavedLastSeenMs(client.clientId) ?? client.lastSeenAtMs);
  return [
    defineMethod({
      name: "clients",
      access: "local",
      params: v.object({}),
      result: v.strictObject({ clients: v.array(ClientShape) }),
      run: () => ({ clients: roster.list().map(show) }),
    }),
    defineMethod({
      name: "clients.current",
      access: "anyone",
      params: v.object({}),
      result: v.strictObject({
        access: v.picklist(["localhost", ...ROLES]),
        paired: v.boolean(),
        role: v.nullable(v.picklist(ROLES)),
        capabilities: v.array(TextShape),
        client: v.nullable(ClientShape),
      }),
      run: (_params, { caller, role }) => {
        const client = caller.clientId === undefined ? undefined : roster.find(caller.clientId);
        return {
          access: caller.isLocal ? "localhost" as const : role,
          paired: client !== undefined,
          role: client?.role ?? null,
          capabilities: role === "admin" ? ["settings.write"] : [],
          client: client === undefined ? null : show(client),
        };
      },
    }),
    defineMethod({
      name: "clients.update",
      access: "admin",
      params: UpdateParams,
      result: ClientShape,
      waitsForDisk: true,
      run: ({ clientId, ...change }, { caller }) => {
        if (!caller.isLocal && change.role === "member") keepLastAdmin(roster.list(), clientId);
        return show(roster.update(clientId, change));
      },
    }),
    defineMethod({
      name: "clients.delete",
      access: "local",
      params: ClientIdParams,
      result: NothingShape,
      waitsForDisk: true,
      run: ({ clientId }) => {
        roster.remove(clientId);
        return null;
      },
    }),
    defineMethod({
      name: "clients.pair.start",
      access: "local",
      params: PairStartParams,
      result: PinShape,
      run: async ({ role, liftLock }) => {
        const opened = pairing.open(role === undefined ? { liftLock } : { role, liftLock });
        try {
          await durable();
        } catch (error) {
          // No client could be kept either.
          pairing.cancel();
          throw error;
        }
        return showPin(opened);
      },
    }),
    defineMethod({
      name: "clients.pair.current",
      access: "local",
      params: v.object({}),
      result: v.nullable(PinShape),
      run: () => {
        const current = pairing.current();
        return current === undefined ? null : showPin(current);
      },
    }),
    defineMethod({
      name: "clients.pair.cancel",
      access: "local",
      params: v.object({}),
      result: NothingShape,
      waitsForDisk: true,
      run: () => {
        pairing.cancel();
        return null;
      },
    }),
  ];
}

// An admin on a phone could otherwise leave the device with nobody to manage it.
function keepLastAdmin(clients: readonly Client[], clientId: string): void {
  const admins = clients.filter(({ role }) => role === "admin");
  if (admins.length === 1 && admins[0]?.clientId === clientId) {
    throw new AppError("conflict", "The last admin can only be demoted on the device itself");
  }
}

interface OpenPin {
  readonly pin: string;
  readonly expiresAtMs: number;
  readonly role: Role;
}

function showPin({ pin, expiresAtMs, role }: OpenPin): Shown<typeof PinShape> {
  return { pin, expiresAt: Math.floor(expiresAtMs / 1000), role };
}

function showClient(client: Client, lastSeenAtMs: number): Shown<typeof ClientShape> {
  const { clientId, clientName, role, createdAtMs } = client;
  return {
    clientId,
    clientName,
    role,
    createdAt: Math.floor(createdAtMs / 1000),
    lastSeenAt: Math.floor(lastSeenAtMs / 1000),
  };
}
