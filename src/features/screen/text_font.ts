// Small text for the device's name and messages: printable ASCII in 5 × 7 pixels, scaled in whole
// pixels. Other characters are drawn as a box.

import type { Color, RgbCanvas } from "./rgb_canvas.ts";

/** Height of a line of text at scale 1, in pixels. */
export const TEXT_HEIGHT = 8;

/** Width of a character with its gap at scale 1, in pixels. */
export const TEXT_ADVANCE = 6;

const GLYPH_WIDTH = 5;
const FIRST = 0x20;

// One glyph after the other from the space on: five columns of two hex digits, the lowest bit on top.
const COLUMNS = "0000000000" + "00005f0000" + "0007000700" + "147f147f14" + "242a7f2a12" +
  "2313086462" + "3649552250" + "0005030000" + "001c224100" + "0041221c00" + "14083e0814" +
  "08083e0808" + "0050300000" + "0808080808" + "0060600000" + "2010080402" + "3e5149453e" +
  "00427f4000" + "4261514946" + "2141454b31" + "1814127f10" + "2745454539" + "3c4a494930" +
  "0171090503" + "3649494936" + "064949291e" + "0036360000" + "0056360000" + "0814224100" +
  "1414141414" + "0041221408" + "0201510906" + "324979413e" + "7e1111117e" + "7f49494936" +
  "3e41414122" + "7f4141221c" + "7f49494941" + "7f09090901" + "3e4149497a" + "7f0808087f" +
  "00417f4100" + "2040413f01" + "7f08142241" + "7f40404040" + "7f020c027f" + "7f0408107f" +
  "3e4141413e" + "7f09090906" + "3e4151215e" + "7f09192946" + "4649494931" + "01017f0101" +
  "3f4040403f" + "1f2040201f" + "3f4038403f" + "6314081463" + "0708700807" + "6151494543" +
  "007f414100" + "0204081020" + "0041417f00" + "0402010204" + "4040404040" + "0001020400" +
  "2054545478" + "7f48444438" + "3844444420" + "384444487f" + "3854545418" + "087e090102" +
  "18a4a4a47c" + "7f08040478" + "00447d4000" + "4080847d00" + "7f10284400" + "00417f4000" +
  "7c04180478" + "7c08040478" + "3844444438" + "fc24242418" + "18242418fc" + "7c08040408" +
  "4854545420" + "043f444020" + "3c4040207c" + "1c2040201c" + "3c4030403c" + "4428102844" +
  "1ca0a0a07c" + "4464544c44" + "0008364100" + "00007f0000" + "0041360800" + "0804081008";

/** How wide a text is, in pixels, without the gap behind its last character. */
export function textWidth(text: string, scale: number): number {
  const characters = [...text].length;
  return characters === 0 ? 0 : (characters * TEXT_ADVANCE - 1) * scale;
}

/** Draws a text with its upper left corner at (x, y). */
export function drawText(
  canvas: RgbCanvas,
  text: string,
  options: { x: number; y: number; scale: number; color: Color },
): void {
  const { x, y, scale, color } = options;
  for (const [i, character] of [...text].entries()) {
    const left = x + i * TEXT_ADVANCE * scale;
    for (let column = 0; column < GLYPH_WIDTH; column++) {
      const bits = columnBits(character, column);
      for (let row = 0; row < TEXT_HEIGHT; row++) {
        if ((bits >> row) % 2 === 0) continue;
        canvas.fill(
          { x: left + column * scale, y: y + row * scale, width: scale, height: scale },
          color,
        );
      }
    }
  }
}

function columnBits(character: string, column: number): number {
  const index = (character.codePointAt(0) ?? 0) - FIRST;
  const at = (index * GLYPH_WIDTH + column) * 2;
  if (index < 0 || at + 2 > COLUMNS.length) return column % (GLYPH_WIDTH - 1) === 0 ? 0x7f : 0x41;
  return parseInt(COLUMNS.slice(at, at + 2), 16);
}
