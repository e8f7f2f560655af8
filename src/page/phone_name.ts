// What a phone is called before anybody says otherwise: the little that browsers tell.

import type { PageWords } from "./page_words.ts";

/** Kinds of phones that each language has its own word for. */
type NamedKind = "androidPhone" | "androidTablet" | "windowsPc" | "linuxPc";

const KINDS: readonly (readonly [pattern: RegExp, kind: NamedKind | { brand: string }])[] = [
  [/iPhone/, { brand: "iPhone" }],
  [/iPad/, { brand: "iPad" }],
  [/Android.*Mobile/, "androidPhone"],
  [/Android/, "androidTablet"],
  [/Windows/, "windowsPc"],
  [/Mac OS X/, { brand: "Mac" }],
  [/CrOS/, { brand: "Chromebook" }],
  [/Linux/, "linuxPc"],
];

const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Firefox|FxiOS/, "Firefox"],
  [/Edg/, "Edge"],
  [/SamsungBrowser/, "Samsung Internet"],
  [/Chrome|CriOS/, "Chrome"],
  [/Safari/, "Safari"],
];

/** The name for a browser by its User-Agent, such as "iPhone (Safari)". */
export function guessPhoneName(
  userAgent: string,
  words: Pick<PageWords, NamedKind | "phone">,
): string {
  const found = KINDS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "phone";
  const kind = typeof found === "string" ? words[found] : found.brand;
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1];
  return browser === undefined ? kind : `${kind} (${browser})`;
}
