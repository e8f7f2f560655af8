import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { buildDeb } from "../../packaging/build/deb.ts";
import { ARM64, TARGETS, X64 } from "../../packaging/build/target.ts";

const PROGRAM = [{ path: "deno", bytes: Uint8Array.of(1, 2, 3), isExecutable: true }];
const OPTIONS = { program: PROGRAM, target: ARM64, version: "1.2.3", timeS: 1_790_000_000 };

/** The members of an archive by ar(5). */
function membersOf(deb: Uint8Array): Map<string, Uint8Array> {
  const text = (from: number, to: number): string =>
    new TextDecoder().decode(deb.subarray(from, to));
  assert.equal(text(0, 8), "!<arch>\n");
  const members = new Map<string, Uint8Array>();
  for (let at = 8; at < deb.length;) {
    const length = Number(text(at + 48, at + 58));
    assert.equal(text(at + 58, at + 60), "`\n");
    members.set(text(at, at + 16).trim(), deb.subarray(at + 60, at + 60 + length));
    at += 60 + length + length % 2;
  }
  return members;
}

function tarText(member: Uint8Array | undefined): string {
  return new TextDecoder().decode(gunzipSync(member ?? Uint8Array.of()));
}

Deno.test("buildDeb() writes the three members that dpkg wants, in their order", async () => {
  const members = membersOf(await buildDeb(OPTIONS));
  assert.deepEqual([...members.keys()], ["debian-binary", "control.tar.gz", "data.tar.gz"]);
  assert.equal(new TextDecoder().decode(members.get("debian-binary")), "2.0\n");
});

Deno.test("buildDeb() tells version and architecture, and has no file that dpkg asks about", async () => {
  for (const target of TARGETS) {
    const control = tarText(
      membersOf(await buildDeb({ ...OPTIONS, target })).get("control.tar.gz"),
    );
    assert.match(control, /^Version: 1\.2\.3$/m);
    assert.match(control, new RegExp(`^Architecture: ${target.debian}$`, "m"));
    // A conffile that both the owner and a new version changed makes dpkg ask.
    assert.doesNotMatch(control, /conffiles/);
  }
});

Deno.test("buildDeb() carries what a Debian needs, and nothing for other init systems", async () => {
  const data = tarText(membersOf(await buildDeb(OPTIONS)).get("data.tar.gz"));
  const paths = [...data.matchAll(/\.\/[\w./ -]+/g)].map(([path]) => path);
  for (
    const path of [
      "./usr/share/latchkey/config.toml",
      "./usr/share/latchkey/firmware/sway-pin.sh",
      "./usr/bin/latchkey",
      "./usr/lib/latchkey/deno",
      "./usr/lib/systemd/system/latchkey.service",
      "./usr/share/man/man1/latchkey.1.gz",
    ]
  ) assert.ok(paths.includes(path), path);
  assert.ok(!paths.some((path) => /^\.\/etc\/|\/(rocknix|muos|init|enable-service)/.test(path)));
});

Deno.test("buildDeb() gives the same bytes for the same files", async () => {
  assert.deepEqual(await buildDeb(OPTIONS), await buildDeb({ ...OPTIONS }));
  assert.notDeepEqual(await buildDeb(OPTIONS), await buildDeb({ ...OPTIONS, target: X64 }));
});
