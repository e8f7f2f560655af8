// What the page knows of its device at the moment: asked for when a connection is there, and again
// when the device tells that something has changed.

import { ClientError } from "../sdk/client_error.ts";
import type { Connection } from "../sdk/connect.ts";
import type { DeviceLink } from "./device_link.ts";
import type {
  ActionEntry,
  LibraryState,
  OwnAccess,
  PlayingMedia,
  RunEntry,
} from "./device_shapes.ts";

/** What is known. */
export interface DeviceData {
  /** What plays; null for nothing, undefined where it is not known yet. */
  readonly playing?: PlayingMedia | null;
  readonly library?: LibraryState;
  readonly actions?: readonly ActionEntry[];
  readonly recent?: readonly RunEntry[];
  readonly access?: OwnAccess;
}

/** A refusal to a call while there is no connection. */
export class NoConnectionError extends Error {}

/** A refusal of the device. */
export class RefusalError extends Error {
  /** The method and the code, such as "run not_found". */
  readonly reason: string;

  /** A refusal with the device's own text. */
  constructor(method: string, { message, data }: ClientError) {
    super(message);
    this.reason = `${method} ${(data as { code?: string } | undefined)?.code}`;
  }
}

/** Knows the device. */
export class DeviceStore {
  readonly link: DeviceLink;
  readonly #listeners = new Set<() => void>();
  #data: DeviceData = {};
  #connection: Connection | undefined;
  #changes = 0;

  /** A store over a link that has not begun. */
  constructor(link: DeviceLink) {
    this.link = link;
    link.subscribe(() => {
      const connection = link.state.step === "online" ? link.state.connection : undefined;
      const isNew = connection !== undefined && connection !== this.#connection;
      this.#connection = connection;
      this.#tell();
      if (isNew) void this.#askAll();
    });
  }

  /** What is known. */
  get data(): DeviceData {
    return this.#data;
  }

  /** Grows when who is paired, whether pairing is open, or a setting may have changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Calls `listener` after every change, until the result is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls a method. Errors: {@linkcode RefusalError}, {@linkcode NoConnectionError} where nobody is
   * there to ask, else ClientError.
   */
  async call<Result>(method: string, params: unknown = {}): Promise<Result> {
    if (this.#connection === undefined) throw new NoConnectionError();
    try {
      return await this.#connection.call(method, params) as Result;
    } catch (error) {
      const isRefusal = error instanceof ClientError && error.code === "rpc_error";
      throw isRefusal ? new RefusalError(method, error) : error;
    }
  }

  /** Hears a notification. */
  heard(method: string, params: unknown): void {
    switch (method) {
      case "media.started":
      case "media.stopped":
        void this.#ask("media");
        void this.#ask("actions");
        break;
      case "media.indexing":
        this.#update({ library: params as LibraryState });
        break;
      case "tokens.added":
        void this.#ask("actions");
        void this.#ask("recent");
        break;
      case "settings.changed":
        this.touch();
        void this.#ask("actions");
        break;
      case "clients.paired":
      case "clients.changed":
      case "clients.pair.opened":
      case "clients.pair.ended":
        this.touch();
        break;
    }
  }

  /** Something was changed: what shows it asks again. */
  touch(): void {
    this.#changes++;
    this.#tell();
    void this.#ask("access");
  }

  /** Asks what runs again. */
  async refresh(): Promise<void> {
    await Promise.all([this.#ask("media"), this.#ask("actions"), this.#ask("recent")]);
  }

  async #askAll(): Promise<void> {
    await Promise.all([this.#ask("access"), this.refresh()]);
  }

  async #ask(what: "media" | "actions" | "recent" | "access"): Promise<void> {
    try {
      switch (what) {
        case "media": {
          const { active, database } = await this.call<
            { active: PlayingMedia[]; database: LibraryState }
          >("media");
          return this.#update({ playing: active[0] ?? null, library: database });
        }
        case "actions": {
          const { actions } = await this.call<{ actions: ActionEntry[] }>("actions");
          return this.#update({ actions });
        }
        case "recent": {
          const { entries } = await this.call<{ entries: RunEntry[] }>("tokens.history");
          return this.#update({ recent: entries });
        }
        case "access":
          return this.#update({ access: await this.call<OwnAccess>("clients.current") });
      }
    } catch {
      // The next connection, or the next change, asks again.
    }
  }

  #update(change: DeviceData): void {
    this.#data = { ...this.#data, ...change };
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
