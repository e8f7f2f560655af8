// `latchkey pair` where PINs have eight digits: the real commands, their source with one constant
// changed.

import assert from "node:assert/strict";
import { withEightDigits } from "../support/eight_digit_pin.ts";
import { callLocal, withService } from "../support/service_process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("pair shows a PIN of eight digits, and demo pairs with one", async () => {
  await withEightDigits(async (runtimeArgs) => {
    await withService({ runtimeArgs }, async ({ baseUrl }, config) => {
      const command = spawn(runtimeArgs, ["pair", "--config", config]);
      let output = "";
      for await (const text of command.stdout.pipeThrough(new TextDecoderStream())) {
        output += text;
        // The countdown comes behind the PIN.
        if (/left/.test(output)) break;
      }
      const { pin } = await callLocal(baseUrl, "clients.pair.current") as { pin: string };
      assert.match(pin, /^[0-9]{8}$/);
      assert.ok(output.split("\n").includes(`  PIN ${pin.slice(0, 4)} ${pin.slice(4)}`), output);
      command.kill("SIGINT");
      await command.status;
    });
    const demo = await spawn(runtimeArgs, ["demo"]).output();
    assert.equal(demo.code, 0);
    assert.match(new TextDecoder().decode(demo.stdout), /^ {2}PIN \d{4} \d{4}$/m);
  });
});

function spawn(runtimeArgs: readonly string[], args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...runtimeArgs, `${ROOT}src/main.ts`, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}
