// Methods about paired clients and pairing (docs/protocol.md §3 and §8). Keys, tokens and PINs of
// others never leave: a client is shown without its secrets, and a PIN only to the device itself.

import * as v from "valibot";
import { AppError } from "../../../base/app_error.ts";
import { type Client, type Role, ROLES } from "../../access/client.ts";
import { defineMethod, type RpcMethod } from "../method.ts";

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
    open(options: { role?: Role; liftLock?: boolean }): ShownPin;
    current(): ShownPin | undefined;
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
  const show = (client: Client): ShownClient =>
    showClient(client, unsavedLastSeenMs(client.clientId) ?? client.lastSeenAtMs);
  return [
    defineMethod({
      name: "clients",
      access: "local",
      params: v.object({}),
      run: () => ({ clients: roster.list().map(show) }),
    }),
    defineMethod({
      name: "clients.current",
      access: "anyone",
      params: v.object({}),
      run: (_params, { caller, role }) => {
        const client = caller.clientId === undefined ? undefined : roster.find(caller.clientId);
        return {
          access: caller.isLocal ? "localhost" : role,
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
      run: () => {
        const current = pairing.current();
        return current === undefined ? null : showPin(current);
      },
    }),
    defineMethod({
      name: "clients.pair.cancel",
      access: "local",
      params: v.object({}),
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

interface ShownPin {
  readonly pin: string;
  readonly expiresAtMs: number;
  readonly role: Role;
}

function showPin({ pin, expiresAtMs, role }: ShownPin): unknown {
  return { pin, expiresAt: Math.floor(expiresAtMs / 1000), role };
}

interface ShownClient {
  clientId: string;
  clientName: string;
  role: string;
  createdAt: number;
  lastSeenAt: number;
}

function showClient(client: Client, lastSeenAtMs: number): ShownClient {
  const { clientId, clientName, role, createdAtMs } = client;
  return {
    clientId,
    clientName,
    role,
    createdAt: Math.floor(createdAtMs / 1000),
    lastSeenAt: Math.floor(lastSeenAtMs / 1000),
  };
}
