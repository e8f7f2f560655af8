// The bytes of one input device as presses and releases of buttons, hats and triggers among them.

import { AxisButtons } from "./axis_buttons.ts";
import { decodeInputEvents, type InputEvent } from "./input_event.ts";

/** Decodes one device, whose axes have a state. */
export class ButtonDecoder {
  readonly #axes = new AxisButtons();

  /** What the bytes tell, oldest first; they are whole events. */
  take(bytes: Uint8Array): InputEvent[] {
    return decodeInputEvents(bytes).flatMap((event) => {
      if (event.kind === "moved") return this.#axes.take(event);
      if (event.kind === "lost") this.#axes.reset();
      return [event];
    });
  }
}
