// The owner's files, with all that a card may have on it.

import assert from "node:assert/strict";
import {
  createLibraryFiles,
  LOOKS_AT_ONCE,
  MAX_BARE_FOLDERS,
  MAX_FOLDER_DEPTH,
  MAX_NAMES_IN_FOLDER,
  MAX_TOLD_OF_WALK,
  NAMES_PER_TURN,
  PIECE_BYTES,
  PIECES_PER_TURN,
} from "../../../src/edges/platform/library_files.ts";
import { AppError } from "../../../src/base/app_error.ts";
import { MAX_RUN_CHARACTERS } from "../../../src/features/actions/run_text.ts";
import type { ReadFileOptions, WalkOptions } from "../../../src/features/library/file_access.ts";
import { SourceAway, type SourceProblem } from "../../../src/features/library/library_source.ts";
import { ODD_NAMES } from "../../support/odd_names.ts";

const files = createLibraryFiles("/home/ann");

/** A folder of its own for the time of a test. */
async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function walk(
  folder: string,
  options: Partial<WalkOptions> = {},
): Promise<{ paths: string[]; problems: SourceProblem[] }> {
  const problems: SourceProblem[] = [];
  const paths: string[] = [];
  const found = files.walk(folder, {
    isWanted: (name) => name.endsWith(".zip"),
    onProblem: (problem) => problems.push(problem),
    signal: new AbortController().signal,
    ...options,
  });
  for await (const { path } of found) paths.push(path);
  return { paths: paths.sort(), problems };
}

async function shell(script: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", script], cwd: folder })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

Deno.test("walk() finds every odd name, and its facts", async () => {
  await withFolder(async (folder) => {
    const odd = ODD_NAMES.filter((name) => !name.startsWith("."));
    await Deno.mkdir(`${folder}/sub`);
    for (const name of odd) {
      await Deno.writeTextFile(`${folder}/${name}`, "abc");
      await Deno.writeTextFile(`${folder}/sub/${name}`, "abcd");
      await Deno.utime(`${folder}/sub/${name}`, 1_000, 2_000);
    }
    const { paths, problems } = await walk(folder, { isWanted: (_, kind) => kind === "file" });
    assert.deepEqual(
      paths,
      odd.flatMap((name) => [`${folder}/${name}`, `${folder}/sub/${name}`]).sort(),
    );
    assert.deepEqual(problems, []);
    for await (
      const file of files.walk(`${folder}/sub`, {
        isWanted: () => true,
        onProblem: () => {},
        signal: new AbortController().signal,
      })
    ) {
      assert.deepEqual([file.bytes, file.modifiedMs], [4, 2_000_000]);
    }
  });
});

Deno.test("walk() neither enters nor gives what is hidden", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/.git`);
    for (const name of [".a.zip", ".git/b.zip", "c.zip"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    assert.deepEqual((await walk(folder)).paths, [`${folder}/c.zip`]);
  });
});

Deno.test("walk() gives a folder that is wanted as a whole", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/game.zip`);
    await Deno.writeTextFile(`${folder}/game.zip/track.zip`, "");
    assert.deepEqual((await walk(folder)).paths, [`${folder}/game.zip`]);
    const isWanted = (name: string, kind: string): boolean =>
      kind === "file" && name.endsWith(".zip");
    assert.deepEqual((await walk(folder, { isWanted })).paths, [`${folder}/game.zip/track.zip`]);
  });
});

Deno.test("walk() follows links to files of the folder alone", async () => {
  await withFolder(async (folder) => {
    await shell(
      `mkdir -p roms/sub other; echo > roms/a.zip; echo > other/secret.zip; cd roms
       ln -s a.zip inside.zip; ln -s ../../roms/a.zip sub/up.zip
       ln -s ../other/secret.zip outside.zip; ln -s /etc/passwd passwd.zip; ln -s nowhere broken.zip
       ln -s loop.zip loop.zip; ln -s ../other others; ln -s . again; ln -s .. up; ln -s / root
       ln -s a.zip inside.txt; ln -s nowhere broken.txt; ln -s sub folder.zip; ln -s ../roms2 roms2.zip; mkdir ../roms2; ln -s ../../roms-x sub/x.zip`,
      folder,
    );
    const roms = `${folder}/roms`;
    const { paths, problems } = await walk(roms);
    assert.deepEqual(paths, [`${roms}/a.zip`, `${roms}/inside.zip`, `${roms}/sub/up.zip`]);
    assert.deepEqual(
      problems.map(({ path, message }) => `${path.slice(roms.length + 1)}: ${message}`).sort(),
      [
        "again: the link leads to a folder, which is not entered",
        "broken.zip: the link leads nowhere",
        "folder.zip: the link leads to a folder, which is not entered",
        "loop.zip: the link leads nowhere",
        "others: the link leads to a folder, which is not entered",
        "outside.zip: the link leads out of the folder",
        "passwd.zip: the link leads out of the folder",
        "roms2.zip: the link leads out of the folder",
        "root: the link leads to a folder, which is not entered",
        "sub/x.zip: the link leads nowhere",
        "up: the link leads to a folder, which is not entered",
      ],
    );
  });
});

