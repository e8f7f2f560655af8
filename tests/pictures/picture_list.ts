// Every picture that documents show of this project: what is in docs/pictures/, by its file.
// `deno task pictures` draws them anew from the real thing; look at each before you commit it.

/** The folder of the pictures, with a slash at its end. */
export const PICTURES_FOLDER: string = new URL("../../docs/pictures/", import.meta.url).pathname;

/** The largest picture, in bytes: a document must open fast over a phone's network. */
export const MAX_PICTURE_BYTES = 150_000;

/** Every picture's file. */
export const PICTURE_FILES = [
  "panel.png",
  "page_pair.png",
  "page_play.png",
  "page_wide.png",
  "scan_to_play.svg",
  "terminal_pair.svg",
  "terminal_library.svg",
  "terminal_doctor.svg",
] as const;

/** A picture's file. */
export type PictureFile = typeof PICTURE_FILES[number];
