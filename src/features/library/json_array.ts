// The objects of a JSON array, one by one while it comes in, so that a list of ten thousand games
// neither lies in memory nor holds the process up.

/** How long an object may be, in characters; longer ones are left out. */
export const MAX_ARRAY_OBJECT_CHARS: number = 64 * 1024;

/** The texts of the objects of an array; throws SyntaxError where it is none, or is cut. */
export async function* splitJsonArray(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  const scanner = new ArrayScanner();
  for await (const chunk of chunks) yield* scanner.scan(chunk);
  scanner.end();
}

class ArrayScanner {
  #step: "before" | "between" | "object" | "after" = "before";
  #depth = 0;
  #isInString = false;
  /** Whether the last sign of a chunk escapes the first one of the next. */
  #isEscaped = false;
  #object = "";

  *scan(chunk: string): Generator<string> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#step === "object") {
        const end = this.#findEnd(chunk, at);
        this.#collect(chunk.slice(at, end));
        at = end ?? chunk.length;
        if (end === undefined) continue;
        if (this.#object.length <= MAX_ARRAY_OBJECT_CHARS) yield this.#object;
        this.#object = "";
        this.#step = "between";
      } else {
        at = indexOf(chunk, /[^\s\ufeff]/g, at) ?? chunk.length;
        if (at === chunk.length) continue;
        if (this.#step === "between" && chunk[at] === "{") this.#step = "object";
        else this.#between(chunk[at++] ?? "");
      }
    }
  }

  end(): void {
    if (this.#step !== "after") throw new SyntaxError("The array is cut");
  }

  #between(sign: string): void {
    if (this.#step === "before" && sign === "[") this.#step = "between";
    else if (this.#step === "between" && sign === "]") this.#step = "after";
    else if (this.#step !== "between" || sign !== ",") {
      throw new SyntaxError("Expected an array of objects");
    }
  }

  // The position behind the object that is open; undefined where it goes on in the next chunk.
  #findEnd(chunk: string, from: number): number | undefined {
    let at = this.#isEscaped ? from + 1 : from;
    this.#isEscaped = false;
    for (;;) {
      const found = indexOf(chunk, this.#isInString ? /["\\]/g : /["{}[\]]/g, at);
      if (found === undefined) return undefined;
      const sign = chunk[found];
      at = found + 1;
      if (sign === '"') this.#isInString = !this.#isInString;
      else if (sign === "\\") {
        this.#isEscaped = at === chunk.length;
        at++;
      } else {
        this.#depth += sign === "{" || sign === "[" ? 1 : -1;
        if (this.#depth === 0) return at;
      }
    }
  }

  // One sign more than allowed says that there were too many.
  #collect(text: string): void {
    const room = MAX_ARRAY_OBJECT_CHARS + 1 - this.#object.length;
    if (room > 0) this.#object += text.slice(0, room);
  }
}

function indexOf(text: string, pattern: RegExp, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index;
}
