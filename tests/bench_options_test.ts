// What `deno task bench` can be asked for.

import assert from "node:assert/strict";
import { BenchUsageError, readBenchOptions } from "./bench/bench_options.ts";

const IDS = ["calls", "process"];
const URL_OF_OTHER = "http://127.0.0.1:7597";

const DEFAULTS = {
  rounds: 5,
  isQuick: false,
  only: [],
  isSoak: false,
  isMarkdown: false,
  isSaved: false,
  note: "",
};

type Environment = Record<string, string>;

const ACCEPTED: [args: string[], environment: Environment, options: object][] = [
  [[], {}, {}],
  [[], { COMPARE_URL: "", COMPARE_TREE: "" }, {}],
  [["--rounds", "7"], {}, { rounds: 7 }],
  [["--quick"], {}, { isQuick: true, rounds: 1 }],
  [["--quick", "--rounds=3"], {}, { isQuick: true, rounds: 3 }],
  [["--only", "calls", "--only", "process"], {}, { only: ["calls", "process"] }],
  [["--slow-fsync", "30"], {}, { slowFsyncMs: 30 }],
  [["--soak", "--markdown"], {}, { isSoak: true, isMarkdown: true }],
  [["--save", "--note", "Quiet"], {}, { isSaved: true, note: "Quiet" }],
  [[], { COMPARE_TREE: "/old" }, { comparison: { kind: "tree", name: "compared", root: "/old" } }],
  [[], { COMPARE_TREE: "/old", COMPARE_NAME: "before" }, {
    comparison: { kind: "tree", name: "before", root: "/old" },
  }],
  [[], { COMPARE_URL: URL_OF_OTHER }, {
    comparison: { kind: "server", name: "compared", port: 7597 },
  }],
  [
    [],
    {
      COMPARE_URL: "http://localhost:7597/",
      COMPARE_NAME: "Core",
      COMPARE_PID: "12",
      COMPARE_PAIR: "cat pin",
      COMPARE_START: "core",
      COMPARE_RESET: "rm cache",
    },
    {
      comparison: {
        kind: "server",
        name: "Core",
        port: 7597,
        pid: 12,
        pairCommand: "cat pin",
        startCommand: "core",
        resetCommand: "rm cache",
      },
    },
  ],
];

for (const [args, environment, options] of ACCEPTED) {
  const title = [...args, ...Object.keys(environment)].join(" ") || "nothing";
  Deno.test(`readBenchOptions() takes ${title}`, () => {
    assert.deepEqual(readBenchOptions(args, environment, IDS), { ...DEFAULTS, ...options });
  });
}

const REFUSED: [args: string[], environment: Environment, message: RegExp][] = [
  [["--only", "call"], {}, /^Unknown section: "call" \(expected calls, process\)$/],
  [["--rounds", "0"], {}, /^--rounds: expected a whole number from 1 to 100$/],
  [["--rounds", "101"], {}, /--rounds/],
  [["--rounds", "1.5"], {}, /--rounds/],
  [["--rounds", "1e1"], {}, /--rounds/],
  [["--slow-fsync", "1001"], {}, /^--slow-fsync: expected a whole number from 1 to 1000$/],
  [["--fast"], {}, /--fast/],
  [["word"], {}, /word/],
  [["--save", "--only", "calls"], {}, /^--save keeps whole runs/],
  [["--save", "--quick"], {}, /^--save keeps whole runs/],
  [["--save", "--soak"], {}, /^--save keeps whole runs/],
  [["--save", "--slow-fsync", "30"], {}, /^--save keeps whole runs/],
  [[], { COMPARE_URL: URL_OF_OTHER, COMPARE_TREE: "/old" }, /one comparison at a time/],
  [[], { COMPARE_URL: "nonsense" }, /^COMPARE_URL: expected http:\/\/127\.0\.0\.1:PORT/],
  [[], { COMPARE_URL: "http://192.0.2.1:7497" }, /^COMPARE_URL/],
  [[], { COMPARE_URL: "http://127.0.0.1" }, /^COMPARE_URL/],
  [[], { COMPARE_URL: "ws://127.0.0.1:7497" }, /^COMPARE_URL/],
  [[], { COMPARE_URL: URL_OF_OTHER, COMPARE_PID: "core" }, /^COMPARE_PID: expected/],
];

for (const [args, environment, message] of REFUSED) {
  Deno.test(`readBenchOptions() refuses ${JSON.stringify([args, environment])}`, () => {
    assert.throws(
      () => readBenchOptions(args, environment, IDS),
      (error: unknown) => error instanceof BenchUsageError && message.test(error.message),
    );
  });
}
