// The picture of a media without a cover: a grey cartridge, 96 pixels square.

/** A PNG in base64. */
export const PLACEHOLDER_COVER: string = [
  "iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAAAAADH8yjkAAAAV0lEQVR42u3ZoQ0AIAwAwc7DCOzB/qsgAIMi",
  "JAjg3lSea9I00uECAAAAABcDZSMA4FUgLwQAAAAAAAAAAAD+AJxQAMArQFsGYynMEwAAAABeLAAAAADoVTRU",
  "iT6cG5r4AAAAAElFTkSuQmCC",
].join("");
