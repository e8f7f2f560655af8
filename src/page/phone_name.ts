// What a phone is called before anybody says otherwise: the little that browsers tell.

const KINDS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android.*Mobile/, "Android phone"],
  [/Android/, "Android tablet"],
  [/Windows/, "Windows PC"],
  [/Mac OS X/, "Mac"],
  [/CrOS/, "Chromebook"],
  [/Linux/, "Linux PC"],
];

const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Firefox|FxiOS/, "Firefox"],
  [/Edg/, "Edge"],
  [/SamsungBrowser/, "Samsung Internet"],
  [/Chrome|CriOS/, "Chrome"],
  [/Safari/, "Safari"],
];

/** The name for a browser by its User-Agent, such as "iPhone (Safari)". */
export function guessPhoneName(userAgent: string): string {
  const kind = KINDS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "Phone";
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
  return browser === undefined ? kind : `${kind} (${browser})`;
}
