// The PIN in letters that can be read from across the room: digits of block characters for any
// terminal. Five rows each; two groups of three, as people read them out.

const ROWS = 5;

const DIGITS: Readonly<Record<string, readonly string[]>> = {
  "0": ["██████", "██  ██", "██  ██", "██  ██", "██████"],
  "1": ["  ██  ", "████  ", "  ██  ", "  ██  ", "██████"],
  "2": ["██████", "    ██", "██████", "██    ", "██████"],
  "3": ["██████", "    ██", "██████", "    ██", "██████"],
  "4": ["██  ██", "██  ██", "██████", "    ██", "    ██"],
  "5": ["██████", "██    ", "██████", "    ██", "██████"],
  "6": ["██████", "██    ", "██████", "██  ██", "██████"],
  "7": ["██████", "    ██", "   ██ ", "  ██  ", "  ██  "],
  "8": ["██████", "██  ██", "██████", "██  ██", "██████"],
  "9": ["██████", "██  ██", "██████", "    ██", "██████"],
};

/** The five lines of a PIN in large digits. */
export function bigDigits(pin: string): string[] {
  const groups = [pin.slice(0, 3), pin.slice(3)];
  return Array.from({ length: ROWS }, (_, row) =>
    groups
      .map((group) => [...group].map((digit) => DIGITS[digit]?.[row] ?? "").join("  "))
      .join("      "));
}
