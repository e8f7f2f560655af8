// Paths as URLs with the scheme file, which is how SQLite takes parameters of opening.

/** The URL of a file on this machine; a relative path lies in `folder`. */
export function fileUrl(path: string, folder = "/"): URL {
  const whole = path.startsWith("/") ? path : `${folder}/${path}`;
  return new URL(`file://${whole.split("/").map(encodeURIComponent).join("/")}`);
}
