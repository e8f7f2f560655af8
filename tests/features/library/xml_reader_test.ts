// XML as it comes: sound, odd, cut, hostile.

import assert from "node:assert/strict";
import {
  decodeXml,
  MAX_XML_ATTRIBUTES,
  MAX_XML_DEPTH,
  MAX_XML_MISTAKES,
  MAX_XML_TEXT_CHARS,
  readXml,
} from "../../../src/features/library/xml_reader.ts";
import { FUZZ_SEED, SEED_NOTE } from "../../support/fuzz_seed.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** What a listener heard: `a/b=text` for every element that ended. */
interface Heard {
  readonly closed: string[];
  readonly problems: string[];
}

async function read(content: string | Uint8Array, pieceBytes = 7): Promise<Heard> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return await readChunks(piecesOf(bytes, pieceBytes));
}

async function readChunks(chunks: AsyncIterable<Uint8Array>): Promise<Heard> {
  const closed: string[] = [];
  const problems: string[] = [];
  await readXml(chunks, {
    onProblem: (message) => problems.push(message),
    listener: { close: (names, text) => void closed.push(`${names.join("/")}=${text}`) },
  });
  return { closed, problems };
}

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A text in endless repetition, after a beginning; it says how much was asked for. */
async function* endless(
  start: string,
  piece: string,
  taken: { bytes: number },
): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode(start);
  const block = new TextEncoder().encode(piece.repeat(Math.ceil(16_384 / piece.length)));
  while (taken.bytes < 1024 ** 3) {
    taken.bytes += block.length;
    yield block;
  }
}

const SOUND: [string, string, string[]][] = [
  ["elements", "<a><b>x</b><b/></a>", ["a/b=x", "a/b=", "a="]],
  ["entities of XML", "<a>&lt;&amp;&gt;&quot;&apos;&#228;&#x30bc;</a>", ["a=<&>\"'äゼ"]],
  ["CDATA", "<a>x<![CDATA[<b>&amp;]]>y</a>", ["a=x<b>&amp;y"]],
  ["comments", "<a>x<!-- <b>y</b> -->z</a>", ["a=xz"]],
  ["a declaration", "<?xml version='1.0'?>\n<a>x</a>\n", ["a=x"]],
  ["a byte order mark", "\ufeff<a>x</a>", ["a=x"]],
];
for (const [what, text, closed] of SOUND) {
  Deno.test(`readXml() reads ${what}, however it is cut in pieces`, async () => {
    for (const size of [1, 2, 3, 7, 1_000]) {
      assert.deepEqual(await read(text, size), { closed, problems: [] });
    }
  });
}

const TEXT = '<?xml version="1.0" encoding="ENC"?><a><b>Größe</b></a>';
const ENCODED: [string, Uint8Array][] = [
  ["UTF-8", new TextEncoder().encode(TEXT.replace("ENC", "UTF-8"))],
  ["UTF-8 that says nothing", new TextEncoder().encode("<a><b>Größe</b></a>")],
  ["UTF-8 that claims UTF-16", new TextEncoder().encode(TEXT.replace("ENC", "UTF-16"))],
  [
    "UTF-8 with a mark that claims ISO-8859-1",
    new TextEncoder().encode(`\ufeff${TEXT.replace("ENC", "ISO-8859-1")}`),
  ],
  ["ISO-8859-1", latin1(TEXT.replace("ENC", "ISO-8859-1"))],
  ["Windows-1252", latin1(TEXT.replace("ENC", "windows-1252"))],
  ["UTF-16LE with a mark", utf16("\ufeff" + TEXT.replace("ENC", "UTF-16"), true)],
  ["UTF-16BE with a mark", utf16("\ufeff" + TEXT.replace("ENC", "UTF-16"), false)],
  ["UTF-16LE without a mark", utf16(TEXT.replace("ENC", "UTF-8"), true)],
  ["UTF-16BE without a mark", utf16(TEXT.replace("ENC", "UTF-16BE"), false)],
];
for (const [what, bytes] of ENCODED) {
  Deno.test(`readXml() reads ${what}`, async () => {
    for (const size of [1, 5, 1_000]) {
      assert.deepEqual(await read(bytes, size), { closed: ["a/b=Größe", "a="], problems: [] });
    }
  });
}

