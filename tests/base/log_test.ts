import assert from "node:assert/strict";
import {
  createLogger,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type Logger,
  type LogLevel,
  silentLogger,
} from "../../src/base/log.ts";
import { escapeUnsafe } from "../../src/base/unsafe_text.ts";

const TIME_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const TIME = "2026-01-02T03:04:05.006Z";

for (const [i, level] of LOG_LEVELS.entries()) {
  Deno.test(`a logger at ${level} writes that level and louder ones`, () => {
    const { logger, lines } = logTo("json", { level: () => level });
    sayAll(logger);
    const written = lines.map((line) => (JSON.parse(line) as { level: string }).level);
    assert.deepEqual(written, LOG_LEVELS.slice(i));
  });
}

Deno.test("a logger asks for its level at every line", () => {
  let level: LogLevel = "error";
  const { logger, lines } = logTo("text", { level: () => level });
  logger.info("First");
  level = "info";
  logger.info("Second");
  assert.deepEqual(lines, [`${TIME} INFO  Second`]);
});

const TEXT_LINES: [string, LogFields, string][] = [
  ["no fields", {}, ""],
  ["plain texts", { path: "/api/v0.1", at: "[::1]:7497" }, " path=/api/v0.1 at=[::1]:7497"],
  ["a text with a space", { name: "a b" }, ' name="a b"'],
  ["the empty text", { name: "" }, ' name=""'],
  ["a text that looks like fields", { name: "x level=error" }, ' name="x level=error"'],
  ["an equals sign", { name: "a=b" }, ' name="a=b"'],
  ["a quote", { name: 'a" b="c' }, ' name="a\\" b=\\"c"'],
  ["scalars", { n: 1.5, yes: true, none: null }, " n=1.5 yes=true none=null"],
  ["an undefined value", { gone: undefined, n: 1 }, " n=1"],
  ["a list", { names: ["a", "b c"] }, ' names=["a","b c"]'],
];
for (const [name, fields, expected] of TEXT_LINES) {
  Deno.test(`a text line shows ${name}`, () => {
    const { logger, lines } = logTo("text");
    logger.warn("Something", fields);
    assert.deepEqual(lines, [`${TIME} WARN  Something${expected}`]);
  });
}

for (const code of ["EMFILE", "ENFILE"]) {
  Deno.test(`an error ${code} is written without a stack, and so is a cause`, () => {
    const error = Object.assign(new Error("Too many open files"), { code });
    const { logger, lines } = logTo("text");
    logger.warn("Something", { error });
    assert.deepEqual(lines, [`${TIME} WARN  Something error="Error: Too many open files"`]);
    logger.warn("Something", { error: new Error("x", { cause: error }) });
    assert.match(lines[1] ?? "", /Caused by: Error: Too many open files"$/);
  });
}

const FORGERIES = [
  `x\n${TIME} ERROR Forged`,
  `x\r\n${TIME} ERROR Forged`,
  `\r${TIME} ERROR Forged`,
  "\n",
  "safe\n",
  "\u001b[2K\u001b[1A",
  "\0\b\f\v",
];
for (const forgery of FORGERIES) {
  for (const format of ["text", "json"] as const) {
    Deno.test(`a ${format} line is one line without controls for ${JSON.stringify(forgery)}`, () => {
      const { logger, lines } = logTo(format);
      logger.info("Fields", { text: forgery, list: [forgery], error: new Error(forgery) });
      assert.equal(lines.length, 1);
      // deno-lint-ignore no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(lines[0] ?? "", /[\u0000-\u001f]/);
    });
  }
}

const TURNS = [
  ...["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\u3164"],
  ...["\u009b31m", "\u007f", "\u2028", "\ufeff", "\u{e0041}"],
];
for (const turn of TURNS) {
  for (const format of ["text", "json"] as const) {
    Deno.test(`a ${format} line writes ${JSON.stringify(escapeUnsafe(turn))} in plain ASCII`, () => {
      const { logger, lines } = logTo(format);
      logger.info("Fields", { text: `a${turn}b`, list: [turn], error: new Error(turn) });
      assert.match(lines[0] ?? "", /^[ -~]*$/);
      if (format === "text") return;
      // Programs that read the line still get the text as it was.
      assert.equal((JSON.parse(lines[0] ?? "") as { text: string }).text, `a${turn}b`);
    });
  }
}

Deno.test("a JSON line is time, level, message and the fields", () => {
  const { logger, lines } = logTo("json");
  logger.info("Something", { text: "a\nb", n: 1, none: null, gone: undefined, list: ["a"] });
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    {
      time: TIME,
      level: "info",
      message: "Something",
      text: "a\nb",
      n: 1,
      none: null,
      list: ["a"],
    },
  ]);
});

for (const format of ["text", "json"] as const) {
  Deno.test(`a ${format} line tells an error's stack and its causes`, () => {
    const { logger, lines } = logTo(format);
    const root = new TypeError("disk is full");
    logger.error("Failed", { error: new Error("cannot save", { cause: root }) });
    const [line = ""] = lines;
    assert.match(line, /Error: cannot save.*log_test\.ts.*Caused by: TypeError: disk is full/);
  });
}

Deno.test("an error without a stack is told by name and message", () => {
  const { logger, lines } = logTo("json");
  const error = new RangeError("too far");
  delete error.stack;
  logger.error("Failed", { error });
  assert.equal((JSON.parse(lines[0] ?? "") as LogFields)["error"], "RangeError: too far");
});

function logTo(
  format: LogFormat,
  options: { level: () => LogLevel } = { level: () => "debug" },
): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): unknown => lines.push(line);
  return { logger: createLogger({ ...options, format, wallMs: () => TIME_MS, write }), lines };
}

function sayAll(logger: Logger): void {
  logger.debug("Debug");
  logger.info("Info");
  logger.warn("Warn");
  logger.error("Error");
}

Deno.test("silentLogger takes every level and writes nothing", () => {
  for (const level of LOG_LEVELS) assert.equal(silentLogger[level]("text"), undefined);
});
