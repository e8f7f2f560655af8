// What results are made of. Made by `deno task reference` from the table of methods. Types only.

/** The shape `Action` of docs/api/methods.md. */
export type ActionInfo = {
  name: string;
  system: string;
  exclusive: boolean;
  state: "idle" | "running" | "stopping" | "ended" | "failed";
  startedAt: number | null;
  endedAt: number | null;
  exitCode: number | null;
  signal: string | null;
  match?: string;
  command?: string[];
};

/** The shape `ActiveMedia` of docs/api/methods.md. */
export type ActiveMediaInfo = {
  started: string;
  systemId: string;
  systemName: string;
  mediaName: string;
  mediaPath: string;
  launcherId: string;
  zapScript: string;
};

/** The shape `ApiKey` of docs/api/methods.md. */
export type ApiKeyInfo = {
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
};

/** The shape `AuditEntry` of docs/api/methods.md. */
export type AuditEntryInfo = {
  id: number;
  at: string;
  event: string;
  details: Record<string, string | number | boolean | null>;
  hash: string;
};

/** The shape `Client` of docs/api/methods.md. */
export type ClientInfo = {
  clientId: string;
  clientName: string;
  role: "admin" | "member";
  createdAt: number;
  lastSeenAt: number;
};

/** The shape `Database` of docs/api/methods.md. */
export type DatabaseInfo = {
  exists: boolean;
  indexing: boolean;
  optimizing: false;
  totalMedia: number;
  totalSteps?: number;
  currentStep?: number;
  currentStepDisplay?: string;
  totalFiles?: number;
};

/** The shape `MediaEntry` of docs/api/methods.md. */
export type MediaEntryInfo = {
  mediaId: number;
  name: string;
  path: string;
  type: "media";
  systemId: string;
  zapScript: string;
  tags: TagInfo[];
  hasCover: boolean;
};

/** The shape `MediaFolder` of docs/api/methods.md. */
export type MediaFolderInfo = {
  name: string;
  path: string;
  type: "root" | "directory";
  fileCount: number;
  systemId?: string;
  systemIds: string[];
  hasCover: false;
};

/** The shape `MediaMeta` of docs/api/methods.md. */
export type MediaMetaInfo = {
  path: string;
  parentDir: string;
  isMissing: boolean;
  tags: TagInfo[];
  properties: Record<string, PropertyInfo>;
  title: {
    slug: string;
    name: string;
    slugLength: number;
    slugWordCount: number;
    system: { id: string; name: string };
    tags: TagInfo[];
    properties: Record<string, PropertyInfo>;
  };
};

/** The shape `MediaResult` of docs/api/methods.md. */
export type MediaResultInfo = {
  mediaId: number;
  system: SystemInfo;
  name: string;
  path: string;
  zapScript: string;
  tags: TagInfo[];
  hasCover: boolean;
};

/** The shape `Pagination` of docs/api/methods.md. */
export type PaginationInfo = { hasNextPage: boolean; pageSize: number; nextCursor?: string };

/** The shape `PastRun` of docs/api/methods.md. */
export type PastRunInfo = {
  time: string;
  type: string;
  uid: string;
  text: string;
  data: string;
  success: boolean;
  by?: string;
};

/** The shape `Pin` of docs/api/methods.md. */
export type PinInfo = { pin: string; expiresAt: number; role: "admin" | "member" };

/** The shape `Property` of docs/api/methods.md. */
export type PropertyInfo = { text: string; contentType: string; extension?: string };

/** The shape `StartedMedia` of docs/api/methods.md. */
export type StartedMediaInfo = {
  systemId: string;
  systemName: string;
  mediaName: string;
  mediaPath: string;
};

/** The shape `System` of docs/api/methods.md. */
export type SystemInfo = { id: string; name: string; category?: string };

/** The shape `Tag` of docs/api/methods.md. */
export type TagInfo = { type: string; tag: string };

/** The shape `Token` of docs/api/methods.md. */
export type TokenInfo = { type: string; uid: string; text: string; data: string; scanTime: string };

/** The shape `Usage` of docs/api/methods.md. */
export type UsageInfo = {
  day?: string;
  keyId?: string;
  model?: string;
  requests: number;
  promptTokens: number;
  outputTokens: number;
  errors: number;
  durationMs: number;
};
