// The files of the page at /app/. Made by `deno task build:page`; edit src/page instead.

import script from "./page-c84c117f1045.js" with { type: "text" };
import style from "./page-ed2c7ed644cd.css" with { type: "text" };
import icon from "./icon-d2091d36c9dc.svg" with { type: "text" };
import touchIcon from "./icon-1a25afb97a98.png.base64" with { type: "text" };
import manifest from "./page-b40985fec598.webmanifest" with { type: "text" };

/** A file of the page as the program carries it. */
export interface PageFile {
  /** Its name below /app/, with a hash of what it holds. */
  readonly name: string;
  /** Its media type. */
  readonly contentType: string;
  /** What it holds, of a text. */
  readonly text?: string;
  /** What it holds, of a picture. */
  readonly base64?: string;
}

/** Every file of the page. */
export const PAGE_FILES = {
  script: { name: "page-c84c117f1045.js", contentType: "text/javascript; charset=utf-8", text: script },
  style: { name: "page-ed2c7ed644cd.css", contentType: "text/css; charset=utf-8", text: style },
  icon: { name: "icon-d2091d36c9dc.svg", contentType: "image/svg+xml", text: icon },
  touchIcon: { name: "icon-1a25afb97a98.png", contentType: "image/png", base64: touchIcon },
  manifest: { name: "page-b40985fec598.webmanifest", contentType: "application/manifest+json", text: manifest },
} as const satisfies Readonly<Record<string, PageFile>>;

/** What the document says before its script does, in each language that the page speaks. */
export const FRAME_WORDS = {
  "en": {
    "loading": "Loading…",
    "noScript": "No JavaScript? Type the PIN that the device shows into the app you want to pair."
  },
  "de": {
    "loading": "Lädt …",
    "noScript": "Ohne JavaScript: tippen Sie die PIN vom Gerät in die App, die Sie koppeln."
  }
} as const;
