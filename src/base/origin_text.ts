// The text of a web origin: a scheme, a host, perhaps a port, and nothing after it.

/** Whether a text is an origin such as "https://app.example:8443" or "capacitor://localhost". */
export function isOriginText(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/i.test(text) && URL.canParse(text);
}
