import assert from "node:assert/strict";
import { fillPolygons } from "../../../src/features/screen/polygon_fill.ts";
import { RgbCanvas } from "../../../src/features/screen/rgb_canvas.ts";

const WHITE = 0xffffff;

function fill(
  polygons: number[][],
  place: { x: number; y: number; scale?: number },
  size = { width: 6, height: 5 },
): number[][] {
  const canvas = new RgbCanvas(size, 0);
  fillPolygons(canvas, polygons.map((points) => Int16Array.from(points)), {
    scale: 1,
    ...place,
    color: WHITE,
  });
  return Array.from(
    { length: size.height },
    (_, y) =>
      [...canvas.pixels.subarray(y * size.width, (y + 1) * size.width)].map((color) =>
        color & 0xff
      ),
  );
}

const SQUARE = [0, 0, 2, 0, 2, 2, 0, 2];

Deno.test("fillPolygons() fills whole pixels fully, y upwards from the baseline", () => {
  assert.deepEqual(fill([SQUARE], { x: 1, y: 4 }), [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
    [0, 255, 255, 0, 0, 0],
    [0, 255, 255, 0, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ]);
});

Deno.test("fillPolygons() covers pixels by their part, whichever way round the polygon runs", () => {
  const expected = [
    [0, 0, 0, 0, 0, 0],
    [0, 64, 128, 64, 0, 0],
    [0, 128, 255, 128, 0, 0],
    [0, 64, 128, 64, 0, 0],
    [0, 0, 0, 0, 0, 0],
  ];
  assert.deepEqual(fill([SQUARE], { x: 1.5, y: 3.5 }), expected);
  assert.deepEqual(fill([[0, 0, 0, 2, 2, 2, 2, 0]], { x: 1.5, y: 3.5 }), expected);
});

Deno.test("fillPolygons() covers half of each pixel that a diagonal cuts", () => {
  assert.deepEqual(fill([[0, 0, 3, 0, 0, 3]], { x: 0, y: 3 }, { width: 4, height: 3 }), [
    [128, 0, 0, 0],
    [255, 128, 0, 0],
    [255, 255, 128, 0],
  ]);
});

Deno.test("fillPolygons() cuts holes with polygons that run the other way round", () => {
  const hole = [1, 1, 1, 3, 3, 3, 3, 1];
  const rows = fill([[0, 0, 4, 0, 4, 4, 0, 4], hole], { x: 1, y: 4 });
  assert.deepEqual(rows[1], [0, 255, 0, 0, 255, 0]);
  assert.deepEqual(rows[0], [0, 255, 255, 255, 255, 0]);
});

Deno.test("fillPolygons() counts what two polygons cover once, and leaves out what lies outside", () => {
  assert.equal(fill([SQUARE, SQUARE], { x: 1, y: 4 })[3]?.[1], 255);
  const rows = fill([[0, 0, 40, 0, 40, 40, 0, 40]], { x: -20, y: 20 });
  assert.ok(rows.flat().every((value) => value === 255));
  assert.ok(fill([], { x: 0, y: 0 }).flat().every((value) => value === 0));
});

Deno.test("fillPolygons() covers exactly the area of a shape, wherever it lies", () => {
  const shape = [0, 0, 700, 90, 980, 620, 310, 990, 40, 500];
  let twice = 0;
  for (let i = 0; i < shape.length; i += 2) {
    const [x, y] = [shape[i] ?? 0, shape[i + 1] ?? 0];
    const [nextX, nextY] = [shape[(i + 2) % 10] ?? 0, shape[(i + 3) % 10] ?? 0];
    twice += x * nextY - nextX * y;
  }
  for (const shift of [0, 0.25, 0.6]) {
    const rows = fill([shape], { x: 2 + shift, y: 36 + shift, scale: 0.03 }, {
      width: 40,
      height: 40,
    });
    const area = rows.flat().reduce((sum, value) => sum + value, 0) / 255;
    assert.ok(Math.abs(area - (twice / 2) * 0.03 ** 2) < 0.5, String(area));
  }
});
