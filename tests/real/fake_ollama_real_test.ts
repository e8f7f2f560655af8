// The server of the other tests beside a real one, which OLLAMA_URL names: what it answers has the
// members, the types and the order of frames that the real one's answers have.

import assert from "node:assert/strict";
import { asJsonObject } from "../../src/base/json.ts";
import { FakeOllama } from "../support/fake_ollama.ts";
import { withTinyModels } from "./tiny_model.ts";

const upstream = Deno.env.get("OLLAMA_URL");
const MESSAGES = [{ role: "user", content: "Say one word." }];
const TOOL = {
  type: "function",
  function: { name: "f", description: "x", parameters: { type: "object", properties: {} } },
};
const PROMPT = { prompt: "Say one word." };
const STREAM = { stream: true };
const WHOLE = { stream: false };
const USAGE = { ...STREAM, stream_options: { include_usage: true } };

type Body = Record<string, unknown> | undefined;

// What is asked of both; "able" and "plain" are models that they have, "gone" is none.
const ROWS: [method: string, path: string, model: string, body: Body][] = [
  ["HEAD", "/", "", undefined],
  ["GET", "/", "", undefined],
  ["GET", "/api/version", "", undefined],
  ["GET", "/api/tags", "", undefined],
  ["GET", "/v1/models", "", undefined],
  ["GET", "/v1/models/able", "", undefined],
  ["GET", "/v1/models/gone", "", undefined],
  ["GET", "/nothing", "", undefined],
  ["POST", "/api/show", "gone", {}],
  ["POST", "/api/chat", "able", { messages: MESSAGES }],
  ["POST", "/api/chat", "able", { messages: MESSAGES, ...WHOLE }],
  ["POST", "/api/chat", "gone", { messages: MESSAGES }],
  ["POST", "/api/chat", "plain", { messages: MESSAGES, tools: [TOOL] }],
  ["POST", "/api/chat", "plain", { messages: MESSAGES, think: true }],
  ["POST", "/api/generate", "able", PROMPT],
  ["POST", "/api/generate", "able", { ...PROMPT, ...WHOLE }],
  ["POST", "/api/generate", "plain", { ...PROMPT, suffix: "b" }],
  ["POST", "/api/embed", "able", { input: "x" }],
  ["POST", "/api/embed", "gone", { input: "x" }],
  ["POST", "/api/embeddings", "able", { prompt: "x" }],
  ["GET", "/api/ps", "", undefined],
  ["POST", "/v1/chat/completions", "able", { messages: MESSAGES }],
  ["POST", "/v1/chat/completions", "able", { messages: MESSAGES, ...STREAM }],
  ["POST", "/v1/chat/completions", "able", { messages: MESSAGES, ...USAGE }],
  ["POST", "/v1/chat/completions", "plain", { messages: MESSAGES, tools: [TOOL] }],
  ["POST", "/v1/chat/completions", "gone", { messages: MESSAGES }],
  ["POST", "/v1/completions", "able", PROMPT],
  ["POST", "/v1/completions", "able", { ...PROMPT, ...STREAM }],
  ["POST", "/v1/completions", "able", { ...PROMPT, ...USAGE }],
  ["POST", "/v1/embeddings", "able", { input: "x" }],
  ["POST", "/v1/responses", "able", { input: "x" }],
  ["POST", "/v1/responses", "able", { input: "x", ...STREAM }],
  ["POST", "/v1/responses", "gone", { input: "x" }],
  ["POST", "/v1/messages", "able", { max_tokens: 64, messages: MESSAGES }],
  ["POST", "/v1/messages", "able", { max_tokens: 64, messages: MESSAGES, ...STREAM }],
  ["POST", "/v1/messages", "plain", {
    max_tokens: 64,
    messages: MESSAGES,
    tools: [{ name: "f", input_schema: { type: "object" } }],
  }],
  ["POST", "/v1/messages", "gone", { max_tokens: 64, messages: MESSAGES }],
];

Deno.test({
  name: "the server of the other tests answers like a real one",
  ignore: upstream === undefined,
  fn: () => withTinyModels(upstream ?? "", compare),
});

async function compare({ tools, plain }: { tools: string; plain: string }): Promise<void> {
  const fake = new FakeOllama();
  fake.models = [tools, plain];
  fake.plain = [plain];
  const names: Record<string, string> = { able: tools, plain, gone: "gone:1b" };
  const differences: string[] = [];
  for (const [method, path, model, body] of ROWS) {
    const [, last = ""] = /\/models\/(\w+)$/.exec(path) ?? [];
    const target = last === "" ? path : path.replace(last, names[last] ?? "");
    const init = body && { body: JSON.stringify({ model: names[model], ...body }) };
    const real = await describe(await fetch(`${upstream}${target}`, { method, ...init }));
    const told = await describe(
      await fake.handle(new Request(`http://fake${target}`, { method, ...init })),
    );
    try {
      assert.deepEqual(told, real);
    } catch (error) {
      differences.push(`${method} ${path} ${model} ${JSON.stringify(body)}\n${error}`);
    }
  }
  assert.equal(differences.length, 0, differences.join("\n\n"));
}

async function describe(answer: Response): Promise<unknown[]> {
  const text = await answer.text();
  const type = answer.headers.get("Content-Type")?.split(";")[0] ?? null;
  return [answer.status, type, shapesIn(text, type)];
}

// The shapes of a body's frames, each once where some of the same follow each other.
function shapesIn(text: string, type: string | null): unknown {
  if (type === "application/json") return shapeOf(JSON.parse(text));
  const frames = type === "application/x-ndjson"
    ? text.trim().split("\n").map((line) => shapeOf(JSON.parse(line)))
    : type === "text/event-stream"
    ? text.trim().split("\n\n").map((event) => {
      const [, name = null] = /^event: (.*)$/m.exec(event) ?? [];
      const [, data = ""] = /^data: (.*)$/m.exec(event) ?? [];
      return [name, data === "[DONE]" ? data : shapeOf(JSON.parse(data))];
    })
    : [text];
  return frames.filter((frame, at) => JSON.stringify(frame) !== JSON.stringify(frames[at - 1]));
}

/** Members that some answers have and others do not, as it happens. */
const CHANCE = new Set(["model_info", "details", "license", "parameters", "tensors"]);

function shapeOf(value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) {
    return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].map((item) =>
      JSON.parse(item)
    );
  }
  const object = asJsonObject(value);
  if (object === undefined) return typeof value;
  return Object.fromEntries(
    Object.keys(object).filter((key) => !CHANCE.has(key)).sort()
      .map((key) => [key, shapeOf(object[key])]),
  );
}