Deno.test("walk() takes the owner's own folder where it is a link", async () => {
  await withFolder(async (folder) => {
    await shell("mkdir real; echo > real/a.zip; ln -s a.zip real/b.zip; ln -s real roms", folder);
    assert.deepEqual((await walk(`${folder}/roms`)).paths, [
      `${folder}/roms/a.zip`,
      `${folder}/roms/b.zip`,
    ]);
  });
});

Deno.test("walk() counts a farm of links instead of telling each", async () => {
  await withFolder(async (folder) => {
    const count = 5 * NAMES_PER_TURN;
    for (let at = 0; at < count; at++) await Deno.symlink("/etc/passwd", `${folder}/${at}.zip`);
    const { paths, problems } = await walk(folder);
    assert.deepEqual(paths, []);
    assert.equal(problems.length, MAX_TOLD_OF_WALK + 1);
    assert.deepEqual(problems.at(-1), {
      path: folder,
      message: `${count - MAX_TOLD_OF_WALK} more problems of this kind`,
    });
  });
});

Deno.test("walk() looks at the first links that might lead to folders alone", async () => {
  await withFolder(async (folder) => {
    for (let at = 0; at < MAX_TOLD_OF_WALK + 5; at++) await Deno.symlink("/etc", `${folder}/${at}`);
    const { problems } = await walk(folder);
    assert.equal(problems.length, MAX_TOLD_OF_WALK);
    assert.ok(problems.every(({ message }) => /leads to a folder, which/.test(message)));
  });
});

Deno.test("walk() leaves out what no text could launch, and says so", async () => {
  await withFolder(async (folder) => {
    const deep = `${folder}${`/${"d".repeat(250)}`.repeat(8)}`;
    const room = MAX_RUN_CHARACTERS - `${deep}/.zip`.length;
    await Deno.mkdir(deep, { recursive: true });
    const [fits, isTooLong] = [
      `${deep}/${"x".repeat(room)}.zip`,
      `${deep}/${"y".repeat(room + 1)}.zip`,
    ];
    await shell(
      `cd ${deep}; echo > ${"x".repeat(room)}.zip; echo > ${"y".repeat(room + 1)}.zip`,
      folder,
    );
    const { paths, problems } = await walk(folder);
    assert.deepEqual(paths, [fits]);
    assert.deepEqual(problems, [{
      path: isTooLong,
      message: "its path is too long to be launched",
    }]);
  });
});

Deno.test("walk() and read() open no pipe and no socket", async () => {
  await withFolder(async (folder) => {
    await shell("mkfifo pipe.zip; mkfifo other; echo > a.zip; ln -s pipe.zip link.zip", folder);
    const socket = Deno.listen({ transport: "unix", path: `${folder}/socket.zip` });
    const { paths, problems } = await walk(folder);
    socket.close();
    assert.deepEqual(paths, [`${folder}/a.zip`]);
    assert.deepEqual(problems.map(({ path }) => path).sort(), [
      `${folder}/pipe.zip`,
      `${folder}/socket.zip`,
    ]);
    for (const { message } of problems) assert.equal(message, "it is neither a file nor a folder");
    for (const name of ["pipe.zip", "link.zip", "socket.zip"]) {
      await assertNotFound(`${folder}/${name}`);
      assert.equal(await files.look(`${folder}/${name}`), undefined);
    }
  });
});

Deno.test("walk() tells of names that are no UTF-8, and goes on", async () => {
  await withFolder(async (folder) => {
    await shell(
      "printf x > \"$(printf 'gr\\374n.zip')\"; mkdir \"$(printf 'd\\377')\"; echo > \"$(printf 'd\\377/a.zip')\"; echo > ok.zip; echo > 'true \ufffd.zip'",
      folder,
    );
    const { paths, problems } = await walk(folder);
    assert.deepEqual(paths, [`${folder}/ok.zip`, `${folder}/true \ufffd.zip`]);
    assert.deepEqual(problems.map(({ path }) => path).sort(), [
      `${folder}/d\ufffd`,
      `${folder}/gr\ufffdn.zip`,
    ]);
    for (const { message } of problems) {
      assert.equal(message, "its name is no UTF-8, so it cannot be opened");
    }
  });
});

