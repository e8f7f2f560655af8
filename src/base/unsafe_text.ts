// Characters that must not reach a terminal, a screen or a log as they are: controls, line ends,
// and what turns text around or cannot be seen. One list for all who write text of others.

/**
 * Controls (Cc), formats and turns of direction (Cf), line ends (Zl, Zp), private use (Co), halves of
 * surrogate pairs (Cs), and the letters that show nothing.
 */
export const UNSAFE_CHARACTERS: RegExp =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;

/** The same text with each unsafe character as JSON writes it: `\u202e`; those in `kept` stay. */
export function escapeUnsafe(text: string, kept = ""): string {
  return text.replace(
    UNSAFE_CHARACTERS,
    (character) => kept.includes(character) ? character : escapeUnits(character),
  );
}

// By UTF-16 units, so that JSON stays the same JSON.
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}
