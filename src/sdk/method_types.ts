// What methods take and answer. Made by `deno task reference` from the table of methods. Types only.

import type {
  ActionInfo,
  ActiveMediaInfo,
  ApiKeyInfo,
  AuditEntryInfo,
  ClientInfo,
  DatabaseInfo,
  MediaEntryInfo,
  MediaFolderInfo,
  MediaMetaInfo,
  MediaResultInfo,
  PaginationInfo,
  PastRunInfo,
  PinInfo,
  TagInfo,
  TokenInfo,
  UsageInfo,
} from "./method_shapes.ts";

/** Every method by its name. */
export interface Methods {
  /** The version of the program, with its name before it. */
  "version": {
    params: Record<string, never>;
    result: { version: string; platform: string; encryption: number[] };
  };
  /** What the service is doing. */
  "health": {
    params: Record<string, never>;
    result: { status: "ok"; state: "starting" | "ready" | "failed" };
  };
  /** The service at a glance: addresses, connections, what plays. */
  "status": {
    params: Record<string, never>;
    result: {
      version: string;
      state: "starting" | "ready" | "failed";
      addresses: string[];
      encryption: boolean;
      clients: number;
      connections: number;
      sessions: number;
      playing: string | null;
    };
  };
  /** Lists the paired clients. */
  "clients": { params: Record<string, never>; result: { clients: ClientInfo[] } };
  /** Who is calling, and what the caller may do. */
  "clients.current": {
    params: Record<string, never>;
    result: {
      access: "localhost" | "admin" | "member";
      paired: boolean;
      role: "admin" | "member" | null;
      capabilities: string[];
      client: ClientInfo | null;
    };
  };
  /** Renames a client or changes its role. */
  "clients.update": {
    params: { clientId: string; role?: "admin" | "member"; clientName?: string };
    result: ClientInfo;
  };
  /** Removes a client and ends its connections. */
  "clients.delete": { params: { clientId: string }; result: null };
  /** Opens pairing: draws a PIN and shows it. */
  "clients.pair.start": {
    params: { role?: "admin" | "member"; liftLock?: boolean };
    result: PinInfo;
  };
  /** The valid PIN, or null. */
  "clients.pair.current": { params: Record<string, never>; result: PinInfo | null };
  /** Ends the valid PIN, if there is one. */
  "clients.pair.cancel": { params: Record<string, never>; result: null };
  /** Lists the API keys, without their secrets. */
  "keys": {
    params: Record<string, never>;
    result: {
      keys: ApiKeyInfo[];
      required: ("rpc" | "events" | "run")[];
      sharedUnavailable?: boolean;
    };
  };
  /** Makes an API key; its text is told this once. */
  "keys.new": {
    params: {
      name: string;
      scopes: ("rpc" | "events" | "run" | "models")[];
      models?: string[];
      limits?: {
        perMinute?: number | null;
        tokensPerDay?: number | null;
        concurrent?: number | null;
        weight?: number | null;
      };
      expiresIn?: number;
    };
    result: {
      keyId: string;
      name: string;
      scopes: ("rpc" | "events" | "run" | "models")[];
      models: string[] | null;
      limits: { perMinute?: number; tokensPerDay?: number; concurrent?: number; weight?: number };
      shared: boolean;
      createdAt: number | null;
      expiresAt: number | null;
      lastUsedAt: number | null;
      revokedAt: number | null;
      key: string;
      nowRequired: ("rpc" | "events" | "run")[];
    };
  };
  /** Changes the limits of an API key. */
  "keys.update": {
    params: {
      keyId: string;
      limits: {
        perMinute?: number | null;
        tokensPerDay?: number | null;
        concurrent?: number | null;
        weight?: number | null;
      };
    };
    result: ApiKeyInfo;
  };
  /** Revokes an API key and cuts what it opened. */
  "keys.delete": { params: { keyId: string }; result: null };
  /** Lets other hosts in without a key again, for one scope. */
  "keys.open": { params: { scope: "rpc" | "events" | "run" }; result: { changed: boolean } };
  /** Forgets the revoked API keys. */
  "keys.purge": {
    params: Record<string, never>;
    result: { purged: number; sharedUnavailable?: boolean };
  };
  /** Runs a text: an action, a media, or a command of ZapScript. */
  "run": {
    params: { type?: string; uid?: string; text?: string; data?: string; unsafe?: boolean };
    result: null;
  };
  /** Ends what has the screen; where nothing has it, all actions. */
  "stop": { params: { name?: string }; result: null };
  /** What has the screen, or null. */
  "media.active": { params: Record<string, never>; result: ActiveMediaInfo | null };
  /** Lists the actions that the owner configured, and what they are doing. */
  "actions": { params: Record<string, never>; result: { actions: ActionInfo[] } };
  /** The last 64 KiB that the last run of an action wrote. */
  "actions.output": { params: { name: string }; result: { name: string; output: string } };
  /** Lists the systems of the library, and how many media each has. */
  "systems": {
    params: { all?: boolean | null; tags?: string[] | null };
    result: { systems: ({ id: string; name: string; category?: string; mediaCount: number })[] };
  };
  /** Searches the library by the beginnings of words. */
  "media.search": {
    params: {
      query?: string | null;
      systems?: string[] | null;
      tags?: string[] | null;
      letter?: string | null;
      pathPrefix?: string | null;
      maxResults?: number | null;
      cursor?: string | null;
      sort?: "name-asc" | "name-desc" | "filename-asc" | "filename-desc" | null;
    };
    result: { results: MediaResultInfo[]; total: number; pagination: PaginationInfo };
  };
  /** Lists a folder: the folders in it, then its media. */
  "media.browse": {
    params: {
      path?: string | null;
      systems?: string[] | null;
      letter?: string | null;
      maxResults?: number | null;
      cursor?: string | null;
      sort?: "name-asc" | "name-desc" | "filename-asc" | "filename-desc" | null;
    };
    result: {
      path: string;
      entries: (MediaFolderInfo | MediaEntryInfo)[];
      totalFiles: number;
      pagination?: PaginationInfo;
    };
  };
  /** The letters of a folder that is sorted by name, each with where it begins. */
  "media.browse.index": {
    params: {
      path?: string | null;
      systems?: string[] | null;
      sort?: "name-asc" | "name-desc" | "filename-asc" | "filename-desc" | null;
    };
    result: {
      scheme: "latin" | "none";
      totalFiles: number;
      groups: ({ key: string; label: string; count: number; cursor: string; offset: number })[];
    };
  };
  /** Lists the tags that can be searched for. */
  "media.tags": { params: { systems?: string[] | null }; result: { tags: TagInfo[] } };
  /** The state of the library's index, and what has the screen. */
  "media": {
    params: Record<string, never>;
    result: { database: DatabaseInfo; active: ActiveMediaInfo[] };
  };
  /** All that is known of a media, or of several. */
  "media.meta": {
    params: {
      mediaId?: number | null;
      system?: string | null;
      path?: string | null;
      items?: ({ mediaId?: number | null; system?: string | null; path?: string | null })[] | null;
    };
    result: { media: MediaMetaInfo } | { items: ({ media: MediaMetaInfo } | { error: string })[] };
  };
  /** The cover of a media, or a placeholder. */
  "media.image": {
    params: {
      mediaId?: number | null;
      system?: string | null;
      path?: string | null;
      imageTypes?: string[] | null;
      maxSize?: number | null;
      delivery?: string | null;
    };
    result: {
      delivery: "inline";
      contentType: string;
      extension?: string;
      data: string;
      typeTag: string;
    };
  };
  /** Makes a media a favourite, or no longer one. */
  "media.tags.update": {
    params: {
      mediaId?: number | null;
      system?: string | null;
      path?: string | null;
      add?: string[] | null;
      remove?: string[] | null;
    };
    result: { tags: TagInfo[] };
  };
  /** Scans the library; `media.indexing` tells how far it is. */
  "media.generate": { params: { systems?: string[] | null }; result: null };
  /** Ends a scan; what it saw stays. */
  "media.generate.cancel": { params: Record<string, never>; result: { message: string } };
  /** The text that was run last. */
  "tokens": { params: Record<string, never>; result: { active: TokenInfo[]; last?: TokenInfo } };
  /** The newest texts that were run, newest first, 100 at most. */
  "tokens.history": { params: Record<string, never>; result: { entries: PastRunInfo[] } };
  /** No tag readers: the device has none. */
  "readers": { params: Record<string, never>; result: { readers: never[] } };
  /** No mappings: the device has none. */
  "mappings": { params: Record<string, never>; result: { mappings: never[] } };
  /** No messages: the device has none. */
  "inbox": { params: Record<string, never>; result: { messages: never[] } };
  /** No scrapers: the device has none. */
  "scrapers": { params: Record<string, never>; result: { scrapers: never[] } };
  /** The state of a scraper that never runs. */
  "media.scrape.status": {
    params: Record<string, never>;
    result: {
      processed: 0;
      total: 0;
      matched: 0;
      skipped: 0;
      totalScraped: 0;
      scraping: false;
      done: false;
      paused: false;
    };
  };
  /** What API keys have used of the model gateway. */
  "usage": {
    params: { keyId?: string; days?: number; by?: ("day" | "key" | "model")[] };
    result: { sinceDay: string; usage: UsageInfo[] };
  };
  /** What happened to the device's security, oldest first. */
  "audit": {
    params: { afterId?: number; limit?: number; refusals?: boolean };
    result: { entries: AuditEntryInfo[] };
  };
  /** Checks the chain of the audit log, and that nothing was cut off. */
  "audit.verify": {
    params: { anchor?: string };
    result: {
      entries: number;
      brokenAt: number | null;
      refusalBrokenAt: number | null;
      cutAt: number | null;
    };
  };
  /** The settings that the caller may see. */
  "settings": {
    params: Record<string, never>;
    result: {
      encryption?: boolean;
      keepHistory?: boolean;
      allowedIps?: string[];
      metricsAllow?: string[];
      hostNames?: string[];
      allowedOrigins?: string[];
      allowRun?: string[];
      logLevel?: "debug" | "info" | "warn" | "error";
      limits?: {
        connectionsPerAddress?: number;
        unknownConnections?: number;
        knownConnections?: number;
        connectionsPerKey?: number;
        waitingConnections?: number;
        connectionWaitS?: number;
      };
      discovery?: { enabled?: boolean; instanceName?: string | null };
      models?: {
        allow?: string[];
        maxConcurrent?: number;
        queue?: number;
        perKeyPerMinute?: number;
        perKeyTokensPerDay?: number;
      };
      runZapScript: boolean;
      audioScanFeedback: boolean;
      readersAutoDetect: boolean;
      readersScanMode: "tap" | "hold";
      readersScanExitDelay: number;
      readersScanIgnoreSystems: string[];
      errorReporting: boolean;
      debugLogging: boolean;
    };
  };
  /** Changes settings, all of those that are given or none. */
  "settings.update": {
    params: {
      encryption?: boolean;
      keepHistory?: boolean;
      allowedIps?: string[];
      metricsAllow?: string[];
      hostNames?: string[];
      allowedOrigins?: string[];
      allowRun?: string[];
      logLevel?: "debug" | "info" | "warn" | "error";
      limits?: {
        connectionsPerAddress?: number;
        unknownConnections?: number;
        knownConnections?: number;
        connectionsPerKey?: number;
        waitingConnections?: number;
        connectionWaitS?: number;
      };
      discovery?: { enabled?: boolean; instanceName?: string | null };
      models?: {
        allow?: string[];
        maxConcurrent?: number;
        queue?: number;
        perKeyPerMinute?: number;
        perKeyTokensPerDay?: number;
      };
      runZapScript?: boolean;
      audioScanFeedback?: boolean;
      readersAutoDetect?: boolean;
      readersScanMode?: "tap" | "hold";
      readersScanExitDelay?: number;
      readersScanIgnoreSystems?: string[];
      errorReporting?: boolean;
      debugLogging?: boolean;
    };
    result: { changed: string[]; needsRestart: string[] };
  };
  /** Reads the configuration again. */
  "settings.reload": {
    params: Record<string, never>;
    result: { changed: string[]; needsRestart: string[] };
  };
  /** This API as an OpenRPC document. */
  "rpc.discover": { params: Record<string, never>; result: { openrpc: string } };
}

/** What a method takes; anything for one that is not known here. */
export type ParamsOf<Method extends string> = Method extends keyof Methods
  ? Methods[Method]["params"]
  : unknown;

/** What a method answers; unknown for one that is not known here. */
export type ResultOf<Method extends string> = Method extends keyof Methods
  ? Methods[Method]["result"]
  : unknown;
