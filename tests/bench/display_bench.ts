// What an idle PIN costs on a panel of 640 × 480: CPU time and bytes written per second.

import { createFramebufferDisplay } from "../../src/features/screen/framebuffer_display.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeFramebuffer } from "../support/fake_framebuffer.ts";
import type { BenchRow } from "./table.ts";

const SECONDS = 120;

/** A row per pixel format and state of the panel. */
export function displayRows(): Promise<BenchRow[]> {
  return Promise.resolve(
    (["rgb565", "xrgb8888"] as const).flatMap((format) => {
      const idle = measure(format, false);
      const disturbed = measure(format, true);
      const rows = (name: string, cost: Cost): BenchRow[] => [
        {
          name: `${format}, ${name}, CPU`,
          value: cost.cpuMs,
          unit: "ms",
          ratio: `${(cost.cpuMs / idle.cpuMs).toFixed(1)} ×`,
        },
        { name: `${format}, ${name}, written`, value: cost.bytes / 1024, unit: "KiB" },
      ];
      return [
        ...rows("nobody else draws", idle),
        ...rows("a game draws underneath, 4 redraws", disturbed),
      ];
    }),
  );
}

interface Cost {
  cpuMs: number;
  bytes: number;
}

function measure(format: "rgb565" | "xrgb8888", isDisturbed: boolean): Cost {
  const panel = new FakeFramebuffer({ width: 640, height: 480, format });
  const clock = new FakeClock();
  const display = createFramebufferDisplay({
    cursor: undefined,
    hints: [],
    device: panel,
    rotation: 0,
    clock,
    onFailure: (error) => {
      throw error;
    },
  });
  const expiresAtMs = clock.wallMs() + 300_000;
  display.show({ pin: "925041", expiresAtMs, deviceName: "Bench", url: "http://10.0.0.5:7497/" });
  panel.writtenBytes = 0;
  let cpuMs = 0;
  for (let quarter = 0; quarter < SECONDS * 4; quarter++) {
    if (isDisturbed) panel.memory.fill(quarter & 0xff);
    const startedAt = performance.now();
    clock.advance(250);
    cpuMs += performance.now() - startedAt;
  }
  const bytes = panel.writtenBytes / SECONDS;
  display.close();
  return { cpuMs: cpuMs / SECONDS, bytes };
}
