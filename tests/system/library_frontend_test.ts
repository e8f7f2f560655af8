// A library over EmulationStation's HTTP API, in a network of its own: while another program has the
// port, it hears nothing and nobody is told of its games; EmulationStation is scanned once it has come.
// The service has given up the right to start programs by then.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

const STATION = `
import { FakeEmulationStation } from "${ROOT}tests/support/fake_emulation_station.ts";
const [name, folder] = Deno.args;
const games = [{ path: folder + "/roms/Zelda.sfc", name: "Zelda of " + name }];
const station = new FakeEmulationStation([{ name: "snes", fullname: "Super Nintendo", games }]);
Deno.writeTextFileSync(name + ".heard", "");
Deno.serve({ hostname: "127.0.0.1", port: 1234, onListen: () => console.log("listens") }, (request) => {
  const line = request.method + " " + new URL(request.url).pathname;
  Deno.writeTextFileSync(name + ".heard", line + "\\n", { append: true });
  return station.handle(request);
});
`;

const CONFIG = `[service]
listen = "127.0.0.1:7497"
data_dir = "data"

[discovery]
enabled = false

[[library]]
source = "emulationstation_http"
`;

const STEPS = `
ip link set lo up
wait_for() { for i in $(seq 200); do grep -qs "$1" "$2" && return; sleep 0.1; done; echo "no $1 in $2"; cat "$2"; exit 1; }
latchkey() { "$DENO" run -q -A "$MAIN" "$@" --config config.toml; }
play() { "./$1" run -q -A --unstable-net --no-config station.ts "$1" "$PWD" >"$1.log" 2>&1 & }
play intruder; intruder=$!
wait_for listens intruder.log
"$DENO" run -A "$MAIN" serve --config config.toml >log 2>&1 &
wait_for "Scanned the library" log
latchkey doctor --json >doctor.json || :
latchkey call media.search >during
kill $intruder; wait $intruder || :
play emulationstation
wait_for listens emulationstation.log
latchkey call media.generate >generated
for i in $(seq 100); do latchkey call media.search >after; grep -q Zelda after && break; done
`;

systemTest("a library is told by EmulationStation, and by no other program on its port", {
  whyNot: Deno.uid() === 0 ? undefined : "needs root",
  run: async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_test_frontend_" });
    const read = (name: string): Promise<string> => Deno.readTextFile(`${folder}/${name}`);
    try {
      await Deno.mkdir(`${folder}/roms`);
      await Deno.writeTextFile(`${folder}/roms/Zelda.sfc`, "x");
      await Deno.writeTextFile(`${folder}/config.toml`, CONFIG);
      await Deno.writeTextFile(`${folder}/station.ts`, STATION);
      for (const name of ["intruder", "emulationstation"]) {
        // The name of the program itself is looked at, which a link would not change.
        await Deno.copyFile(Deno.execPath(), `${folder}/${name}`);
        await Deno.chmod(`${folder}/${name}`, 0o755);
      }
      const { code, stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-euc", STEPS],
        cwd: folder,
        env: { DENO: Deno.execPath(), MAIN: `${ROOT}src/main.ts`, NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.equal(code, 0, `${said}${await read("log")}`);

      assert.equal(await read("intruder.heard"), "");
      assert.deepEqual(JSON.parse(await read("during")).results, []);
      assert.match(await read("doctor.json"), /no EmulationStation answers on 127\.0\.0\.1:1234/);
      const [found] = JSON.parse(await read("after")).results as { name: string }[];
      assert.equal(found?.name, "Zelda of emulationstation");
      assert.match(await read("emulationstation.heard"), /^GET \/systems$/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
