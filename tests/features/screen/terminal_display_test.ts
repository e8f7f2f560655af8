import assert from "node:assert/strict";
import { describeOutcome } from "../../../src/features/screen/pin_words.ts";
import type { PinOutcome, PinView } from "../../../src/features/screen/pin_display.ts";
import { createTerminalDisplay } from "../../../src/features/screen/terminal_display.ts";

const NOW_MS = 1_790_000_000_000;
const ATTACK = "\x1b[2J\nPIN: 000000\u202e";

function setUp(
  columns?: number,
): { display: ReturnType<typeof createTerminalDisplay>; written: string[] } {
  const written: string[] = [];
  const display = createTerminalDisplay({
    write: (text) => written.push(text),
    wallMs: () => NOW_MS,
    columns: () => columns,
  });
  return { display, written };
}

function viewOf(change: Partial<PinView>): PinView {
  const deviceName = "living room";
  return { pin: "012345", expiresAtMs: NOW_MS + 300_000, deviceName, url: undefined, ...change };
}

Deno.test("show() writes the PIN in large digits, two groups of three", () => {
  const { display, written } = setUp();
  display.show(viewOf({ pin: "012345" }));
  display.show(viewOf({ pin: "678910", url: "http://192.0.2.7:7497/app/#pair=678910" }));
  assert.deepEqual(written.join("").split("\n"), [
    "",
    "  PIN for living room, valid for 300 s",
    "",
    "  ██████    ██    ██████      ██████  ██  ██  ██████",
    "  ██  ██  ████        ██          ██  ██  ██  ██    ",
    "  ██  ██    ██    ██████      ██████  ██████  ██████",
    "  ██  ██    ██    ██              ██      ██      ██",
    "  ██████  ██████  ██████      ██████      ██  ██████",
    "",
    "  PIN 012 345",
    "",
    "  Type this PIN in the Zaparoo app",
    "",
    "  PIN for living room, valid for 300 s",
    "",
    "  ██████  ██████  ██████      ██████    ██    ██████",
    "  ██          ██  ██  ██      ██  ██  ████    ██  ██",
    "  ██████     ██   ██████      ██████    ██    ██  ██",
    "  ██  ██    ██    ██  ██          ██    ██    ██  ██",
    "  ██████    ██    ██████      ██████  ██████  ██████",
    "",
    "  PIN 678 910",
    "",
    "  Type this PIN in the Zaparoo app",
    "  This device: 192.0.2.7:7497",
    "",
  ]);
});

const WIDTHS: [columns: number | undefined, hasArt: boolean][] = [
  [undefined, true],
  [80, true],
  [52, true],
  [51, false],
  [40, false],
];
for (const [columns, hasArt] of WIDTHS) {
  Deno.test(`show() on ${columns ?? "unknown"} columns writes no line that would wrap`, () => {
    const { display, written } = setUp(columns);
    display.show(viewOf({ pin: "216479" }));
    const lines = written.join("").split("\n");
    assert.ok(lines.includes("  PIN 216 479"));
    assert.equal(lines.some((line) => line.includes("█")), hasArt);
    assert.ok(lines.every((line) => line.length <= (columns ?? Infinity)));
  });
}

const TIMES: [number, string][] = [
  [300_000, "300 s"],
  [1_499, "1 s"],
  [1_500, "2 s"],
  [0, "0 s"],
  [-5_000, "0 s"],
];
for (const [leftMs, text] of TIMES) {
  Deno.test(`show() calls a PIN that ends in ${leftMs} ms valid for ${text}`, () => {
    const { display, written } = setUp();
    display.show(viewOf({ expiresAtMs: NOW_MS + leftMs }));
    assert.match(written.join(""), new RegExp(`, valid for ${text}\n`));
  });
}

Deno.test("show() lets the device's name do nothing to the terminal", () => {
  const { display, written } = setUp();
  display.show(viewOf({ deviceName: ATTACK }));
  assert.ok(written.join("").includes("PIN for \ufffd[2J\ufffdPIN: 000000\ufffd, valid"));
});

Deno.test("warn() counts the wrong guesses", () => {
  const { display, written } = setUp();
  display.warn({ failures: 2, limit: 3, from: "192.0.2.9" });
  assert.deepEqual(written, ["  Wrong PIN entered: 2 of 3, from 192.0.2.9\n"]);
});

const OUTCOMES: [PinOutcome, string][] = [
  [{ kind: "paired", clientName: "Ann's phone" }, "Paired with Ann's phone"],
  [{ kind: "paired", clientName: ATTACK }, "Paired with \ufffd[2J\ufffdPIN: 000000\ufffd"],
  [{ kind: "paired", clientName: "x".repeat(128) }, `Paired with ${"x".repeat(63)}…`],
  [{ kind: "expired" }, "The PIN has expired"],
  [{ kind: "cancelled" }, "Pairing was cancelled"],
  [
    { kind: "too_many_failures", from: ["192.0.2.9", "2001:db8::1"] },
    "The PIN was entered wrong too often, from 192.0.2.9 and 2001:db8::1",
  ],
  [{ kind: "too_many_failures", from: [] }, "The PIN was entered wrong too often"],
  [{ kind: "stopped" }, "The service has stopped"],
];
for (const [outcome, text] of OUTCOMES) {
  Deno.test(`clear() says how the PIN ended: ${JSON.stringify(outcome)}`, () => {
    const { display, written } = setUp();
    display.clear(outcome);
    assert.deepEqual(written, [`  ${text}\n\n`]);
    assert.equal(describeOutcome(outcome), text);
  });
}

Deno.test("close() leaves the terminal as it is", () => {
  const { display, written } = setUp();
  display.close();
  display.close();
  assert.deepEqual(written, []);
});
