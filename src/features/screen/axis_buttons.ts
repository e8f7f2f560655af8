// Hats and analog triggers as buttons: the kernel tells them as axes, and people press them.

import type { AxisMove, InputEvent } from "./input_event.ts";

/** Which way of an axis is a button: below or above its middle, or a trigger's only way. */
export type AxisDirection = "below" | "above" | "pulled";

/** A direction of an axis that can be pressed. */
export interface AxisButton {
  /** As the configuration names it. */
  readonly name: string;
  /** The kernel's number of the axis. */
  readonly axis: number;
  readonly direction: AxisDirection;
}

const ABS_HAT0X = 0x10;
const HATS = 4;

/** All of them. Triggers have the kernel's names. */
export const AXES: readonly AxisButton[] = [
  ...Array.from({ length: HATS }, (_, hat): AxisButton[] => [
    { name: `HAT${hat}_LEFT`, axis: ABS_HAT0X + 2 * hat, direction: "below" },
    { name: `HAT${hat}_RIGHT`, axis: ABS_HAT0X + 2 * hat, direction: "above" },
    { name: `HAT${hat}_UP`, axis: ABS_HAT0X + 2 * hat + 1, direction: "below" },
    { name: `HAT${hat}_DOWN`, axis: ABS_HAT0X + 2 * hat + 1, direction: "above" },
  ]).flat(),
  { name: "ABS_Z", axis: 0x02, direction: "pulled" },
  { name: "ABS_RZ", axis: 0x05, direction: "pulled" },
  { name: "ABS_GAS", axis: 0x09, direction: "pulled" },
  { name: "ABS_BRAKE", axis: 0x0a, direction: "pulled" },
];

// Above every code of a real button.
const AXIS_CODES = 0x1_0000;
const DIRECTIONS: readonly AxisDirection[] = ["pulled", "below", "above"];

/** The code of a direction, among those of buttons. */
export function axisCode(axis: number, direction: AxisDirection): number {
  return AXIS_CODES + axis * DIRECTIONS.length + DIRECTIONS.indexOf(direction);
}

/** The least that the end of a trigger's way is taken for: most have 255, some 1023 or 32767. */
export const MIN_TRIGGER_END = 255;

/** Turns the axes of one device into buttons. */
export class AxisButtons {
  readonly #pressed = new Set<number>();
  /** The farthest that each trigger was pulled. */
  readonly #ends = new Map<number, number>();

  /** What a move means. */
  take({ axis, value }: AxisMove): InputEvent[] {
    return AXES.filter((button) => button.axis === axis).flatMap(({ direction }) => {
      const code = axisCode(axis, direction);
      const isPressed = this.#isPressed({ axis, value, direction, code });
      if (isPressed === this.#pressed.has(code)) return [];
      if (isPressed) this.#pressed.add(code);
      else this.#pressed.delete(code);
      return [{ kind: isPressed ? "pressed" : "released", code }];
    });
  }

  /** Forgets what is pressed: events were lost. */
  reset(): void {
    this.#pressed.clear();
  }

  // Half of its way presses a trigger, a quarter releases it: in between it would flutter.
  #isPressed(
    { axis, value, direction, code }: Omit<AxisMove, "kind"> & {
      direction: AxisDirection;
      code: number;
    },
  ): boolean {
    if (direction === "below") return value < 0;
    if (direction === "above") return value > 0;
    const end = Math.max(MIN_TRIGGER_END, this.#ends.get(axis) ?? 0, value);
    this.#ends.set(axis, end);
    return value >= (this.#pressed.has(code) ? end / 4 : end / 2);
  }
}
