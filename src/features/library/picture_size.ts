// How many pixels a picture has, read from its first bytes; nothing of it is decoded.

/** The longer edge of a PNG, GIF, WebP or JPEG, in pixels; undefined where it does not tell. */
export function longestEdge(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return Math.max(0, ...edgesOf(view)) || undefined;
  } catch (error) {
    // It ends before it tells.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function edgesOf(view: DataView): number[] {
  switch (view.getUint32(0)) {
    case 0x89504e47: // \x89PNG, then the header's chunk
      return [view.getUint32(16), view.getUint32(20)];
    case 0x47494638: // GIF8
      return [view.getUint16(6, true), view.getUint16(8, true)];
    case 0x52494646: // RIFF
      return edgesOfWebp(view);
    default:
      return view.getUint16(0) === 0xffd8 ? edgesOfJpeg(view) : [];
  }
}

function edgesOfWebp(view: DataView): number[] {
  switch (view.getUint32(12)) {
    case 0x56503820: // "VP8 ": 14 bits each
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    case 0x5650384c: { // "VP8L": 14 bits each, less one
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 0x56503858: // "VP8X": 24 bits each, less one
      return [
        (view.getUint32(24, true) & 0xffffff) + 1,
        (view.getUint32(26, true) >>> 8) + 1,
      ];
    default:
      return [];
  }
}

// Segment by segment to the one that begins a frame.
function edgesOfJpeg(view: DataView): number[] {
  for (let at = 2;;) {
    if (view.getUint8(at) !== 0xff) return [];
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1; // a fill byte
    else if (isFrame(marker)) return [view.getUint16(at + 5), view.getUint16(at + 7)];
    else at += 2 + view.getUint16(at + 2);
  }
}

// C4, C8 and CC are tables and an extension.
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
