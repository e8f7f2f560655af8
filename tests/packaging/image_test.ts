import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { buildImage, PROGRAM_FOLDER } from "../../packaging/build/image.ts";

const PROGRAM = [
  { path: "deno", bytes: Uint8Array.of(1, 2, 3), isExecutable: true },
  { path: "latchkey.js", bytes: new TextEncoder().encode("// program"), isExecutable: false },
];

function modesIn(image: Uint8Array): Record<string, string> {
  const tar = gunzipSync(image);
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "").trim();
  const modes: Record<string, string> = {};
  for (let at = 0; text(at, 100) !== "";) {
    modes[text(at, 100)] = (parseInt(text(at + 100, 8), 8) & 0o777).toString(8);
    at += 512 + Math.ceil(parseInt(text(at + 124, 12), 8) / 512) * 512;
  }
  return modes;
}

Deno.test("an image has everything that a device needs, with the right modes", async () => {
  const modes = modesIn(await buildImage({ program: PROGRAM, timeS: 0 }));
  const expected: Record<string, string> = {
    "usr/bin/latchkey": "755",
    [`${PROGRAM_FOLDER}/deno`]: "755",
    [`${PROGRAM_FOLDER}/latchkey.js`]: "644",
    [`${PROGRAM_FOLDER}/enable-service`]: "755",
    // Nothing below etc: what lies there is the owner's, and unpacking would replace it.
    "usr/share/latchkey/config.toml": "644",
    "usr/lib/systemd/system/latchkey.service": "644",
    "usr/share/latchkey/init/openrc": "755",
    "usr/share/latchkey/init/sysv": "755",
    "usr/share/latchkey/Pair a phone.sh": "755",
    "usr/share/latchkey/firmware/service": "755",
    "usr/share/latchkey/firmware/sway-pin.sh": "755",
    "usr/share/latchkey/firmware/rocknix/autostart": "755",
    "usr/share/latchkey/firmware/rocknix/latchkey.service": "644",
    "usr/share/latchkey/firmware/muos/mux_launch.sh": "755",
    "usr/share/doc/latchkey/LICENSE": "644",
    "usr/share/doc/latchkey/flashing.md": "644",
    "usr/share/doc/latchkey/security.md": "644",
    "usr/share/doc/latchkey/THIRD_PARTY_LICENSES": "644",
    "usr/share/doc/latchkey/config.example.toml": "644",
    "usr/share/man/man1/latchkey.1": "644",
    "usr/share/bash-completion/completions/latchkey": "644",
    "usr/share/zsh/site-functions/_latchkey": "644",
    "usr/share/fish/vendor_completions.d/latchkey.fish": "644",
  };
  assert.deepEqual(modes, expected);
});

Deno.test("two images of the same program are the same", async () => {
  const [one, two, later] = await Promise.all([
    buildImage({ program: PROGRAM, timeS: 7 }),
    buildImage({ program: [...PROGRAM].reverse(), timeS: 7 }),
    buildImage({ program: PROGRAM, timeS: 8 }),
  ]);
  assert.deepEqual(one, two);
  assert.notDeepEqual(one, later);
});
