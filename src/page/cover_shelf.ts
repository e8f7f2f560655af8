// Covers as addresses that an <img> takes. A few are fetched at a time, and the oldest are let go.

/** What the device answers for a cover. */
interface CoverAnswer {
  readonly contentType: string;
  readonly data: string;
  readonly typeTag: string;
}

/** How many covers are on their way at once. */
export const MAX_FETCHED_COVERS = 3;

/** How many covers are kept. */
export const MAX_KEPT_COVERS = 240;

const PICTURE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** Fetches and keeps covers. */
export class CoverShelf {
  readonly #call: (params: unknown) => Promise<unknown>;
  readonly #kept = new Map<string, Promise<string | undefined>>();
  readonly #waiting: (() => void)[] = [];
  #fetched = 0;

  /** A shelf that asks for covers with `call`, the method `media.image`. */
  constructor(call: (params: unknown) => Promise<unknown>) {
    this.#call = call;
  }

  /** The address of a cover; undefined where there is none. */
  get(reference: { mediaId: number } | { system: string; path: string }): Promise<
    string | undefined
  > {
    const key = JSON.stringify(reference);
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const cover = this.#fetch(reference).catch(() => {
      // Asked for again when it is shown again.
      this.#kept.delete(key);
      return undefined;
    });
    this.#kept.set(key, cover);
    this.#letGo();
    return cover;
  }

  async #fetch(reference: unknown): Promise<string | undefined> {
    if (this.#fetched >= MAX_FETCHED_COVERS) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#fetched++;
    try {
      const { contentType, data, typeTag } = await this.#call(reference) as CoverAnswer;
      if (typeTag.endsWith("placeholder") || !PICTURE_TYPES.includes(contentType)) return undefined;
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
      return URL.createObjectURL(new Blob([bytes], { type: contentType }));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#fetched--;
      else next();
    }
  }

  #letGo(): void {
    const [oldest] = this.#kept;
    if (this.#kept.size <= MAX_KEPT_COVERS || oldest === undefined) return;
    this.#kept.delete(oldest[0]);
    void oldest[1].then((url) => url !== undefined && URL.revokeObjectURL(url));
  }
}
