// A request's body on its way upstream. It is held until the model was read, and where the object
// has its last brace by then, to its end. Any other is streamed from then on and checked to its end:
// the last brace goes out only after the whole body proved to be one JSON object that names one
// model, so no server acts on a body that this one would refuse.

import { type Bytes, concatBytes, decodeAscii, utf8 } from "../../base/bytes.ts";
import { AppError, toAppError } from "../../base/app_error.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import { JsonScanner } from "./json_scanner.ts";
import { TextMeter } from "./text_meter.ts";

/** The longest name of a model, in characters. */
export const MAX_MODEL_CHARACTERS = 256;

// Older requests call it "name"; a server takes whichever it knows.
const MODEL_MEMBERS = ["model", "name"];
const ASK_FOR_USAGE = ',"stream_options":{"include_usage":true}';

/** Options of {@linkcode RequestBody}. */
export interface RequestBodyOptions {
  /** The body as it comes from the client; null where there is none. */
  source: ReadableStream<Uint8Array> | null;
  /** Whether a streamed answer must be made to tell its tokens. */
  asksForUsage: boolean;
  /** The longest body, in bytes. */
  maxBytes: number;
  /** The memory for what cannot be passed on yet. */
  held: MemoryBudget;
  /** Ends the reading; what is held is forgotten then. */
  signal: AbortSignal;
  /** A part of the body was taken. */
  onPart: () => void;
}

/** What goes on while a body is read; hears before each wait whom it is for. */
export interface BodyEvents {
  /** A part from the client is waited for. */
  onWaitForClient(): void;
  /** It is up to the server to take a part, or to answer. */
  onWaitForServer(): void;
  /** All of it has gone to the server, which begins to work. */
  onSent(): void;
  /** The body is to be refused, and what went upstream of it is to be taken back. */
  onRefused(error: AppError): void;
}

