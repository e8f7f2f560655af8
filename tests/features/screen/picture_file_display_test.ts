import assert from "node:assert/strict";
import { decode } from "fast-png";
import {
  createPictureFileDisplay,
  PICTURE_SIZE,
} from "../../../src/features/screen/picture_file_display.ts";

const VIEW = { pin: "012345", expiresAtMs: 0, deviceName: "Living room", url: undefined };

function setUp(files = new Map<string, Uint8Array>()): {
  files: Map<string, Uint8Array>;
  display: ReturnType<typeof createPictureFileDisplay>;
} {
  const display = createPictureFileDisplay({
    path: "/run/pin.png",
    hints: [],
    files: {
      write: (path, bytes) => files.set(path, bytes),
      remove: (path) => files.delete(path),
    },
  });
  return { files, display };
}

Deno.test("a picture and a JSON are there while the PIN is, and only then", async () => {
  const { files, display } = setUp();
  await display.show(VIEW);
  assert.deepEqual([...files.keys()], ["/run/pin.png", "/run/pin.json"]);
  const { width, height } = decode(files.get("/run/pin.png") ?? new Uint8Array());
  assert.deepEqual({ width, height }, PICTURE_SIZE);
  const json = JSON.parse(new TextDecoder().decode(files.get("/run/pin.json")));
  assert.deepEqual(json, {
    pin: "012345",
    expiresAt: "1970-01-01T00:00:00.000Z",
    url: null,
    device: "Living room",
    failures: 0,
  });
  display.clear({ kind: "expired" });
  assert.equal(files.size, 0);
});

Deno.test("what a killed service has left is gone as soon as the display is open, and no more", () => {
  const paths = ["/run/pin.png", "/run/pin.json", "/run/pin.txt"];
  const { files } = setUp(new Map(paths.map((path) => [path, new Uint8Array(1)])));
  assert.deepEqual([...files.keys()], ["/run/pin.txt"]);
});

Deno.test("wrong guesses are in both, and close() removes both", async () => {
  const { files, display } = setUp();
  await display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
  assert.equal(files.size, 0);
  await display.show(VIEW);
  const before = files.get("/run/pin.png");
  await display.warn({ failures: 2, limit: 3, from: "192.0.2.9" });
  assert.notDeepEqual(files.get("/run/pin.png"), before);
  assert.equal(JSON.parse(new TextDecoder().decode(files.get("/run/pin.json"))).failures, 2);
  display.close();
  assert.equal(files.size, 0);
});

Deno.test("a PIN that ends while its picture is made leaves no files", async () => {
  const { files, display } = setUp();
  const shown = display.show(VIEW);
  display.clear({ kind: "expired" });
  await shown;
  assert.equal(files.size, 0);
});