Deno.test("walk() goes on where files and folders vanish under it", async () => {
  await withFolder(async (folder) => {
    const count = 4 * LOOKS_AT_ONCE;
    for (const sub of ["a", "b", "c"]) {
      await Deno.mkdir(`${folder}/${sub}`);
      for (let at = 0; at < count; at++) await Deno.writeTextFile(`${folder}/${sub}/${at}.zip`, "");
    }
    const entered = new Set<string>();
    let seen = 0;
    const problems: SourceProblem[] = [];
    for await (
      const { path } of files.walk(folder, {
        isWanted: (name) => name.endsWith(".zip"),
        onProblem: (problem) => problems.push(problem),
        signal: new AbortController().signal,
      })
    ) {
      seen++;
      entered.add(path.split("/").at(-2) ?? "");
      if (seen !== 1) continue;
      // The rest of this folder and one that is still to come are taken away.
      const [current = ""] = entered;
      await Deno.remove(`${folder}/${current}`, { recursive: true });
      const gone = ["a", "b", "c"].find((sub) => sub !== current);
      await Deno.remove(`${folder}/${gone}`, { recursive: true });
    }
    assert.equal(entered.size, 2);
    assert.ok(seen >= count && seen <= count + LOOKS_AT_ONCE, `${seen} were seen`);
    assert.deepEqual(problems.map(({ message }) => message), ["the folder cannot be read"]);
  });
});

Deno.test("bareFoldersIn() gives the folders of the last whole walk without what is wanted", async () => {
  await withFolder(async (folder) => {
    await shell("mkdir -p new full/deep .hidden wanted.zip; echo > full/deep/a.zip", folder);
    const bare = (): string[] => [...files.bareFoldersIn(folder)].sort();
    assert.deepEqual(bare(), []);
    await walk(folder);
    assert.deepEqual(bare(), [`${folder}/full`, `${folder}/new`]);
    await shell("echo > new/b.zip", folder);
    const options = {
      isWanted: (name: string): boolean => name.endsWith(".zip"),
      onProblem: () => {},
      signal: new AbortController().signal,
    };
    for await (const _file of files.walk(folder, options)) break;
    assert.deepEqual(bare(), [`${folder}/full`, `${folder}/new`]);
    await walk(folder);
    assert.deepEqual(bare(), [`${folder}/full`]);
    await shell(`cd full; for n in $(seq ${MAX_BARE_FOLDERS + 1}); do mkdir $n; done`, folder);
    await walk(folder);
    assert.equal(bare().length, MAX_BARE_FOLDERS);
  });
});

Deno.test("walk() enters folders only so deep", async () => {
  await withFolder(async (folder) => {
    const deepest = `${folder}${"/d".repeat(MAX_FOLDER_DEPTH)}`;
    await Deno.mkdir(`${deepest}/d`, { recursive: true });
    await Deno.writeTextFile(`${deepest}/a.zip`, "");
    await Deno.writeTextFile(`${deepest}/d/b.zip`, "");
    const { paths, problems } = await walk(folder);
    assert.deepEqual(paths, [`${deepest}/a.zip`]);
    assert.deepEqual(problems, [
      { path: `${deepest}/d`, message: `it lies more than ${MAX_FOLDER_DEPTH} folders deep` },
    ]);
  });
});

Deno.test("walk() says that its folder is away", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await Deno.symlink("nowhere", `${folder}/broken`);
    for (const name of ["none", "file", "broken", "none/below"]) {
      await assert.rejects(walk(`${folder}/${name}`), (error) => {
        assert.ok(error instanceof SourceAway);
        assert.equal(error.folder, `${folder}/${name}`);
        return true;
      });
    }
    assert.deepEqual(await walk(folder), { paths: [], problems: [] });
  });
});

Deno.test("walk() ends with its signal", async () => {
  await withFolder(async (folder) => {
    for (const name of ["a", "b"]) await Deno.writeTextFile(`${folder}/${name}.zip`, "");
    const stop = new AbortController();
    stop.abort(new Error("enough"));
    await assert.rejects(walk(folder, { signal: stop.signal }), /enough/);
  });
});

Deno.test("walk() lets others have their turn in a folder of many names", async () => {
  await withFolder(async (folder) => {
    for (let at = 0; at < 4 * NAMES_PER_TURN; at++) {
      await Deno.writeTextFile(`${folder}/${at}.png`, "");
    }
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await walk(folder);
    clearInterval(timer);
    assert.ok(turns >= 3, `${turns} turns`);
  });
});

