// The launcher of an image, with scripts that stand in for the program and for the user's number.

import assert from "node:assert/strict";
import { V8_FLAGS } from "../../packaging/build/deno.ts";

const LAUNCHER = new URL("../../packaging/rootfs/usr/bin/latchkey", import.meta.url).pathname;
const ROOT_USER = 0;
const OTHER_USER = 1000;

interface Launch {
  /** Files below usr/lib/latchkey: "deno", "latchkey". */
  programs: readonly string[];
  args?: readonly string[];
  user?: number;
  env?: Record<string, string>;
}

/** What the program was started as: its name, its arguments one per line, and the cache folder. */
async function launch({ programs, args = [], user = ROOT_USER, env = {} }: Launch): Promise<{
  program: string;
  args: string[];
  cache: string;
  root: string;
}> {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "latchkey_test_" }));
  try {
    const files = [
      ...programs.map((name) => ({
        path: `usr/lib/latchkey/${name}`,
        text: `printf '%s\\n' "\${DENO_DIR:-none}" ${name} "$@"`,
      })),
      { path: "tools/id", text: `echo ${user}` },
    ];
    await Promise.all(
      ["usr/bin", "usr/lib/latchkey", "tools"].map((name) =>
        Deno.mkdir(`${root}/${name}`, { recursive: true })
      ),
    );
    await Promise.all(
      files.map(({ path, text }) =>
        Deno.writeTextFile(`${root}/${path}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
      ),
    );
    await Deno.copyFile(LAUNCHER, `${root}/usr/bin/latchkey`);
    // As a link, as a device may have it elsewhere.
    await Deno.symlink(`${root}/usr/bin/latchkey`, `${root}/linked`);
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: [`${root}/linked`, ...args],
      clearEnv: true,
      env: { PATH: `${root}/tools:/usr/bin:/bin`, ...env },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const [cache = "", program = "", ...got] = new TextDecoder().decode(stdout).trimEnd().split(
      "\n",
    );
    return { program, args: got, cache, root };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("the launcher runs the bundled program, which can fetch nothing", async () => {
  const given = ["run", "a b", "", "--config=x"];
  const { program, args, root } = await launch({ programs: ["deno"], args: given });
  assert.equal(program, "deno");
  const at = args.findIndex((arg) => arg.endsWith("latchkey.js"));
  assert.equal(args[at], `${root}/usr/bin/../lib/latchkey/latchkey.js`);
  assert.deepEqual(args.slice(at + 1), given);
  for (const flag of V8_FLAGS) assert.ok(args.slice(0, at).includes(flag), flag);
  for (const flag of ["--no-remote", "--no-npm", "--cached-only", "--no-prompt", "--no-config"]) {
    assert.ok(args.slice(0, at).includes(flag), flag);
  }
});

Deno.test("the launcher prefers a compiled program", async () => {
  const { program, args } = await launch({ programs: ["deno", "latchkey"], args: ["pair"] });
  assert.deepEqual([program, args], ["latchkey", ["pair"]]);
});

Deno.test("the launcher lets root use no cache that others can write", async () => {
  const of = async (user: number, env: Record<string, string>): Promise<string> =>
    (await launch({ programs: ["deno"], user, env })).cache;
  const rows: [number, Record<string, string>, string][] = [
    [ROOT_USER, {}, "/var/cache/latchkey-root"],
    [ROOT_USER, { HOME: "/home/somebody" }, "/var/cache/latchkey-root"],
    [ROOT_USER, { XDG_CACHE_HOME: "/home/somebody" }, "/var/cache/latchkey-root"],
    [ROOT_USER, { DENO_DIR: "/given" }, "/given"],
    [OTHER_USER, { HOME: "/home/me" }, "/home/me/.cache/latchkey"],
    [OTHER_USER, { HOME: "/home/me", XDG_CACHE_HOME: "/cache" }, "/cache/latchkey"],
    [OTHER_USER, {}, "/nowhere/.cache/latchkey"],
  ];
  const found = await Promise.all(rows.map(([user, env]) => of(user, env)));
  assert.deepEqual(found, rows.map(([, , folder]) => folder));
});

Deno.test("before there is a configuration, the launcher takes the safe one of the image", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "latchkey_test_" }));
  try {
    const folders = ["usr/bin", "usr/lib/latchkey", "usr/share/latchkey"];
    await Promise.all(folders.map((name) => Deno.mkdir(`${root}/${name}`, { recursive: true })));
    await Deno.writeTextFile(`${root}/usr/share/latchkey/config.toml`, "");
    const program = '#!/bin/sh\nreadlink -f "$LATCHKEY_CONFIG"\n';
    await Deno.writeTextFile(`${root}/usr/lib/latchkey/latchkey`, program, { mode: 0o755 });
    await Deno.copyFile(LAUNCHER, `${root}/usr/bin/latchkey`);
    const named = async (env: Record<string, string>): Promise<string> => {
      const { stdout } = await new Deno.Command("sh", {
        args: [`${root}/usr/bin/latchkey`],
        clearEnv: true,
        env: { PATH: "/usr/bin:/bin", ...env },
      }).output();
      return new TextDecoder().decode(stdout).trim();
    };
    assert.equal(await named({}), `${root}/usr/share/latchkey/config.toml`);
    assert.equal(await named({ LATCHKEY_CONFIG: `${root}/mine.toml` }), `${root}/mine.toml`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
