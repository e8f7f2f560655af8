// How names are compared: case, accents and signs aside. One folding serves sorting, letters, search
// and titles, so that what is found by a word is sorted and grouped by the same word.

/** How many characters of a name its order depends on. */
export const MAX_SORT_CHARACTERS = 120;

/** How many characters of a name can be searched for. */
export const MAX_WORDS_CHARACTERS = 480;

/** How many words of a query count; those behind them are left out. */
export const MAX_QUERY_WORDS = 8;

// Letters that Unicode takes for whole, though people type them without their strokes.
const WHOLE_LETTERS: Readonly<Record<string, string>> = {
  æ: "ae",
  ð: "d",
  ø: "o",
  þ: "th",
  ß: "ss",
  đ: "d",
  ħ: "h",
  ı: "i",
  ł: "l",
  œ: "oe",
  ŧ: "t",
  ς: "σ",
};

const WHOLE_LETTER = new RegExp(`[${Object.keys(WHOLE_LETTERS).join("")}]`, "g");

// A run of ASCII letters and digits, or one of letters, digits and marks of other scripts.
const WORD = /[a-z0-9]+|(?:(?![\0-\x7f])[\p{L}\p{N}\p{M}])+/gu;

/** Lower case without accents, in the form that compares equal for what looks equal. */
function foldText(text: string): string {
  return text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f'’‘`´]/g, "")
    .replace(WHOLE_LETTER, (letter) => WHOLE_LETTERS[letter] ?? letter).normalize("NFC");
}

/** The words of a name, folded, with one space between. */
export function foldName(name: string): string {
  return (foldText(cut(name, MAX_WORDS_CHARACTERS)).match(WORD) ?? []).join(" ");
}

/** What a name is sorted by, byte by byte: signs first, then digits, then letters. */
export function sortKeyOf(name: string): string {
  const folded = foldName(name);
  const key = /^[a-z0-9\p{L}]/u.test(folded) ? folded : `#${folded || foldText(name)}`;
  return cut(key, MAX_SORT_CHARACTERS);
}

/**
 * What words are looked for in: the words of a name and, where signs alone stand between some of
 * them, those in one ("pac man pacman").
 */
export function searchTextOf(name: string): string {
  const joined = foldText(cut(name, MAX_WORDS_CHARACTERS)).split(/\s+/).flatMap((part) => {
    const words = part.match(/[a-z0-9]+/g) ?? [];
    return words.length > 1 ? [words.join("")] : [];
  });
  return cut([foldName(name), ...joined].join(" ").trim(), MAX_WORDS_CHARACTERS);
}

/** The words of a query, folded; none where it has no letter and no digit. */
export function queryWordsOf(text: string): string[] {
  const folded = foldName(text);
  return folded === "" ? [] : folded.split(" ").slice(0, MAX_QUERY_WORDS);
}

/** Whether a word has letters of other scripts, and so is looked for anywhere in a name. */
export function isOtherScript(word: string): boolean {
  return /[^\0-\x7f]/.test(word);
}

/**
 * The pieces by which a word of another script is found, as such scripts put no spaces between words:
 * each two characters that follow each other. A name also has its last character as a piece.
 */
export function piecesOf(word: string, options: { isWhole: boolean }): string[] {
  const characters = [...word];
  const pairs = characters.slice(0, -1).map((character, at) => character + characters[at + 1]);
  return options.isWhole || pairs.length === 0 ? [...pairs, ...characters.slice(-1)] : pairs;
}

/** The group of a sort key among the letters: "#", "0-9", or its first character as a capital. */
export function letterOf(sortKey: string): string {
  const first = String.fromCodePoint(sortKey.codePointAt(0) ?? 0x23);
  if (/^[0-9]$/.test(first)) return "0-9";
  const capital = first.toUpperCase();
  return [...capital].length === 1 ? capital : first;
}

/** The sort keys of a letter: from one, and below another. */
export interface KeyRange {
  readonly from: string;
  readonly below: string;
}

/** The sort keys of a letter as {@linkcode letterOf} gives it; undefined where it is none. */
export function letterRange(letter: string): KeyRange | undefined {
  if (letter === "#") return { from: "#", below: "$" };
  if (letter === "0-9") return { from: "0", below: ":" };
  const first = sortKeyOf(letter).codePointAt(0);
  if (first === undefined || first === 0x23 || [...letter].length !== 1) return undefined;
  return { from: String.fromCodePoint(first), below: String.fromCodePoint(nextCodePoint(first)) };
}

/** The name without what stands in brackets, such as "(USA)"; the name itself where nothing is left. */
export function withoutBrackets(name: string): string {
  const rest = name.replace(/\([^()]*\)|\[[^\[\]]*\]/g, " ").replace(/\s+/g, " ").trim();
  return rest === "" ? name : rest;
}

/** How well a name fits a title: 0 is best; undefined for not at all. */
export function titleRank(name: string, title: string): number | undefined {
  if (name === title) return 0;
  const [folded, wanted] = [foldName(name), foldName(title)];
  if (wanted === "") return undefined;
  if (folded === wanted) return 1;
  const bare = foldName(withoutBrackets(name));
  if (bare === wanted) return 2;
  if (bare === foldName(withoutBrackets(title))) return 3;
  if (folded.startsWith(wanted)) return 4;
  const words = ` ${searchTextOf(name)}`;
  return wanted.split(" ").every((word) => words.includes(isOtherScript(word) ? word : ` ${word}`))
    ? 5
    : undefined;
}

function nextCodePoint(codePoint: number): number {
  return codePoint === 0xd7ff ? 0xe000 : Math.min(codePoint + 1, 0x10ffff);
}

// Never within a character.
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length;
  return text.slice(0, end);
}
