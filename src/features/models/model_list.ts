// Lists and descriptions of models, written anew for the client: only models that it may use, and
// of each only what says something about the model and nothing about the host it runs on.

import { asJsonObject, type JsonObject } from "../../base/json.ts";

/** Tells whether a model may be seen. */
export type IsVisible = (name: string) => boolean;

const TAG_MEMBERS = ["name", "model", "modified_at", "size", "digest"];
const RUNNING_MEMBERS = [
  "name",
  "model",
  "size",
  "digest",
  "expires_at",
  "size_vram",
  "context_length",
];
const DETAIL_MEMBERS = ["format", "family", "families", "parameter_size", "quantization_level"];
const OPENAI_MEMBERS = ["id", "object", "created", "owned_by"];
// Left out: "modelfile", which names files of the host, and where a remote model is.
const SHOW_MEMBERS = [
  "license",
  "parameters",
  "template",
  "system",
  "renderer",
  "parser",
  "messages",
  "model_info",
  "projector_info",
  "tensors",
  "capabilities",
  "modified_at",
];

/** The answer to GET /api/tags; undefined where the server's list is none. */
export function filterTags(answer: JsonObject, isVisible: IsVisible): JsonObject | undefined {
  return filterNative(answer, { members: TAG_MEMBERS, isVisible });
}

/** The answer to GET /api/ps; undefined where the server's list is none. */
export function filterRunning(answer: JsonObject, isVisible: IsVisible): JsonObject | undefined {
  return filterNative(answer, { members: RUNNING_MEMBERS, isVisible });
}

function filterNative(
  answer: JsonObject,
  { members, isVisible }: { members: readonly string[]; isVisible: IsVisible },
): JsonObject | undefined {
  const models = visibleEntries(answer["models"], { nameMembers: ["name", "model"], isVisible });
  return models && {
    models: models.map((entry) => ({ ...pick(entry, members), ...pickDetails(entry) })),
  };
}

/** The answer to GET /v1/models; undefined where the server's list is none. */
export function filterModels(answer: JsonObject, isVisible: IsVisible): JsonObject | undefined {
  const data = visibleEntries(answer["data"], { nameMembers: ["id"], isVisible });
  return data && { object: "list", data: data.map((entry) => pick(entry, OPENAI_MEMBERS)) };
}

/** The answer to GET /v1/models/{id}; undefined where it is of a model that is not seen. */
export function cutEntry(answer: JsonObject, isVisible: IsVisible): JsonObject | undefined {
  const { id } = answer;
  return typeof id === "string" && isVisible(id) ? pick(answer, OPENAI_MEMBERS) : undefined;
}

/** The answer to POST /api/show. */
export function cutDescription(answer: JsonObject): JsonObject {
  return { ...pick(answer, SHOW_MEMBERS), ...pickDetails(answer) };
}

/** The answer to GET /api/version; undefined where the server tells none. */
export function cutVersion(answer: JsonObject): JsonObject | undefined {
  const { version } = answer;
  return typeof version === "string" && VERSION_TEXT.test(version) ? { version } : undefined;
}

const VERSION_TEXT = /^[0-9A-Za-z.+-]{1,64}$/;

// An empty list is null where a server written in Go has none. All names of an entry must be seen.
function visibleEntries(
  list: unknown,
  { nameMembers, isVisible }: { nameMembers: readonly string[]; isVisible: IsVisible },
): JsonObject[] | undefined {
  if (list === null) return [];
  if (!Array.isArray(list)) return undefined;
  return list.map(asJsonObject).filter((entry) => entry !== undefined).filter((entry) => {
    const names = nameMembers.map((member) => entry[member]).filter((name) => name !== undefined);
    return names.length > 0 &&
      names.every((name) => typeof name === "string" && isVisible(name));
  });
}

function pickDetails(entry: JsonObject): JsonObject {
  const details = asJsonObject(entry["details"]);
  return details === undefined ? {} : { details: pick(details, DETAIL_MEMBERS) };
}

function pick(object: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(
    members.filter((member) => Object.hasOwn(object, member))
      .map((member) => [member, object[member]]),
  );
}
