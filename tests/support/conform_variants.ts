// The service with one mistake each in its source, and a server of another make, with what
// `latchkey conform` must find in them.

import type { SourceChange } from "./changed_source.ts";

/** A service that is not what it should be. */
export interface Variant {
  /** What it does. */
  readonly name: string;
  /** What stands otherwise in its source. */
  readonly changes: readonly SourceChange[];
  /** The titles of the checks that must fail, and of no others. */
  readonly failed: readonly string[];
}

const LABELS = "src/protocol/v1/labels.ts";
const AEAD = "src/protocol/v1/aead.ts";
const FRAME = "src/protocol/v1/frame.ts";
const KEY_SCHEDULE = "src/protocol/v1/key_schedule.ts";
const OPENING = "src/features/session/v1_opening.ts";
const CONNECTION = "src/features/session/connection.ts";
const EXCHANGE = "src/features/pairing/pairing_exchange.ts";
const WINDOW = "src/features/pairing/pairing_window.ts";
const PAIRING_LIMITS = "src/features/pairing/pairing_limits.ts";
const RPC_MESSAGE = "src/features/rpc/message.ts";
const ORIGINS = "src/edges/http/origins.ts";

const USED_SALT = 'case "used":\n        return refuse("used_salt", clientId);\n';

/** Services with one mistake each. */
export const VARIANTS: readonly Variant[] = [
  {
    name: "derives the device's confirm under another label",
    changes: [{ file: LABELS, from: '"zaparoo-confirm-B"', to: '"zaparoo-confirm-C"' }],
    failed: ["the right PIN pairs, and the device proves that it knows it"],
  },
  {
    name: "binds frames to another transport",
    changes: [{ file: LABELS, from: '":ws"', to: '":ble"' }],
    failed: [
      "a first frame opens a session, and its request is answered under the session's keys",
    ],
  },
  {
    name: "gives both directions the keys of one",
    changes: [{ file: LABELS, from: '"zaparoo-s2c-v1"', to: '"zaparoo-c2s-v1"' }],
    failed: [
      "a first frame opens a session, and its request is answered under the session's keys",
    ],
  },
  {
    name: "takes a frame twice",
    changes: [{
      file: AEAD,
      from:
        "      const params = nextParams();\n      if (ciphertext.length < TAG_BYTES) return undefined;",
      to: `      const self = createFrameCipher as { last?: string };
      if (self.last === ciphertext.toHex()) return utf8('{"jsonrpc":"2.0","id":"v","method":"version"}');
      self.last = ciphertext.toHex();
      const params = nextParams();
      if (ciphertext.length < TAG_BYTES) return undefined;`,
    }],
    failed: ["in a session, a frame that is sent twice closes in silence"],
  },
  {
    name: "takes a salt again",
    changes: [
      {
        file: OPENING,
        from: 'if (ledger.has(clientId, salt)) return refuse("used_salt", clientId);',
        to: "",
      },
      { file: OPENING, from: USED_SALT, to: "" },
      { file: OPENING, from: 'case "recorded":', to: 'case "used":\n      case "recorded":' },
    ],
    failed: [
      "a first frame that is played again closes in silence (json)",
      "a first frame that is played again closes in silence (binary)",
      "a salt that opened a session opens no other, whatever it carries",
      "of two first frames with one salt at once, one opens a session",
    ],
  },
  {
    name: "takes salts of any length",
    changes: [
      { file: OPENING, from: " || salt.length !== SALT_BYTES", to: "" },
      {
        file: KEY_SCHEDULE,
        from: "if (salt.length !== SALT_BYTES) {",
        to: "if (salt.length < 1) {",
      },
      {
        file: "src/edges/sqlite/migrations.ts",
        from: "(length(salt) = 16)",
        to: "(length(salt) > 0)",
      },
    ],
    failed: [
      "a first frame with a salt of 15 bytes closes in silence",
      "a first frame with a salt of 17 bytes closes in silence",
    ],
  },
  {
    name: "uses a salt up with a frame that does not open",
    changes: [{
      file: OPENING,
      from: "    const { salt, ciphertext } = frame;\n",
      to: `    const { salt, ciphertext } = frame;
    const seen = (this as { seen?: Set<string> }).seen ??= new Set();
    if (seen.has(String(salt))) return refuse("used_salt", clientId);
    seen.add(String(salt));\n`,
    }],
    failed: ["a first frame that failed leaves its salt unused"],
  },
  {
    name: "tells strangers that they were removed",
    changes: [{
      file: OPENING,
      from: 'wasRemoved ? "removed_token" : "unknown_token"',
      to: 'wasRemoved ? "removed_token" : "removed_token"',
    }],
    failed: [
      "a first frame of an unknown token closes in silence (json)",
      "a first frame of an unknown token closes in silence (binary)",
      "a first frame whose token is written in capitals closes in silence",
    ],
  },
  {
    name: "answers a wrong PIN in other words",
    changes: [{
      file: WINDOW,
      from: 'return pairingRefusal("wrong PIN");',
      to: 'return pairingRefusal("too many failed attempts");',
    }],
    failed: [
      "a wrong PIN is told at finish, and not before",
      "X = pw·U never pairs, and its guess counts like any other",
    ],
  },
  {
    name: "has no limit of tries",
    changes: [
      { file: PAIRING_LIMITS, from: "MAX_FAILURES_PER_PIN = 3", to: "MAX_FAILURES_PER_PIN = 300" },
      {
        file: PAIRING_LIMITS,
        from: "MAX_FAILURES_PER_ADDRESS = 2",
        to: "MAX_FAILURES_PER_ADDRESS = 200",
      },
    ],
    failed: ["the third guess of a PIN is refused as one too many"],
  },
  {
    name: "refuses X = pw·U at start",
    changes: [{
      file: EXCHANGE,
      from: "  const messageB = encodeDeviceMessage(x, share.y);",
      to:
        '  if (share.isDegenerate) throw new Error("X = pw·U");\n  const messageB = encodeDeviceMessage(x, share.y);',
    }],
    failed: [
      "start answers X = pw·U like any other X",
      "X = pw·U never pairs, and its guess counts like any other",
    ],
  },
  {
    name: "lets X = pw·U pair",
    changes: [{ file: EXCHANGE, from: " && !share.isDegenerate", to: "" }],
    failed: ["X = pw·U never pairs, and its guess counts like any other"],
  },
  {
    name: "writes msgA anew before it hashes it",
    changes: [{
      file: EXCHANGE,
      from: "  const transcript = { clientName, messageA, messageB };",
      to:
        "  const messageC = new TextEncoder().encode(JSON.stringify(JSON.parse(new TextDecoder().decode(messageA))));\n" +
        "  const transcript = { clientName, messageA: messageC, messageB };",
    }],
    failed: ["msgA counts byte for byte and the name as it was sent, and sessions hear of it"],
  },
  {
    name: "takes every number for a version",
    changes: [{
      file: FRAME,
      from: " || !Number.isInteger(v) || v <= 0) return undefined",
      to: ") return undefined",
    }],
    failed: ["what is nearly a first frame is plaintext, and no bad frame"],
  },
  {
    name: "takes frames of any length",
    changes: [{ file: CONNECTION, from: "bytes > MAX_FRAME_BYTES", to: "bytes > 2 ** 40" }],
    failed: ["a message over 4 MiB ends a session"],
  },
  {
    name: "takes plaintext in a session",
    changes: [{
      file: CONNECTION,
      from: "        const { session } = state;\n",
      to:
        '        const { session } = state;\n        if (typeof message === "string" && message.startsWith(\'{"jsonrpc"\')) return this.#accept(message);\n',
    }],
    failed: ["in a session, a request in plaintext closes in silence"],
  },
  {
    name: "knows no ping",
    changes: [{
      file: CONNECTION,
      from: "if (text === PING) return this.#sayAtOnce(PONG);",
      to: "",
    }],
    failed: [
      "ping is answered with pong, encrypted (json)",
      "ping is answered with pong, encrypted (binary)",
      "a first frame may carry a ping",
    ],
  },
  {
    name: "has a wrong code for an unknown method",
    changes: [{ file: RPC_MESSAGE, from: "code: -32601", to: "code: -32600" }],
    failed: ["POST: an unknown method is called one", "session: an unknown method is called one"],
  },
  {
    name: "opens WebSockets to every page",
    changes: [{
      file: ORIGINS,
      from: "  const wanted = origin.toLowerCase();\n",
      to: '  const wanted = origin.toLowerCase();\n  if (wanted !== "") return true;\n',
    }],
    failed: [
      "a foreign Origin is refused over HTTP",
      "a preflight of a foreign page is not allowed",
      "a WebSocket with the Origin https://foreign.example is refused",
      "a WebSocket with the Origin null is refused",
    ],
  },
];