Deno.test("readXml() tells of bytes of another encoding and reads on", async () => {
  const { closed, problems } = await read(latin1("<a><b>Größe</b><b>x</b><b>ä</b></a>"));
  assert.deepEqual(closed, ["a/b=Gr\ufffd\ufffde", "a/b=x", "a/b=\ufffd", "a="]);
  assert.deepEqual(problems, ["it has bytes that are not utf-8"]);
});

Deno.test("readXml() does not guess at an unknown encoding", async () => {
  const { closed, problems } = await read(TEXT.replace("ENC", "x-klingon"));
  assert.deepEqual([closed, problems], [[], ["its encoding x-klingon is not known"]]);
});

const MALFORMED: [string, string, string[], RegExp[]][] = [
  ["a bare &", "<a><b>Tom & Jerry</b><b>x</b></a>", ["a/b=Tom & Jerry", "a/b=x", "a="], [
    /^it is not well-formed: invalid character in entity name$/,
  ]],
  ["an unknown entity", "<a><b>&eacute;x</b></a>", ["a/b=&eacute;x", "a="], [/entity/]],
  ["an end that is missing", "<a><b>x</b><b>y", ["a/b=x"], [/unclosed root tag/]],
  ["a cut within a tag", "<a><b>x</b><b na", ["a/b=x"], [/unclosed root tag/]],
  ["a cut within an entity", "<a><b>x</b><b>&am", ["a/b=x"], [/unclosed root tag/]],
  ["an end of something else", "<a><b>x</c></b></a>", ["a/b=x</c>", "a="], [
    /unexpected close tag/,
  ]],
  ["several roots", "<a>x</a><b>y</b>", ["a=x", "b=y"], []],
  ["nothing", "", [], []],
  ["what is no XML", "PK\u0003\u0004 not xml", [], [/not well-formed/]],
  ["attributes named like methods", "<a><b>x</b><c hasOwnProperty='1' x='2'/></a>", ["a/b=x"], [
    /^it cannot be parsed, so the rest is left out$/,
  ]],
  ["attributes named like prototypes", "<a __proto__='1' constructor='2'>x</a>", ["a=x"], []],
];
for (const [what, text, closed, problems] of MALFORMED) {
  Deno.test(`readXml() keeps what can be read of ${what}`, async () => {
    for (const size of [1, 1_000]) {
      const heard = await read(text, size);
      assert.deepEqual(heard.closed, closed);
      assert.equal(heard.problems.length, problems.length, heard.problems.join("; "));
      for (const [at, problem] of problems.entries()) {
        assert.match(heard.problems[at] ?? "", problem);
      }
    }
  });
}

Deno.test("readXml() expands no entity of the document's own", async () => {
  const bomb =
    '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;">' +
    '<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&n;</b><b>&x;</b></a>';
  const { closed, problems } = await read(bomb);
  assert.deepEqual(closed, ["a/b=&n;", "a/b=&x;", "a="]);
  assert.equal(problems.length, 1);
});

