// The words of a command line that a shell would run, for the few rules that need no shell: blanks
// separate words, `;` and `&&` separate steps, quotes and backslashes group. All else that a POSIX
// shell or bash would act on is a refusal.

/** A word as it stands after quotes are removed. */
export interface ShellWord {
  readonly text: string;
  /** Whether a part of it was quoted; such a word is there even where it is empty. */
  readonly isQuoted: boolean;
  /** Whether nothing of it was quoted or escaped: then a shell may take it for one of its own words. */
  readonly isPlain: boolean;
}

/** The words of one program. */
export interface ShellStep {
  readonly words: readonly ShellWord[];
  /** Whether `&&` stands before it. */
  readonly needsSuccess: boolean;
}

/** Why a template is refused: one sentence without a full stop. */
export class TemplateRefusal extends Error {
  /** A refusal for this reason. */
  constructor(reason: string) {
    super(reason);
    this.name = "TemplateRefusal";
  }
}

/** How long a template may be, in characters. */
export const MAX_TEMPLATE_CHARS = 8_192;

/** How many steps it may have. */
export const MAX_TEMPLATE_STEPS = 16;

/** Signs that a shell acts on wherever they stand without quotes, with what they do. */
const SIGNS: Readonly<Record<string, string>> = {
  "$": "variables and substitutions",
  "`": "command substitutions",
  "|": "pipes and ||",
  ">": "redirections",
  "<": "redirections",
  "(": "subshells",
  ")": "subshells",
  "{": "braces",
  "}": "braces",
  "*": "file name patterns",
  "?": "file name patterns",
  "[": "file name patterns",
  "]": "file name patterns",
  "\n": "line breaks between commands",
};

/** The steps of a command line; throws TemplateRefusal. */
export function splitShellSteps(line: string): ShellStep[] {
  if (line.length > MAX_TEMPLATE_CHARS) {
    throw new TemplateRefusal(`it is longer than ${MAX_TEMPLATE_CHARS} characters`);
  }
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(line)) {
    throw new TemplateRefusal("it has control characters");
  }
  return new StepReader(line.trim()).read();
}

class StepReader {
  readonly #line: string;
  readonly #steps: ShellStep[] = [];
  #words: ShellWord[] = [];
  #needsSuccess = false;
  #position = 0;

  constructor(line: string) {
    this.#line = line;
  }

  read(): ShellStep[] {
    for (;;) {
      const sign = this.#line[this.#position];
      if (sign === undefined) break;
      if (sign === " " || sign === "\t") this.#position++;
      else if (sign === ";") this.#endStep(false);
      else if (sign === "&") this.#endStep(true);
      else if (sign === "#") throw new TemplateRefusal("# begins a comment of the shell");
      else this.#words.push(this.#readWord());
    }
    // A line may end with ";", and not with "&&".
    if (this.#words.length > 0) this.#keepStep();
    else if (this.#needsSuccess) throw new TemplateRefusal("nothing follows the last &&");
    if (this.#steps.length === 0) throw new TemplateRefusal("it is empty");
    return this.#steps;
  }

  #endStep(nextNeedsSuccess: boolean): void {
    const rest = this.#line.slice(this.#position);
    if (nextNeedsSuccess && !rest.startsWith("&&")) {
      throw new TemplateRefusal("& starts a program in the background, which needs a shell");
    }
    this.#position += nextNeedsSuccess ? 2 : 1;
    if (this.#words.length === 0) {
      throw new TemplateRefusal(`no program stands before ${nextNeedsSuccess ? "&&" : ";"}`);
    }
    this.#keepStep();
    this.#needsSuccess = nextNeedsSuccess;
  }

  #keepStep(): void {
    if (this.#steps.length === MAX_TEMPLATE_STEPS) {
      throw new TemplateRefusal(`it has more than ${MAX_TEMPLATE_STEPS} steps`);
    }
    this.#steps.push({ words: this.#words, needsSuccess: this.#needsSuccess });
    this.#words = [];
    this.#needsSuccess = false;
  }

  #readWord(): ShellWord {
    let text = "";
    let isQuoted = false;
    let isPlain = true;
    for (;;) {
      const sign = this.#line[this.#position];
      if (sign === undefined || " \t;&".includes(sign)) return { text, isQuoted, isPlain };
      if (sign === "'" || sign === '"') {
        text += sign === "'" ? this.#readSingleQuoted() : this.#readDoubleQuoted();
        isQuoted = true;
        isPlain = false;
      } else if (sign === "\\") {
        text += this.#readEscaped();
        isPlain = false;
      } else {
        refuseSign(sign, text);
        text += sign;
        this.#position++;
      }
    }
  }

  #readSingleQuoted(): string {
    const end = this.#line.indexOf("'", this.#position + 1);
    if (end === -1) throw new TemplateRefusal("a quote ' has no end");
    const text = this.#line.slice(this.#position + 1, end);
    this.#position = end + 1;
    return text;
  }

  #readDoubleQuoted(): string {
    let text = "";
    for (this.#position++;; this.#position++) {
      const sign = this.#line[this.#position];
      if (sign === undefined) throw new TemplateRefusal('a quote " has no end');
      if (sign === '"') break;
      if (sign === "$" || sign === "`") {
        throw new TemplateRefusal(`${sign} stands for ${SIGNS[sign]}, which need a shell`);
      }
      const next = this.#line[this.#position + 1] ?? "";
      if (sign === "\\") refuseEscapedPlace(next);
      if (sign === "\\" && '$`"\\'.includes(next) && next !== "") {
        text += next;
        this.#position++;
      } else if (sign === "\\" && next === "\n") this.#position++;
      else text += sign;
    }
    this.#position++;
    return text;
  }

  #readEscaped(): string {
    const next = this.#line[this.#position + 1];
    if (next === undefined) throw new TemplateRefusal("nothing follows the last \\");
    refuseEscapedPlace(next);
    this.#position += 2;
    return next === "\n" ? "" : next;
  }
}

// EmulationStation fills placeholders first, so the first sign of what fills one would be escaped.
function refuseEscapedPlace(next: string): void {
  if (next === "%") throw new TemplateRefusal("\\ stands before a placeholder");
}

function refuseSign(sign: string, before: string): void {
  const meaning = SIGNS[sign];
  if (meaning !== undefined) {
    const shown = sign === "\n" ? "a line break" : sign;
    throw new TemplateRefusal(`${shown} stands for ${meaning}, which need a shell`);
  }
  // Where a word begins, and in what looks like an assignment or a list of paths.
  if (sign === "~" && (before === "" || /[=:]$/.test(before))) {
    throw new TemplateRefusal("~ stands for a home folder, which needs a shell");
  }
}
