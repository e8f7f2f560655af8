// The pictures that documents show are there, small, whole, and drawn by the script: none is left
// that nobody draws or nobody shows.

import assert from "node:assert/strict";
import { decode } from "fast-png";
import sax from "sax";
import { MAX_PICTURE_BYTES, PICTURE_FILES, PICTURES_FOLDER } from "./picture_list.ts";
import { scanToPlaySvg } from "./scan_to_play.ts";
import type { Run } from "./terminal.ts";
import { terminalSvg } from "./terminal_svg.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The elements of an SVG; throws where it is not well-formed. */
function elementsOf(svg: string): Element[] {
  const elements: Element[] = [];
  const parser = sax.parser(true);
  parser.onopentag = ({ name, attributes }: Element) => {
    elements.push({ name, attributes });
  };
  parser.onerror = (error: Error) => {
    throw error;
  };
  parser.write(svg).close();
  return elements;
}

async function readSources(): Promise<string> {
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(`${ROOT}tests/pictures`)) {
    if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      texts.push(await Deno.readTextFile(`${ROOT}tests/pictures/${name}`));
    }
  }
  return texts.join("\n");
}

Deno.test("docs/pictures has the pictures of the list, and each is drawn once", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(PICTURES_FOLDER)) files.push(name);
  assert.deepEqual(files.sort(), [...PICTURE_FILES].sort());
  const sources = await readSources();
  for (const file of PICTURE_FILES) {
    assert.equal(sources.split(`keep("${file}", `).length, 2, `${file} is not drawn once`);
  }
});

Deno.test("README.md shows every picture, each with words for those who do not see it", async () => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const images = [
    ...readme.matchAll(/!\[([^\]]*)\]\(([^)\s]+)\)/g),
    ...readme.matchAll(/<img alt="([^"]*)" src="([^"]+)"/g),
  ].map(([, words = "", path = ""]) => ({ words, path }));
  const shown = images.map(({ path }) => path);
  assert.deepEqual(shown.sort(), PICTURE_FILES.map((file) => `docs/pictures/${file}`).sort());
  for (const { words, path } of images) assert.ok(words.length > 15, `${path}: ${words}`);
});

for (const file of PICTURE_FILES) {
  Deno.test(`${file} is small and whole`, async () => {
    const bytes = await Deno.readFile(`${PICTURES_FOLDER}${file}`);
    assert.ok(bytes.length <= MAX_PICTURE_BYTES, `${bytes.length} bytes`);
    if (file.endsWith(".png")) {
      const { width, height } = decode(bytes);
      assert.ok(width >= 500 && height >= 400);
      return;
    }
    const elements = elementsOf(new TextDecoder().decode(bytes));
    // What a reader's browser would ask of others, or not run.
    assert.ok(!elements.some(({ name }) => ["script", "foreignObject"].includes(name)));
    for (const { attributes: { href = "data:" } } of elements) assert.match(href, /^data:/);
    assert.equal(elements[0]?.attributes["role"], "img");
  });
}

Deno.test("terminalSvg() draws texts in their columns, and blocks as rectangles", () => {
  const look = { isBold: false, isDim: false, colour: undefined };
  const line: Run[] = [
    { ...look, column: 2, columns: 7, text: "a<b  ok" },
    { ...look, column: 10, columns: 5, text: "██ ██", colour: 2 },
  ];
  const svg = terminalSvg([{ command: "x & y", shown: [line] }], { title: "t", columns: 20 });
  const elements = elementsOf(svg);
  const texts = elements.filter(({ name, attributes }) => name === "text" && !attributes["class"]);
  // The prompt, the command, and two words with a gap between them.
  assert.deepEqual(texts.map(({ attributes: { x } }) => x), ["20", "36.8", "36.8", "78.8"]);
  assert.match(svg, />x &amp; y<[^]*>a&lt;b</);
  const blocks = elements.filter(({ attributes }) => attributes["shape-rendering"]);
  assert.deepEqual(
    blocks.map(({ attributes: { x, width, fill } }) => [x, width, fill]),
    [["104", "16.8", "#7ee787"], ["129.2", "16.8", "#7ee787"]],
  );
});

Deno.test("scanToPlaySvg() tells its steps in twenty seconds, and the last one without motion", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const screen = { screen: bytes, tap: { x: 0.5, y: 0.5 } };
  const svg = scanToPlaySvg({
    panelPin: bytes,
    qr: { left: 200, top: 60, size: 100 },
    panelPaired: bytes,
    cover: bytes,
    title: "Rock & Roll",
    pairing: screen,
    library: screen,
    playing: screen,
  });
  const elements = elementsOf(svg);
  assert.equal(elements.filter(({ name }) => name === "image").length, 7);
  assert.match(svg, /Rock &amp; Roll/);
  for (const step of ["s0", "s1", "s2", "s3"]) {
    assert.match(svg, new RegExp(`\\.${step}\\{animation:${step} 20s linear infinite`));
  }
  assert.match(
    svg,
    /prefers-reduced-motion:reduce\)\{\*\{animation:none!important\}.*\.s3\{opacity:1\}/,
  );
  const taps = elements.filter(({ attributes }) => attributes["class"]?.startsWith("tap "));
  assert.deepEqual(taps.map(({ attributes: { cx, cy } }) => [cx, cy]), [["717", "222"], [
    "717",
    "222",
  ]]);
});
