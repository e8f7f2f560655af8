// A service whose screen belongs to frontends, in a network of its own: with "auto" the PIN appears in
// the EmulationStation that is installed and answers, beside it in a RetroArch that is named, and the
// doctor says so. What answers is a process of that name on the real port.

import assert from "node:assert/strict";
import { systemTest } from "../support/system_test.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

// Each writes what it hears into a file, a line each.
const PROGRAMS = {
  emulationstation: `
    Deno.serve({ hostname: "127.0.0.1", port: 1234, onListen: () => {} }, async (request) => {
      const line = request.method + " " + new URL(request.url).pathname + " " + await request.text();
      Deno.writeTextFileSync("emulationstation.heard", line + "\\n", { append: true });
      return new Response("{}");
    });`,
  retroarch: `
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 55355 });
    for await (const [bytes, from] of socket) {
      const line = new TextDecoder().decode(bytes);
      Deno.writeTextFileSync("retroarch.heard", line + "\\n", { append: true });
      if (line === "VERSION") await socket.send(new TextEncoder().encode("1.19.1\\n"), from);
    }`,
} as const;

const CONFIG = `[service]
listen = "127.0.0.1:7497"
data_dir = "data"
device_name = "RG35XX"

[display]
kind = ["auto", "retroarch"]
framebuffer = "/nonexistent/fb0"

[discovery]
enabled = false
`;

// Where Batocera is found by, over this machine's own folder; each wait ends after ten seconds.
const STEPS = `
mount -t tmpfs none over && mkdir over/up over/work
mount -t overlay overlay -o lowerdir=/usr/share,upperdir=over/up,workdir=over/work /usr/share
mkdir /usr/share/batocera
ip link set lo up
wait_for() { for i in $(seq 100); do grep -qs "$1" "$2" && return; sleep 0.1; done; echo "no $1 in $2"; cat "$2"; exit 1; }
latchkey() { "$DENO" run -q -A "$MAIN" "$@" --config config.toml; }
./emulationstation run -q -A --unstable-net emulationstation.ts & ./retroarch run -q -A --unstable-net retroarch.ts &
latchkey serve >log 2>&1 &
wait_for "listens on" log
latchkey doctor --json >doctor.json || :
: >emulationstation.heard; : >retroarch.heard
latchkey call clients.pair.start >started
wait_for "PIN" emulationstation.heard; wait_for "PIN" retroarch.heard
latchkey call clients.pair.cancel >cancelled
wait_for "cancelled" emulationstation.heard; wait_for "cancelled" retroarch.heard
`;

async function whyNot(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "needs root";
  for (const program of ["unshare", "ip"]) {
    try {
      await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" })
        .output();
    } catch {
      return `needs ${program}`;
    }
  }
  return undefined;
}

systemTest("the PIN appears in the frontends that own the screen, and the doctor says so", {
  whyNot: await whyNot(),
  run: async () => {
    const folder = await Deno.makeTempDir({ prefix: "latchkey_test_frontends_" });
    try {
      await Deno.mkdir(`${folder}/over`);
      await Deno.writeTextFile(`${folder}/config.toml`, CONFIG);
      for (const [name, text] of Object.entries(PROGRAMS)) {
        await Deno.writeTextFile(`${folder}/${name}.ts`, text);
        // The name of the program itself is looked at, which a link would not change.
        await Deno.copyFile(Deno.execPath(), `${folder}/${name}`);
        await Deno.chmod(`${folder}/${name}`, 0o755);
      }
      const { code, stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
          .concat(["sh", "-euc", STEPS]),
        cwd: folder,
        env: { DENO: Deno.execPath(), MAIN: `${ROOT}src/main.ts`, NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.equal(code, 0, `${said}${await Deno.readTextFile(`${folder}/log`)}`);

      const { pin } = JSON.parse(await Deno.readTextFile(`${folder}/started`)) as { pin: string };
      const digits = `${pin.slice(0, 3)} ${pin.slice(3)}`;
      const line = `RG35XX: PIN ${digits}. Type this PIN in the Zaparoo app (5:00)`;
      const heard = async (name: string): Promise<string[]> =>
        (await Deno.readTextFile(`${folder}/${name}.heard`)).trim().split("\n");
      // Nobody is shown a PIN who has not just said who they are; a message box nobody can withdraw.
      assert.deepEqual(await heard("emulationstation"), [
        "GET /caps ",
        `POST /notify ${line}`,
        "GET /caps ",
        "POST /notify Pairing was cancelled",
      ]);
      assert.deepEqual(await heard("retroarch"), [
        "VERSION",
        `SHOW_MSG ${line}`,
        "VERSION",
        "SHOW_MSG Pairing was cancelled",
      ]);
      assert.match(
        await Deno.readTextFile(`${folder}/doctor.json`),
        /"a line in emulationstation, a line in retroarch"/,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
