// The language of a document by what the browser says (RFC 9110 §12.5.4): only whole languages, no
// regions.

const RANGE = /^\s*([a-z]+|\*)(?:-[a-z0-9]+)*\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i;

/** The known language that an Accept-Language header wants most; the first one where it wants none. */
export function chooseLanguage<Language extends string>(
  header: string | null,
  known: readonly [Language, ...Language[]],
): Language {
  let best: Language = known[0];
  let bestWeight = 0;
  for (const range of (header ?? "").split(",")) {
    const [, tag = "", weightText = "1"] = RANGE.exec(range) ?? [];
    const language = known.find((one) => one === tag.toLowerCase());
    const weight = Number(weightText);
    if (language !== undefined && weight > bestWeight) [best, bestWeight] = [language, weight];
  }
  return best;
}
