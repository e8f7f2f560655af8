// What a PIN looks like (docs/protocol.md §2): decimal digits, text and never a number. How many there
// are is said here alone; drawing, parsing, the exchange, every display and the page follow.

/** How many digits a PIN has. */
export const PIN_DIGITS = 6;

/** The source of a regular expression that matches a PIN. */
export const PIN_PATTERN: string = `[0-9]{${PIN_DIGITS}}`;

const PIN_TEXT = new RegExp(`^${PIN_PATTERN}$`);

/** Whether a text is a PIN. */
export function isPin(text: string): boolean {
  return PIN_TEXT.test(text);
}

/** How many of a PIN's digits are in the first of the two groups in which people read them out. */
export function firstGroupLength(digits: number): number {
  return Math.ceil(digits / 2);
}