/** One body. */
export class RequestBody {
  readonly #options: RequestBodyOptions;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #meter = new TextMeter();
  readonly #scanner = new JsonScanner([...MODEL_MEMBERS, "stream", "stream_options"], {
    meter: this.#meter,
    onPicked: (path, value) => this.#seeMember(path, value),
  });
  /** There from the first part on that is not ASCII: a character may go on in the next one. */
  #utf8: TextDecoder | undefined;
  #parts: Bytes[] = [];
  #bytes = 0;
  #isReading = false;
  #hasEnded = false;
  #addsUsage = false;
  /** The first name of a model that is not empty. */
  #named: { readonly value: unknown } | undefined;
  #hasOtherModel = false;

  /** Reads nothing yet. */
  constructor(options: RequestBodyOptions) {
    this.#options = options;
    this.#reader = options.source?.getReader();
    if (options.signal.aborted) this.close();
    else options.signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Whether the server was made to tell its tokens to a client that did not ask for them. */
  get addsUsage(): boolean {
    return this.#addsUsage;
  }

  /** How many bytes were taken of it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The tokens of its texts so far, about. */
  get promptEstimate(): number {
    return this.#meter.tokens;
  }

  /** Whether a part from the client is being waited for. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Whether all of it was taken from the client. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Reads up to the model, or to the end where the object is complete by then, and tells the model.
   * `onWaitForClient` hears before each part. bad_request for what is no JSON object with one model,
   * too_large, unavailable where there is no memory to hold what comes before the model.
   */
  async readModel(onWaitForClient: () => void): Promise<string> {
    while (this.#named === undefined || this.#scanner.isComplete) {
      onWaitForClient();
      const part = await this.#readPart();
      if (part === undefined) break;
      this.#options.held.take(part.length);
      this.#parts.push(part);
    }
    return this.#model();
  }

  /** All of it for the server, where it has come whole; undefined where more is to come. */
  takeWhole(): Bytes | undefined {
    if (!this.#hasEnded) return undefined;
    const parts: Bytes[] = [];
    for (let part = this.#takeHeld(); part !== undefined; part = this.#takeHeld()) parts.push(part);
    return concatBytes(...parts, this.#ending());
  }

  /** The body for the server: what was held, then the rest as it comes. */
  stream(events: BodyEvents): ReadableStream<Bytes> {
    return new ReadableStream<Bytes>({
      pull: async (controller) => {
        try {
          const part = this.#takeHeld() ?? await this.#readOn(events);
          if (part !== undefined) controller.enqueue(part);
          else {
            controller.enqueue(this.#ending());
            controller.close();
            events.onSent();
          }
          events.onWaitForServer();
        } catch (thrown) {
          events.onRefused(toAppError(thrown));
          controller.error(thrown);
        }
      },
    }, { highWaterMark: 0 });
  }

  /** Forgets what is held, and reads no more. */
  close(): void {
    while (this.#takeHeld() !== undefined);
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // The peer may have gone, or the body may have ended by itself.
    this.#reader?.cancel().catch(() => {});
  }

  #takeHeld(): Bytes | undefined {
    const part = this.#parts.shift();
    if (part === undefined) return undefined;
    this.#options.held.giveBack(part.length);
    return part;
  }

  async #readOn(events: BodyEvents): Promise<Bytes | undefined> {
    if (this.#hasEnded) return undefined;
    events.onWaitForClient();
    return await this.#readPart();
  }

  // The next part, checked; without the last brace and what follows it.
  async #readPart(): Promise<Bytes | undefined> {
    for (;;) {
      const part = await this.#read();
      if (part === undefined) {
        this.#checkEnd();
        return undefined;
      }
      const end = this.#check(part);
      // Blanks behind the object are not passed on; an empty part would end the body upstream.
      if (end === undefined && this.#scanner.isComplete) continue;
      const checked = end === undefined ? part : part.subarray(0, end - 1);
      if (checked.length > 0) return checked;
    }
  }

  async #read(): Promise<Bytes | undefined> {
    this.#isReading = true;
    try {
      const read = await this.#reader?.read().catch(brokenOff);
      if (read === undefined || read.done) {
        this.#hasEnded = true;
        return undefined;
      }
      this.#options.onPart();
      return read.value as Bytes;
    } finally {
      this.#isReading = false;
    }
  }

  #check(part: Bytes): number | undefined {
    this.#bytes += part.length;
    const { maxBytes } = this.#options;
    if (this.#bytes > maxBytes) throw tooLargeBody(maxBytes);
    const end = this.#scan(part);
    if (this.#scanner.hasFoldedLetters) {
      throw new AppError("bad_request", "body: expected names of members in plain letters");
    }
    if (this.#hasOtherModel) throw new AppError("bad_request", "model: expected only one");
    return end;
  }

  #scan(part: Bytes): number | undefined {
    try {
      if (this.#utf8 !== undefined || decodeAscii(part) === undefined) {
        this.#utf8 ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
        this.#utf8.decode(part, { stream: true });
      }
      return this.#scanner.push(part);
    } catch (error) {
      throw badBody(error);
    }
  }

  #checkEnd(): void {
    if (!this.#scanner.isComplete) throw badBody();
    const stream = this.#scanner.picked("stream");
    this.#addsUsage = this.#options.asksForUsage && stream?.value === true &&
      this.#scanner.picked("stream_options") === undefined;
  }

  #ending(): Bytes {
    return utf8(this.#addsUsage ? `${ASK_FOR_USAGE}}` : "}");
  }

  // Clients fill both members, or leave one of them empty; a server takes either.
  #seeMember(path: string, value: unknown): void {
    if (!MODEL_MEMBERS.includes(path) || value === "" || value === null) return;
    if (this.#named === undefined) this.#named = { value };
    else if (value !== this.#named.value) this.#hasOtherModel = true;
  }

  #model(): string {
    const value = this.#named?.value;
    if (typeof value !== "string" || value.length > MAX_MODEL_CHARACTERS) {
      throw new AppError(
        "bad_request",
        `model: expected a text of 1 to ${MAX_MODEL_CHARACTERS} characters`,
      );
    }
    return value;
  }
}

/** The refusal of a body that is longer than that. */
export function tooLargeBody(maxBytes: number): AppError {
  return new AppError("too_large", `body: expected at most ${maxBytes} bytes`);
}

function badBody(cause?: unknown): AppError {
  return new AppError("bad_request", "body: expected a JSON object in UTF-8", { cause });
}

function brokenOff(cause: unknown): never {
  throw new AppError("bad_request", "The body did not arrive whole", { cause });
}
