import assert from "node:assert/strict";
import {
  openRemoteBook,
  type Remote,
  remoteNameOf,
  remotesFolder,
  requireRemoteName,
} from "../../../src/edges/cli/remote_book.ts";
import { readMode, readModes, withTempFolder } from "../sqlite/temp_folder.ts";

const DEN: Remote = {
  name: "den",
  url: "http://192.168.1.5:7497",
  pairedAt: 1_767_323_045,
  credentials: {
    clientId: "11111111-1111-4111-8111-111111111111",
    clientName: "latchkey on desk",
    authToken: "22222222-2222-4222-8222-222222222222",
    pairingKey: new Uint8Array(32).fill(7),
  },
};

Deno.test("a kept device comes back whole, and its file is its owner's alone", () => {
  withTempFolder((parent) => {
    const folder = `${parent}/state/latchkey-remotes`;
    const book = openRemoteBook(folder);
    assert.deepEqual(book.list(), []);
    assert.equal(book.find("den"), undefined);
    book.keep({ ...DEN, name: "zed" });
    book.keep(DEN);
    assert.deepEqual(book.find("den"), DEN);
    assert.deepEqual(book.list(), [DEN, { ...DEN, name: "zed" }]);
    assert.equal(readMode(folder), "700");
    assert.deepEqual(readModes(folder), { "den.json": "600", "zed.json": "600" });
    const other = { ...DEN, url: "http://192.168.1.6:7497" };
    book.keep(other);
    assert.deepEqual(openRemoteBook(folder).find("den"), other);
    book.forget("den");
    assert.equal(book.find("den"), undefined);
    assert.throws(() => book.forget("den"), {
      name: "CommandError",
      message: "There is no den: latchkey remote list",
    });
  });
});

Deno.test("a folder that others can read is closed to them before anything lies in it", () => {
  withTempFolder((folder) => {
    Deno.chmodSync(folder, 0o755);
    openRemoteBook(folder).prepare();
    assert.equal(readMode(folder), "700");
    assert.deepEqual(readModes(folder), {});
  });
});

Deno.test("a folder that cannot be made is told before anything depends on it", () => {
  withTempFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    const book = openRemoteBook(`${folder}/file/remotes`);
    assert.throws(() => book.prepare(), {
      name: "CommandError",
      message: /^Cannot keep devices in \S+\/file\/remotes \(mode 0700\): /,
    });
    assert.throws(() => book.keep(DEN), { name: "CommandError" });
  });
});

Deno.test("other files of the folder are no devices", () => {
  withTempFolder((folder) => {
    const book = openRemoteBook(folder);
    for (const name of ["den.json.x.part", ".hidden.json", "-x.json", "notes.txt"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "{}");
    }
    assert.deepEqual(book.list(), []);
  });
});

const BROKEN: [string, (kept: Record<string, unknown>) => unknown][] = [
  ["no JSON", () => undefined],
  ["no URL", (kept) => ({ ...kept, url: 1 })],
  ["no time", (kept) => ({ ...kept, pairedAt: "then" })],
  ["no credentials", (kept) => ({ ...kept, credentials: null })],
  ["half of the credentials", (kept) => ({ ...kept, credentials: { clientId: "x" } })],
];
for (const [name, change] of BROKEN) {
  Deno.test(`a file with ${name} is named, with what to do`, () => {
    withTempFolder((folder) => {
      const book = openRemoteBook(folder);
      book.keep(DEN);
      const path = `${folder}/den.json`;
      const kept = JSON.parse(Deno.readTextFileSync(path));
      Deno.writeTextFileSync(path, JSON.stringify(change(kept)) ?? "{");
      for (const look of [() => book.find("den"), () => book.list()]) {
        assert.throws(look, {
          name: "CommandError",
          message: `Cannot understand ${path}: latchkey remote forget den, then pair again`,
        });
      }
      book.forget("den");
      assert.deepEqual(book.list(), []);
    });
  });
}

Deno.test("a name is one of a file, and of no other folder", () => {
  for (const name of ["den", "192.168.1.5", "a-b_c.D", "x".repeat(63)]) {
    assert.equal(requireRemoteName(name), name);
  }
  for (const name of ["", ".", "..", "../x", "a/b", "-x", ".x", "a b", "ä", "x".repeat(64)]) {
    assert.throws(() => requireRemoteName(name), { name: "UsageError" }, name);
    assert.throws(() => openRemoteBook("/nowhere").forget(name), { name: "UsageError" }, name);
  }
});

Deno.test("a device without a name is called by its host", () => {
  assert.equal(remoteNameOf("http://192.168.1.5:7497"), "192.168.1.5");
  assert.equal(remoteNameOf("http://den.local:9000"), "den.local-9000");
  assert.equal(remoteNameOf("https://den.example"), "den.example");
  assert.equal(remoteNameOf("http://[fe80::1]:7497"), "fe80--1");
  assert.equal(remoteNameOf("http://[::1]:9000"), "1-9000");
});

Deno.test("remotesFolder() is where XDG says, else below the home", () => {
  const folder = (env: Record<string, string>): string =>
    remotesFolder({ get: (name) => env[name] });
  assert.equal(folder({ XDG_STATE_HOME: "/s", HOME: "/h" }), "/s/latchkey-remotes");
  assert.equal(
    folder({ XDG_STATE_HOME: "relative", HOME: "/h" }),
    "/h/.local/state/latchkey-remotes",
  );
  assert.throws(() => folder({}), { name: "CommandError" });
});
