// The PIN as a line that a program on the screen shows for a moment: of a frontend that owns the screen
// and hides the framebuffer, say. The line is shown again until the PIN ends, because nothing of it may
// stay on the screen for long after that.

import type { Clock } from "../../base/clock.ts";
import type { PinDisplay, PinView } from "./pin_display.ts";
import { describeOutcome, formatTimeLeft, guessTexts, INSTRUCTIONS } from "./pin_words.ts";
import { safeText } from "./safe_text.ts";

/** How often the line is shown again, in milliseconds: programs show one for about as long. */
export const NOTICE_EVERY_MS = 5000;

/** A program that shows lines. */
export interface NoticeBoard {
  /** Whether it is there, and is the one that may see PINs. Never rejects. */
  isThere(): Promise<boolean>;
  /** Shows a line for a moment; rejects where it cannot. */
  show(text: string): Promise<void>;
  /** Gives back what it holds. */
  close(): void;
}

/** Options of {@linkcode createNoticeDisplay}. */
export interface NoticeDisplayOptions {
  board: NoticeBoard;
  clock: Clock;
}

/** A display that is such a line. What is not there at one moment may be at the next. */
export function createNoticeDisplay({ board, clock }: NoticeDisplayOptions): PinDisplay {
  let shown: PinView | undefined;
  let cancelNext = (): void => {};

  // The look takes time: what ended meanwhile is not shown.
  async function tell(text: (view: PinView) => string, view: PinView): Promise<void> {
    if (await board.isThere() && shown === view) await board.show(text(view));
  }

  async function repeat(view: PinView): Promise<void> {
    cancelNext = clock.after(NOTICE_EVERY_MS, () => {
      if (shown === view) void repeat(view).catch(() => {});
    });
    await tell((it) => pinLine(it, clock.wallMs()), view);
  }

  function end(): void {
    cancelNext();
    shown = undefined;
  }

  return {
    show: async (view) => {
      end();
      shown = view;
      await repeat(view);
    },
    warn: async (guess) => {
      if (shown !== undefined) await tell(() => guessTexts(guess)[0], shown);
    },
    clear: async (outcome) => {
      end();
      if (outcome.kind !== "stopped" && await board.isThere()) {
        await board.show(describeOutcome(outcome));
      }
    },
    close: () => {
      end();
      board.close();
    },
  };
}

function pinLine({ pin, expiresAtMs, deviceName }: PinView, nowMs: number): string {
  const half = Math.ceil(pin.length / 2);
  const digits = `${pin.slice(0, half)} ${pin.slice(half)}`;
  const left = formatTimeLeft(Math.max(0, expiresAtMs - nowMs));
  return `${safeText(deviceName)}: PIN ${digits}. ${INSTRUCTIONS.without[0]} (${left})`;
}
