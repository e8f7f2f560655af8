import assert from "node:assert/strict";
import type { Logger } from "../../../src/base/log.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { fanOut } from "../../../src/features/screen/fan_out.ts";
import { createFramebufferDisplay } from "../../../src/features/screen/framebuffer_display.ts";
import type { PinDisplay } from "../../../src/features/screen/pin_display.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { FakeFramebuffer } from "../../support/fake_framebuffer.ts";

const VIEW = { pin: "123456", expiresAtMs: 0, deviceName: "x", url: undefined };

function throwing(): PinDisplay {
  const fail = (): never => {
    throw new Error("broken");
  };
  return { show: fail, warn: fail, clear: fail, close: fail };
}

Deno.test("fanOut() hides no display behind a failing one and logs each failure once", async () => {
  const seen: string[] = [];
  const logged: string[] = [];
  const log: Logger = {
    ...silentLogger,
    error: (_message, fields) => logged.push(String(fields?.["display"])),
  };
  const good: PinDisplay = {
    show: () => void seen.push("show"),
    warn: () => void seen.push("warn"),
    clear: () => void seen.push("clear"),
    close: () => void seen.push("close"),
  };
  const rejecting: PinDisplay = { ...throwing(), show: () => Promise.reject(new Error("late")) };
  const display = fanOut({
    displays: [
      { name: "bad", display: throwing() },
      { name: "late", display: rejecting },
      { name: "good", display: good },
    ],
    log,
  });
  for (let i = 0; i < 2; i++) {
    await display.show(VIEW);
    await display.warn({ failures: 1, limit: 3, from: "192.0.2.9" });
    await display.clear({ kind: "expired" });
  }
  display.close();
  assert.deepEqual(seen, ["show", "warn", "clear", "show", "warn", "clear", "close"]);
  assert.deepEqual(logged.sort(), [...Array(4).fill("bad"), ...Array(4).fill("late")]);
});

Deno.test("a throwing neighbour does not keep the framebuffer from being given back", async () => {
  const panel = new FakeFramebuffer({ width: 160, height: 144, format: "xrgb8888" });
  const before = panel.memory.slice();
  const framebuffer = createFramebufferDisplay({
    cursor: undefined,
    hints: [],
    device: panel,
    rotation: 0,
    clock: new FakeClock(),
    onFailure: () => assert.fail("the panel is fine"),
  });
  const display = fanOut({
    displays: [{ name: "bad", display: throwing() }, { name: "fb", display: framebuffer }],
    log: silentLogger,
  });
  await display.show(VIEW);
  assert.notDeepEqual(panel.memory, before);
  await display.clear({ kind: "stopped" });
  assert.deepEqual(panel.memory, before);
  display.close();
});
