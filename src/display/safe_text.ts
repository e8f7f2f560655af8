// Text of a peer, made harmless for a screen: control characters, line ends, and the invisible
// ones that reorder or hide text become a visible mark.

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** The same text with each unsafe character as "�", cut to `maxCharacters` with "…". */
export function safeText(text: string, maxCharacters = 64): string {
  const shown = [...text.replace(UNSAFE, "\ufffd")];
  if (shown.length <= maxCharacters) return shown.join("");
  return shown.slice(0, maxCharacters - 1).join("") + "…";
}