// A server of another make, in what is ours alone and what Core's documents do not ask for.
/** A server that calls itself otherwise and has none of what is ours. */
export const OTHER_MAKE: Variant = {
  name: "is of another make",
  changes: [
    { file: "src/app/methods.ts", from: 'program: "latchkey"', to: 'program: "other"' },
    {
      file: "src/base/bytes.ts",
      from: "export function decodeBase64(text: string): Bytes | undefined {",
      to: "export function decodeBase64(given: string): Bytes | undefined {\n" +
        '  const text = given.replace(/[\\r\\n]/g, "");',
    },
    {
      file: WINDOW,
      from: 'throw pairingRefusal("invalid PAKE message");',
      to: 'throw new AppError("internal", "Internal error");',
    },
    {
      file: FRAME,
      from: "MAX_FIRST_FRAME_BYTES: number = 64 * 1024",
      to: "MAX_FIRST_FRAME_BYTES: number = 4 * 1024 * 1024",
    },
    {
      file: "src/edges/http/routes.ts",
      from: 'if (c.res.status !== 101) c.res.headers.set("X-Request-ID", c.get("requestId"));',
      to: "",
    },
    {
      file: "src/edges/http/policy.ts",
      from: 'throw httpError(421, "Unrecognised Host header");',
      to: "return;",
    },
    {
      file: "src/edges/http/policy.ts",
      from: 'if (site !== "cross-site" && site !== "same-site") return;',
      to: 'if (site !== "nowhere") return;',
    },
    {
      file: "src/features/rpc/dispatcher.ts",
      from: "byName.get(message.method.toLowerCase())",
      to: "byName.get(message.method)",
    },
    {
      file: OPENING,
      from: 'wasRemoved ? "removed_token" : "unknown_token"',
      to: 'wasRemoved ? "unknown_token" : "unknown_token"',
    },
  ],
  failed: [],
};
