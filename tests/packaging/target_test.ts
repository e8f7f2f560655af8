import assert from "node:assert/strict";
import {
  ARM64,
  readBuildArguments,
  requireTarget,
  TARGETS,
  X64,
} from "../../packaging/build/target.ts";

const SCRIPT = new TextEncoder().encode("#!/bin/sh\nexec something-else\n");

function elf(bits: 1 | 2, machine: number): Uint8Array {
  return Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, bits, ...Array(13).fill(0), machine, 0);
}

Deno.test("requireTarget() takes programs for that processor only", () => {
  for (const target of TARGETS) {
    requireTarget(elf(2, target.elfMachine), target);
    const others = TARGETS.filter((other) => other !== target).map(({ elfMachine }) =>
      elf(2, elfMachine)
    );
    for (const program of [...others, elf(1, target.elfMachine), Uint8Array.of(), SCRIPT]) {
      assert.throws(() => requireTarget(program, target), new RegExp(`not for ${target.name}`));
    }
  }
});

Deno.test("readBuildArguments() builds for ARM unless told otherwise", () => {
  assert.deepEqual(readBuildArguments([], "dist"), { target: ARM64, folder: "dist" });
  assert.deepEqual(readBuildArguments(["--x64"], "dist"), { target: X64, folder: "dist" });
  assert.deepEqual(readBuildArguments(["out", "--x64"], "dist"), { target: X64, folder: "out" });
});
