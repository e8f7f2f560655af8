// A model of random weights, small enough to be made here, and on an Ollama server for a while: one
// layer of the llama architecture in GGUF. It says nothing that makes sense, and the same each time.

import { concatBytes } from "../../src/base/bytes.ts";
import { seededRandom } from "../support/seeded_random.ts";

/** What a model can do beside chatting. */
export type TinyKind = "tools" | "plain";

interface TinyModel {
  readonly name: string;
  remove(): Promise<void>;
}

const WIDTH = 64;
const HEADS = 4;
const INNER_WIDTH = 128;
const CONTEXT_TOKENS = 512;
const ALIGNMENT = 32;
const CONTROL_TOKENS = ["<unk>", "<s>", "</s>"];
const BYTE_TOKENS = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
);
const TEXT_TOKENS = [
  "\u2581",
  ...Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)),
  ...["\u2581the", "\u2581moon", "\u2581is", "\u2581far", "\u2581away"],
];
const TOKENS = [...CONTROL_TOKENS, ...BYTE_TOKENS, ...TEXT_TOKENS];
const UNSAID = CONTROL_TOKENS.length + BYTE_TOKENS.length;

const TEMPLATES: Readonly<Record<TinyKind, string>> = {
  plain: "{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}assistant:",
  tools:
    "{{ if .Suffix }}{{ .Prompt }} {{ .Suffix }}{{ else }}{{ if .Tools }}{{ .Tools }}\n{{ end }}" +
    "{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ range .ToolCalls }}" +
    '{"name": "{{ .Function.Name }}", "parameters": {{ .Function.Arguments }}}{{ end }}\n{{ end }}' +
    "assistant:{{ end }}",
};

/** Runs with one model of each kind on a server, and takes them off it afterwards. */
export async function withTinyModels(
  url: string,
  run: (names: Readonly<Record<TinyKind, string>>) => Promise<void>,
): Promise<void> {
  const models: TinyModel[] = [];
  try {
    for (const kind of ["tools", "plain"] as const) {
      models.push(await createTinyModel(url, kind));
    }
    const [tools = "", plain = ""] = models.map(({ name }) => name);
    await run({ tools, plain });
  } finally {
    for (const model of models) {
      await model.remove();
    }
  }
}

async function createTinyModel(url: string, kind: TinyKind): Promise<TinyModel> {
  const model = `latchkey-tiny-${kind}:1b`;
  const gguf = encodeModel();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", gguf));
  const digest = `sha256:${hash.toHex()}`;
  await ask(`${url}/api/blobs/${digest}`, { method: "POST", body: gguf });
  await ask(`${url}/api/create`, {
    method: "POST",
    body: JSON.stringify({
      model,
      files: { "tiny.gguf": digest },
      template: TEMPLATES[kind],
      parameters: {
        temperature: 0,
        seed: 1,
        num_predict: 6,
        num_ctx: CONTEXT_TOKENS,
        // More of them wait for each other longer than they work.
        num_thread: 1,
      },
      stream: false,
    }),
  });
  return {
    name: model,
    remove: () => ask(`${url}/api/delete`, { method: "DELETE", body: JSON.stringify({ model }) }),
  };
}

async function ask(url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok || text.includes('"error"')) throw new Error(`${url}: ${text}`);
}

interface Tensor {
  name: string;
  /** Innermost first. */
  shape: number[];
  values: Float32Array;
}

function tensors(): Tensor[] {
  const random = seededRandom(7);
  const draw = (name: string, ...shape: number[]): Tensor => {
    const length = shape.reduce((a, b) => a * b);
    const drawn = random(length * 2);
    const words = new Uint16Array(drawn.buffer, 0, length);
    return {
      name: `${name}.weight`,
      shape,
      values: Float32Array.from(words, (w) => w / 65536 - 0.5),
    };
  };
  const ones = (name: string): Tensor => ({
    name: `${name}.weight`,
    shape: [WIDTH],
    values: new Float32Array(WIDTH).fill(1),
  });
  const output = draw("output", WIDTH, TOKENS.length);
  // Neither bytes nor an end are ever the likeliest.
  output.values.fill(0, 0, UNSAID * WIDTH);
  return [
    draw("token_embd", WIDTH, TOKENS.length),
    ones("output_norm"),
    output,
    ...["attn_q", "attn_k", "attn_v", "attn_output"].map((part) =>
      draw(`blk.0.${part}`, WIDTH, WIDTH)
    ),
    draw("blk.0.ffn_gate", WIDTH, INNER_WIDTH),
    draw("blk.0.ffn_up", WIDTH, INNER_WIDTH),
    draw("blk.0.ffn_down", INNER_WIDTH, WIDTH),
    ones("blk.0.attn_norm"),
    ones("blk.0.ffn_norm"),
  ];
}

