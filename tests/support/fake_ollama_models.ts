// What an Ollama server says of its models, in lists and one by one.

import type { JsonObject } from "../../src/base/json.ts";

/** When everything was made. */
export const CREATED_AT = "2026-01-02T03:04:05.678901234Z";

/** An entry of GET /api/tags. */
export function tagOf(name: string): JsonObject {
  return {
    name,
    model: name,
    modified_at: CREATED_AT,
    size: 4661224676,
    digest: "365c0bd3c000a25d28ddbf732fe1c6add414de7275464c4e4d1c3b5fcb5d8ad1",
    details: {
      parent_model: "/root/.ollama/models/blobs/sha256-365c",
      format: "gguf",
      family: "llama",
      families: ["llama"],
      parameter_size: "8.0B",
      quantization_level: "Q4_0",
    },
  };
}

/** An entry of GET /api/ps. */
export function runningOf(name: string): JsonObject {
  const { modified_at: _, ...tag } = tagOf(name);
  return { ...tag, expires_at: CREATED_AT, size_vram: 4661224676, context_length: 4096 };
}

/** The answer of POST /api/show. */
export function descriptionOf(name: string): JsonObject {
  return {
    license: "A license",
    modelfile: "FROM /root/.ollama/models/blobs/sha256-365c",
    parameters: 'stop "<|eot_id|>"',
    template: "{{ .Prompt }}",
    details: tagOf(name)["details"],
    model_info: { "general.architecture": "llama" },
    capabilities: ["completion", "tools"],
    modified_at: CREATED_AT,
  };
}
