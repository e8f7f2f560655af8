// Text of a peer, made harmless for a screen: control characters, line ends, and the invisible
// ones that reorder or hide text become a visible mark.

import { UNSAFE_CHARACTERS } from "../../base/unsafe_text.ts";

/** The same text with each unsafe character as "�", cut to `maxCharacters` with "…". */
export function safeText(text: string, maxCharacters = 64): string {
  const shown = [...text.replace(UNSAFE_CHARACTERS, "\ufffd")];
  if (shown.length <= maxCharacters) return shown.join("");
  return shown.slice(0, maxCharacters - 1).join("") + "…";
}
