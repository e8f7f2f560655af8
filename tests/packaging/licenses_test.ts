import assert from "node:assert/strict";
import { bundledPackages, collectLicenses } from "../../packaging/build/licenses.ts";

const entry = (
  name: string,
  dependencies: string[] = [],
): { name: string; version: string; dependencies: string[] } => ({
  name,
  version: "1.0.0",
  dependencies,
});

Deno.test("bundledPackages() follows what is imported, and nothing else", () => {
  const packages = bundledPackages({
    modules: [{}, { npmPackage: "b@1.0.0" }, { npmPackage: "b@1.0.0" }],
    npmPackages: {
      "a@1.0.0": entry("a", ["b@1.0.0"]),
      "b@1.0.0": entry("b", ["c@1.0.0", "gone@1.0.0"]),
      "c@1.0.0": entry("c", ["b@1.0.0"]),
      "d@1.0.0": entry("d"),
    },
  });
  assert.deepEqual(packages.map(({ name }) => name), ["b", "c"]);
});

Deno.test("collectLicenses() has Deno and every package of the program, and no test's", async () => {
  const text = await collectLicenses();
  const names = text.split(`\n${"-".repeat(80)}\n\n`).map((part) => part.split(/[ \n]/, 1)[0]);
  for (
    const name of [
      "deno",
      "fonts",
      "hono",
      "@noble/curves",
      "multicast-dns",
      "dns-packet",
      "postgres",
      "preact",
    ]
  ) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["openai", "ollama", "jsqr", "tar-stream", "axe-core"]) {
    assert.ok(!names.includes(name));
  }
  assert.match(text, /SIL OPEN FONT LICENSE Version 1\.1/);
  assert.ok(text.split("\n").filter((line) => /MIT License/i.test(line)).length > 5);
});
