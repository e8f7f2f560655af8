// [models]: the model gateway.

import * as v from "valibot";
import { ERROR_STYLES } from "../../models/client_errors.ts";
import type { SettingRows } from "../setting.ts";
import { hasScheme, limitOf, listOf, optionalUrl, textOf, wholeNumber } from "../value_types.ts";

/** The port of an Ollama server on the same device. */
export const DEFAULT_UPSTREAM = "http://127.0.0.1:11434";

/** The most requests that may be upstream at once, and that may wait. */
export const MAX_MODEL_REQUESTS = 1000;

/** The longest silence of an upstream, in seconds. */
export const MAX_MODEL_TIMEOUT_S = 3600;

/** The longest body of a request to the model gateway that may be allowed, in MiB. */
export const MAX_MODEL_BODY_MIB = 512;

/** The highest limit of a key. */
export const MAX_KEY_LIMIT = 1_000_000_000;

/** Keys of [models]. */
export const MODEL_ROWS = {
  enabled: {
    type: v.boolean(),
    default: false,
    help:
      "A gateway to an Ollama server: /api/chat and the like, for API keys of the scope models " +
      "(`latchkey keys add NAME --scope models`).",
  },
  upstream: {
    type: v.pipe(
      textOf(isUpstream, 'expected a URL, such as "http://127.0.0.1:11434"'),
      v.transform((url) => url.replace(/\/+$/, "")),
    ),
    default: DEFAULT_UPSTREAM,
    help: "The Ollama server.",
  },
  allow: {
    type: listOf((name) => name !== "", "expected the name of a model"),
    default: [],
    reloadable: true,
    help: "Only models that are named here can be used; a name without a tag means its tag latest.",
  },
  error_style: {
    type: v.picklist(ERROR_STYLES),
    default: "sanitized",
    help: 'How errors are written: "sanitized", one object for all, or "client", as the official ' +
      "clients of Ollama, OpenAI and Anthropic print them best. Both have the gateway's own fixed " +
      "texts only.",
  },
  timeout_s: {
    type: wholeNumber({ min: 1, max: MAX_MODEL_TIMEOUT_S, unit: "seconds" }),
    default: 120,
    help: "How long the server may be silent, in seconds.",
  },
  max_body_mib: {
    type: wholeNumber({ min: 1, max: MAX_MODEL_BODY_MIB, unit: "MiB" }),
    default: 32,
    help: "The longest body of a request, in MiB; pictures in it are a third longer than their " +
      "files.",
  },
  max_concurrent: {
    type: wholeNumber({ min: 1, max: MAX_MODEL_REQUESTS }),
    default: 4,
    reloadable: true,
    help: "How many requests the server gets at once.",
  },
  queue: {
    type: wholeNumber({ min: 0, max: MAX_MODEL_REQUESTS }),
    default: 256,
    reloadable: true,
    help: "How many requests may wait for their turn. A class that asks at once waits in it.",
  },
  per_key_per_minute: {
    type: limitOf(MAX_KEY_LIMIT),
    default: 0,
    reloadable: true,
    help: "How many requests each key has per minute. 0: no limit.",
  },
  per_key_tokens_per_day: {
    type: limitOf(MAX_KEY_LIMIT),
    default: 0,
    reloadable: true,
    help: "How many tokens of prompts and answers each key has per day of UTC. 0: no limit.",
  },
  request_log: {
    type: v.pipe(
      textOf((path) => path === "" || path.startsWith("/"), "expected a whole path, or nothing"),
      v.transform((path) => path || undefined),
    ),
    default: "",
    help:
      "A file that gets a line of JSON for every request with a key: time, key, model, status, " +
      "tokens, and no content. Two files of 16 MiB at most. Empty: none.",
  },
  database_url: {
    type: optionalUrl("postgres", "postgresql"),
    default: "",
    isSecret: true,
    formerKey: "store",
    help: "For several gateways that share keys and usage: a PostgreSQL server, such as " +
      '"postgres://latchkey:secret@192.168.1.5/latchkey". Empty: the database in data_dir.',
  },
  redis_url: {
    type: optionalUrl("redis", "rediss"),
    default: "",
    isSecret: true,
    formerKey: "limits",
    help: "For several gateways that share the limits of keys: a Redis server, such as " +
      '"redis://192.168.1.5:6379". Empty: the database in data_dir.',
  },
} as const satisfies SettingRows;

// A base URL: what follows the host would be lost, and a password belongs nowhere here.
function isUpstream(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && hasScheme(text, ["http", "https"]) && url.username === "" &&
    url.password === "" && url.search === "" && url.hash === "" && !text.includes("#");
}
