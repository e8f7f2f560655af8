import assert from "node:assert/strict";
import { lookAtDisplays } from "../../../src/edges/doctor/display_look.ts";
import { findScreenOwner } from "../../../src/edges/doctor/screen_owner.ts";
import { FakeFramebuffer } from "../../support/fake_framebuffer.ts";

/** What a process is called, and what its descriptors lead to. */
type Process = readonly [name: string, ...targets: string[]];

async function ownerAmong(...processes: readonly Process[]): Promise<string | undefined> {
  const proc = await Deno.makeTempDir({ prefix: "latchkey_test_proc_" });
  try {
    await Deno.mkdir(`${proc}/net`);
    for (const [i, [name, ...targets]] of processes.entries()) {
      await Deno.mkdir(`${proc}/${100 + i}/fd`, { recursive: true });
      await Deno.writeTextFile(`${proc}/${100 + i}/comm`, `${name}\n`);
      for (const [fd, target] of targets.entries()) {
        await Deno.symlink(target, `${proc}/${100 + i}/fd/${fd}`);
      }
    }
    // One that ended while it was looked at.
    await Deno.mkdir(`${proc}/99`);
    return await findScreenOwner(proc);
  } finally {
    await Deno.remove(proc, { recursive: true });
  }
}

Deno.test("findScreenOwner() finds who has a card open, and not who only hands it on", async () => {
  const logind: Process = ["systemd-logind", "/dev/null", "/dev/dri/card0"];
  const seatd: Process = ["seatd", "/dev/dri/card0"];
  const game: Process = ["game", "/dev/dri/renderD128", "socket:[17]"];
  assert.equal(await ownerAmong(logind, seatd, game), undefined);
  assert.equal(
    await ownerAmong(logind, seatd, game, ["sway", "/dev/null", "/dev/dri/card1"]),
    "sway",
  );
  assert.equal(await ownerAmong(), undefined);
});

Deno.test("findScreenOwner() looks at this machine's own processes", async () => {
  const owner = await findScreenOwner();
  assert.ok(owner === undefined || owner !== "");
});

Deno.test("lookAtDisplays() says that a panel is not seen, and what is seen instead", async () => {
  const look = async (answers: boolean): Promise<unknown> => {
    const { displays } = await lookAtDisplays(
      {
        ...{ kind: ["auto"], framebuffer: "/dev/null", sysfs: "", console: "" },
        ...{ pixelFormat: "auto", rotate: 0, command: [], file: "" },
      },
      {
        hasTerminal: false,
        searchPath: "",
        identity: { uid: 0, gids: [] },
        openFramebuffer: () => new FakeFramebuffer({ width: 640, height: 480, format: "xrgb8888" }),
        frontends: {
          installed: () => ["emulationstation"],
          answers: () => Promise.resolve(answers),
        },
        findScreenOwner: () => Promise.resolve("sway"),
      },
    );
    return displays[0];
  };
  const panel = "framebuffer 640x480 xrgb8888 (not seen while sway has the screen)";
  assert.deepEqual(await look(false), {
    kind: "auto",
    problem: undefined,
    shows: panel,
    isHidden: true,
  });
  assert.deepEqual(await look(true), {
    kind: "auto",
    problem: undefined,
    shows: `${panel} and a line in emulationstation`,
  });
});