// Types of values in GGUF.
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

function encodeModel(): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const put = (bytes: Uint8Array): void => {
    parts.push(bytes);
    length += bytes.length;
  };
  const number = (bytes: number, set: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(bytes));
    set(view);
    put(new Uint8Array(view.buffer));
  };
  const u32 = (value: number): void => number(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number): void =>
    number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const f32 = (value: number): void => number(4, (view) => view.setFloat32(0, value, true));
  const text = (value: string): void => {
    const bytes = new TextEncoder().encode(value);
    u64(bytes.length);
    put(bytes);
  };
  const pad = (): void => put(new Uint8Array((ALIGNMENT - length % ALIGNMENT) % ALIGNMENT));
  const values: [key: string, type: number, write: () => void][] = [
    ["general.architecture", STRING, () => text("llama")],
    ["general.name", STRING, () => text("tiny")],
    ["general.file_type", UINT32, () => u32(0)],
    ["llama.context_length", UINT32, () => u32(CONTEXT_TOKENS)],
    ["llama.embedding_length", UINT32, () => u32(WIDTH)],
    ["llama.block_count", UINT32, () => u32(1)],
    ["llama.feed_forward_length", UINT32, () => u32(INNER_WIDTH)],
    ["llama.attention.head_count", UINT32, () => u32(HEADS)],
    ["llama.attention.head_count_kv", UINT32, () => u32(HEADS)],
    ["llama.attention.layer_norm_rms_epsilon", FLOAT32, () => f32(1e-5)],
    ["llama.rope.dimension_count", UINT32, () => u32(WIDTH / HEADS)],
    ["llama.vocab_size", UINT32, () => u32(TOKENS.length)],
    ["tokenizer.ggml.model", STRING, () => text("llama")],
    ["tokenizer.ggml.tokens", ARRAY, () => list(STRING, TOKENS, text)],
    ["tokenizer.ggml.scores", ARRAY, () => list(FLOAT32, TOKENS.map((_, at) => -at), f32)],
    ["tokenizer.ggml.token_type", ARRAY, () => list(INT32, TOKENS.map(typeOfToken), u32)],
    ["tokenizer.ggml.bos_token_id", UINT32, () => u32(1)],
    ["tokenizer.ggml.eos_token_id", UINT32, () => u32(2)],
    ["tokenizer.ggml.unknown_token_id", UINT32, () => u32(0)],
    ["tokenizer.ggml.add_bos_token", BOOL, () => put(new Uint8Array([1]))],
  ];
  function list<Value>(type: number, all: Value[], write: (value: Value) => void): void {
    u32(type);
    u64(all.length);
    all.forEach(write);
  }
  const all = tensors();
  put(new TextEncoder().encode("GGUF"));
  u32(3);
  u64(all.length);
  u64(values.length);
  for (const [key, type, write] of values) {
    text(key);
    u32(type);
    write();
  }
  let offset = 0;
  for (const { name, shape, values: { byteLength } } of all) {
    text(name);
    u32(shape.length);
    shape.forEach(u64);
    u32(0);
    u64(offset);
    offset += Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
  }
  for (const { values: { buffer } } of all) {
    pad();
    put(new Uint8Array(buffer as ArrayBuffer));
  }
  pad();
  return concatBytes(...parts);
}

// Unknown, control, byte and normal ones.
function typeOfToken(_: string, at: number): number {
  if (at === 0) return 2;
  if (at < CONTROL_TOKENS.length) return 3;
  return at < UNSAID ? 6 : 1;
}
