// Fills polygons with smooth edges: how much of each pixel they cover, exactly, by the areas to the
// right of their edges summed up along each row.

import type { Color, RgbCanvas } from "./rgb_canvas.ts";

/** Where polygons go. */
export interface PolygonPlace {
  /** Where their origin is, in pixels. */
  readonly x: number;
  /** Where their baseline is, in pixels; y runs upwards from it. */
  readonly y: number;
  /** Pixels per unit. */
  readonly scale: number;
  /** The colour. */
  readonly color: Color;
}

/** Fills closed polygons, x and y in turn; parts that run the other way round are holes. */
export function fillPolygons(
  canvas: RgbCanvas,
  polygons: readonly Int16Array[],
  place: PolygonPlace,
): void {
  const { x: originX, y: originY, scale, color } = place;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  const edges: number[][] = polygons.map((points) => {
    const placed: number[] = [];
    for (let i = 0; i + 1 < points.length; i += 2) {
      const [x, y] = [originX + (points[i] ?? 0) * scale, originY - (points[i + 1] ?? 0) * scale];
      placed.push(x, y);
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    return placed;
  });
  if (left > right) return;
  const [startX, startY] = [Math.floor(left), Math.floor(top)];
  const width = Math.ceil(right) - startX + 1;
  const height = Math.ceil(bottom) - startY;
  const areas = new Float64Array(width * height + 1);
  for (const points of edges) {
    for (let i = 0; i < points.length; i += 2) {
      const after = (i + 2) % points.length;
      addEdge(areas, width, [
        (points[i] ?? 0) - startX,
        (points[i + 1] ?? 0) - startY,
        (points[after] ?? 0) - startX,
        (points[after + 1] ?? 0) - startY,
      ]);
    }
  }
  for (let row = 0; row < height; row++) {
    let covered = 0;
    for (let column = 0; column < width; column++) {
      covered += areas[row * width + column] ?? 0;
      const coverage = Math.round(255 * Math.min(1, Math.abs(covered)));
      if (coverage > 0) canvas.blend(startX + column, startY + row, { color, coverage });
    }
  }
}

// Adds, per row that the edge crosses, by how much the covered height changes at each pixel.
function addEdge(
  areas: Float64Array,
  width: number,
  edge: readonly [x1: number, y1: number, x2: number, y2: number],
): void {
  const [x1, y1, x2, y2] = edge;
  if (y1 === y2) return;
  const direction = y1 < y2 ? 1 : -1;
  const [topX, topY, bottomX, bottomY] = direction === 1 ? [x1, y1, x2, y2] : [x2, y2, x1, y1];
  const slope = (bottomX - topX) / (bottomY - topY);
  for (let row = Math.floor(topY); row < bottomY; row++) {
    const [from, to] = [Math.max(row, topY), Math.min(row + 1, bottomY)];
    const [fromX, toX] = [topX + (from - topY) * slope, topX + (to - topY) * slope];
    spread(areas, row * width, {
      left: Math.min(fromX, toX),
      right: Math.max(fromX, toX),
      height: (to - from) * direction,
    });
  }
}

// A piece of an edge within one row: each pixel that it crosses takes its share of the height, and of
// the share the part that lies right of the edge; the next pixel takes the rest.
function spread(
  areas: Float64Array,
  rowAt: number,
  piece: { left: number; right: number; height: number },
): void {
  const { left, right, height } = piece;
  const span = right - left;
  const add = (at: number, value: number): void => {
    areas[rowAt + at] = (areas[rowAt + at] ?? 0) + value;
  };
  for (let column = Math.floor(left); column <= Math.floor(right); column++) {
    const [from, to] = [Math.max(left, column), Math.min(right, column + 1)];
    const share = span === 0 ? height : height * ((to - from) / span);
    const rightOf = column + 1 - (from + to) / 2;
    add(column, share * rightOf);
    add(column + 1, share * (1 - rightOf));
  }
}
