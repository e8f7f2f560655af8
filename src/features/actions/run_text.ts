// What may be run: one line of text from a tag, a link or an app. It is data from the first character
// to the last; what cannot stand in one argument of a program is refused here.

import { AppError } from "../../base/app_error.ts";

/** The longest text, in characters. */
export const MAX_RUN_CHARACTERS = 2048;

/** The longest id of a tag, in characters. */
export const MAX_UID_CHARACTERS = 256;

/** A text to run, and where it came from. */
export interface RunRequest {
  /** The text. */
  readonly text: string;
  /** The id of the tag that it stood on, if any. */
  readonly uid: string | undefined;
}

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** The request as it may be run; bad_request names what is wrong, and never the text. */
export function checkRunRequest(request: { text: string; uid?: string | undefined }): RunRequest {
  const { text, uid } = request;
  if (text === "") throw new AppError("bad_request", "text: expected a text to run");
  check(text, { name: "text", maxCharacters: MAX_RUN_CHARACTERS });
  if (uid !== undefined) check(uid, { name: "uid", maxCharacters: MAX_UID_CHARACTERS });
  return { text, uid };
}

/** Whether a text has no control characters, no line ends, and nothing that is no Unicode. */
export function isOneLine(text: string): boolean {
  return !CONTROL.test(text) && text.isWellFormed();
}

function check(
  text: string,
  { name, maxCharacters }: { name: string; maxCharacters: number },
): void {
  // Code units come first, so that a long text is not taken apart.
  if (text.length > 2 * maxCharacters || [...text].length > maxCharacters) {
    throw new AppError("bad_request", `${name}: expected at most ${maxCharacters} characters`);
  }
  if (!isOneLine(text)) {
    throw new AppError("bad_request", `${name}: expected one line without control characters`);
  }
}