Deno.test("read() lets others have their turn in a long file", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "x".repeat(8 * PIECES_PER_TURN * PIECE_BYTES));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for await (const _piece of files.read(`${folder}/a`, { maxBytes: Infinity })) {
      const endMs = performance.now() + 2;
      while (performance.now() < endMs);
    }
    clearInterval(timer);
    assert.ok(turns >= 8, `${turns} turns`);
  });
});

async function readAll(path: string, options: Partial<ReadFileOptions> = {}): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of files.read(path, { maxBytes: 1_000_000, ...options })) {
    assert.ok(piece.length > 0 && piece.length <= PIECE_BYTES);
    text += decoder.decode(piece, { stream: true });
  }
  return text;
}

async function assertNotFound(path: string, options: Partial<ReadFileOptions> = {}): Promise<void> {
  await assert.rejects(readAll(path, options), (error) => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, "not_found");
    return true;
  });
}

Deno.test("read() gives a file in pieces, up to its bound", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/a`;
    for (const bytes of [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]) {
      const text = "x".repeat(bytes);
      await Deno.writeTextFile(path, text);
      let cuts = 0;
      const onCut = (): void => void cuts++;
      assert.equal(await readAll(path, { onCut }), text);
      assert.equal(await readAll(path, { onCut, maxBytes: bytes }), text);
      assert.equal(cuts, 0);
      if (bytes === 0) continue;
      assert.equal(await readAll(path, { onCut, maxBytes: bytes - 1 }), text.slice(1));
      assert.equal(cuts, 1);
    }
  });
});

Deno.test("read() stays within the folders that it is given", async () => {
  await withFolder(async (folder) => {
    await shell(
      `mkdir in out in-side; echo secret > out/s; echo side > in-side/s; echo fine > in/f
       ln -s ../out/s in/link; ln -s ../out in/folder; ln -s f in/inner; ln -s in door`,
      folder,
    );
    const within = [`${folder}/in`];
    for (const name of ["in/f", "in/inner", "door/f"]) {
      assert.equal(await readAll(`${folder}/${name}`, { within }), "fine\n");
    }
    assert.equal(
      await readAll(`${folder}/in/f`, { within: [`${folder}/none`, `${folder}/door`] }),
      "fine\n",
    );
    for (const name of ["in/link", "in/folder/s", "in/../out/s", "out/s", "in-side/s"]) {
      await assertNotFound(`${folder}/${name}`, { within });
    }
    await assertNotFound(`${folder}/in/f`, { within: [] });
    assert.equal(await readAll(`${folder}/in/link`), "secret\n");
  });
});

Deno.test("read() reads no link that takes the place of a file meanwhile", async () => {
  await withFolder(async (folder) => {
    await shell("mkdir in; echo secret > out; echo fine > in/f", folder);
    const path = `${folder}/in/f`;
    // The file and the link change places all the time.
    await shell("ln -s ../out in/spare", folder);
    let isOver = false;
    const swap = async (): Promise<void> => {
      while (!isOver) {
        await Deno.rename(path, `${folder}/in/moved`);
        await Deno.rename(`${folder}/in/spare`, path);
        await Deno.rename(`${folder}/in/moved`, `${folder}/in/spare`);
      }
    };
    const swapping = swap();
    const read = new Set<string>();
    for (let round = 0; round < 2_000; round++) {
      read.add(await readAll(path, { within: [`${folder}/in`] }).catch(() => "refused"));
    }
    isOver = true;
    await swapping;
    assert.ok(!read.has("secret\n"));
    assert.ok(read.has("fine\n"));
  });
});

Deno.test("read() and look() say of what is not there that it is not there", async () => {
  await withFolder(async (folder) => {
    for (const path of [`${folder}/none`, folder, `${folder}/${"x".repeat(300)}`, "/dev/zero"]) {
      await assertNotFound(path);
    }
    assert.equal(await files.look(`${folder}/none`), undefined);
    assert.equal(await files.look("/dev/zero"), undefined);
    assert.equal((await files.look(folder))?.kind, "folder");
    await Deno.writeTextFile(`${folder}/a`, "abc");
    await Deno.utime(`${folder}/a`, 1_000, 2_000);
    assert.deepEqual(await files.look(`${folder}/a`), {
      kind: "file",
      bytes: 3,
      modifiedMs: 2_000_000,
    });
  });
});

Deno.test("namesIn() gives the names of a folder, and never too many", async () => {
  await withFolder(async (folder) => {
    assert.deepEqual(await files.namesIn(`${folder}/none`), []);
    assert.deepEqual(await files.namesIn(folder), []);
    for (let at = 0; at <= MAX_NAMES_IN_FOLDER; at++) {
      await Deno.writeTextFile(`${folder}/${at}`, "");
    }
    assert.equal((await files.namesIn(folder)).length, MAX_NAMES_IN_FOLDER);
  });
});
