import assert from "node:assert/strict";
import { BuildError } from "../../packaging/build/deno.ts";
import { release, releaseEntries, setDate, setVersion } from "../../packaging/build/release.ts";
import { RELEASE_DATE, VERSION } from "../../src/version.ts";

const CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- A fault.\n\n" +
  "## [0.1.0] - 2026-11-23\n\n- The first.\n";
const FILES: Record<string, string> = {
  "deno.json": '{ "name": "x", "version": "0.1.0" }\n',
  "src/version.ts": 'export const RELEASE_DATE = "2026-11-23";\n',
  "clients/python/pyproject.toml": '[project]\nversion = "0.1.0"\n',
  "CHANGELOG.md": CHANGELOG,
};

Deno.test("the changelog has the version that deno.json names, with the date of src/version.ts", async () => {
  const changelog = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
  assert.ok(changelog.includes(`\n## [${VERSION}] - ${RELEASE_DATE}\n`));
});

Deno.test("the Python client has the version that deno.json names", async () => {
  const path = new URL("../../clients/python/pyproject.toml", import.meta.url);
  assert.ok((await Deno.readTextFile(path)).includes(`\nversion = "${VERSION}"\n`));
});

Deno.test("setVersion() takes later versions only", () => {
  const manifest = '{ "version": "0.9.10" }';
  for (const version of ["0.9.11", "0.10.0", "1.0.0"]) {
    assert.equal(setVersion(manifest, version), `{ "version": "${version}" }`);
  }
  for (
    const version of ["", "0.9.10", "0.9.9", "0.8.99", "1.0", "v1.0.0", "1.0.0-rc1", "1.0.0\n"]
  ) {
    assert.throws(() => setVersion(manifest, version), {
      message: "Expected a version later than 0.9.10, such as 0.10.0",
    });
  }
});

Deno.test("setDate() changes the date alone", () => {
  const source = '/** x */\nexport const RELEASE_DATE = "2026-11-23";\n';
  assert.equal(setDate(source, "2027-01-02"), source.replace("2026-11-23", "2027-01-02"));
  assert.throws(() => setDate("", "2027-01-02"), BuildError);
});

Deno.test("releaseEntries() moves what is unreleased under the version", () => {
  assert.equal(
    releaseEntries(CHANGELOG, { version: "0.2.0", date: "2026-12-01" }),
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Fixed\n\n- A fault.\n\n" +
      "## [0.1.0] - 2026-11-23\n\n- The first.\n",
  );
  for (const text of ["# Changelog\n", CHANGELOG.replace("### Fixed\n\n- A fault.\n\n", "")]) {
    assert.throws(() => releaseEntries(text, { version: "0.2.0", date: "2026-12-01" }), BuildError);
  }
});

Deno.test("release() commits, builds and tags", async () => {
  await withRepository(async ({ root, git }) => {
    let built = "";
    await release({
      root,
      version: "0.2.0",
      date: "2026-12-01",
      build: async () => {
        built = await git("log", "-1", "--format=%s");
      },
    });
    assert.equal(built, "release: 0.2.0");
    assert.equal(await git("describe", "--exact-match"), "v0.2.0");
    assert.equal(await git("status", "--porcelain"), "");
    assert.match(await Deno.readTextFile(`${root}deno.json`), /"version": "0\.2\.0"/);
    assert.match(
      await Deno.readTextFile(`${root}clients/python/pyproject.toml`),
      /^version = "0\.2\.0"$/m,
    );
    assert.match(await Deno.readTextFile(`${root}src/version.ts`), /"2026-12-01"/);
    assert.match(await Deno.readTextFile(`${root}CHANGELOG.md`), /^## \[0\.2\.0\] - 2026-12-01$/m);
    await assert.rejects(
      release({ root, version: "0.2.0", date: "2026-12-01", build: async () => {} }),
      { message: "The tag v0.2.0 exists already" },
    );
  });
});

Deno.test("release() leaves the tree as it was where the build fails or changes are open", async () => {
  await withRepository(async ({ root, git }) => {
    const before = await git("rev-parse", "HEAD");
    const failing = { root, version: "0.2.0", date: "2026-12-01" };
    const build = (): Promise<void> => Promise.reject(new BuildError("No image"));
    await assert.rejects(release({ ...failing, build }), { message: "No image" });
    assert.equal(await git("rev-parse", "HEAD"), before);
    assert.equal(await git("tag", "--list"), "");
    assert.equal(await git("status", "--porcelain"), "");
    await Deno.writeTextFile(`${root}open.txt`, "");
    await assert.rejects(
      release({ ...failing, build: async () => {} }),
      { message: "Commit or remove your changes first: git status" },
    );
    assert.equal(await git("rev-parse", "HEAD"), before);
  });
});

interface Repository {
  root: string;
  git(...args: string[]): Promise<string>;
}

async function withRepository(test: (repository: Repository) => Promise<void>): Promise<void> {
  const root = `${await Deno.makeTempDir({ prefix: "latchkey_release_" })}/`;
  const git = async (...args: string[]): Promise<string> => {
    const { success, stdout } = await new Deno.Command("git", { args, cwd: root }).output();
    assert.ok(success, `git ${args.join(" ")}`);
    return new TextDecoder().decode(stdout).trim();
  };
  try {
    await Deno.mkdir(`${root}src`);
    await Deno.mkdir(`${root}clients/python`, { recursive: true });
    await Promise.all(
      Object.entries(FILES).map(([file, text]) => Deno.writeTextFile(`${root}${file}`, text)),
    );
    await git("init", "--quiet");
    await git("config", "user.name", "Tester");
    await git("config", "user.email", "tester@device.example");
    await git("add", ".");
    await git("commit", "--quiet", "--message", "first");
    await test({ root, git });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