const TOO_LONG = "a name, an attribute or a comment is too long, so the rest is left out";
const ENDLESS: [string, string, string, string][] = [
  ["attribute", '<a><b>x</b><c d="', "y", TOO_LONG],
  ["name", "<a><b>x</b><", "y", TOO_LONG],
  ["name of an attribute", "<a><b>x</b><c ", "y", TOO_LONG],
  ["comment", "<a><b>x</b><!--", "y", TOO_LONG],
  ["document type", "<!DOCTYPE a [", "<!ENTITY b 'x'>", TOO_LONG],
  ["instruction", "<a><b>x</b><?p ", "y", TOO_LONG],
  ["entity", "<a><b>x</b><c>&", "y", TOO_LONG],
  ["row of attributes of one name", "<a><b>x</b><c ", "d='1' ", TOO_LONG],
  [
    "nesting",
    "<a><b>x</b>",
    "<c>",
    `elements are nested more than ${MAX_XML_DEPTH} deep, so the rest is left out`,
  ],
  [
    "row of mistakes",
    "<a><b>x</b>",
    "& ",
    `it has more than ${MAX_XML_MISTAKES} mistakes, so the rest is left out`,
  ],
];
for (const [what, start, piece, problem] of ENDLESS) {
  Deno.test(`readXml() stops at an endless ${what}`, async () => {
    const taken = { bytes: 0 };
    const { closed, problems } = await readChunks(endless(start, piece, taken));
    assert.deepEqual(closed, start.startsWith("<!") ? [] : ["a/b=x"]);
    assert.equal(problems.at(-1), problem);
    assert.ok(taken.bytes < 1024 ** 2, `${taken.bytes} bytes were read`);
  });
}

Deno.test("readXml() stops at too many attributes", async () => {
  const attributes = Array.from({ length: MAX_XML_ATTRIBUTES + 1 }, (_, at) => `a${at}="1"`);
  const { closed, problems } = await read(`<a><b>x</b><c ${attributes.join(" ")}/></a>`);
  assert.deepEqual(closed, ["a/b=x"]);
  assert.deepEqual(problems, ["an element has too many attributes, so the rest is left out"]);
});

Deno.test("readXml() keeps no more than the beginning of a text, and reads on behind it", async () => {
  const text = "x".repeat(MAX_XML_TEXT_CHARS);
  const { closed, problems } = await read(
    `<a><b>${text}${text.repeat(60)}</b><b>${text}</b></a>`,
    10_000,
  );
  assert.deepEqual(closed, [`a/b=${text}`, `a/b=${text}`, "a="]);
  assert.deepEqual(problems, []);
});

Deno.test("readXml() takes as much as is allowed", async () => {
  const names = Array.from({ length: MAX_XML_DEPTH }, (_, at) => `e${at}`);
  const attributes = Array.from({ length: MAX_XML_ATTRIBUTES }, (_, at) => `a${at}="1"`).join(" ");
  const nested = names.map((name) => `<${name} ${attributes}>`).join("") +
    names.toReversed().map((name) => `</${name}>`).join("");
  const { closed, problems } = await read(nested, 1_000);
  assert.equal(closed.length, MAX_XML_DEPTH);
  assert.deepEqual(problems, []);
});

Deno.test(`readXml() ends whatever it is given ${SEED_NOTE}`, async () => {
  const random = seededRandom(FUZZ_SEED);
  const pieces =
    "<a> </a> <b x='1'> </b> <a/> & &amp; &#0; ]]> <![CDATA[ <!-- --> <? ?> <!DOCTYPE \" ' > < x = \0 ä"
      .split(" ");
  for (let round = 0; round < 3_000; round++) {
    const length = (random(1)[0] ?? 0) % 30;
    const text = Array.from(random(length), (at) => pieces[at % pieces.length]).join("");
    const bytes = new TextEncoder().encode(`<r>${text}`);
    for (let flips = (random(1)[0] ?? 0) % 3; flips > 0; flips--) {
      bytes[(random(1)[0] ?? 0) % bytes.length] = random(1)[0] ?? 0;
    }
    await read(bytes, 1 + (random(1)[0] ?? 0) % 20);
  }
});

Deno.test("decodeXml() gives text as it comes", async () => {
  const text = `<a>${"ä".repeat(1_000)}</a>`;
  let decoded = "";
  for await (const piece of decodeXml(piecesOf(new TextEncoder().encode(text), 3), () => {})) {
    decoded += piece;
  }
  assert.equal(decoded, text);
});

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0));
}

function utf16(text: string, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), isLittle);
  return bytes;
}
