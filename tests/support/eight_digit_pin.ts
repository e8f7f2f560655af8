// The program as it is where PINs have eight digits: its own source with one constant changed.

const ROOT = new URL("../../", import.meta.url);
const FORMAT = new URL("src/protocol/v1/pin_format.ts", ROOT);

/** Runs `test` with the arguments by which the runtime takes that source, then removes it. */
export async function withEightDigits(
  test: (runtimeArgs: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_" });
  try {
    const source = await Deno.readTextFile(FORMAT);
    const changed = source.replace("PIN_DIGITS = 6;", "PIN_DIGITS = 8;");
    if (changed === source) throw new Error("There is no such constant");
    await Deno.writeTextFile(`${folder}/pin_format.ts`, changed);
    const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    const { imports, unstable, nodeModulesDir } = config;
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({
        imports: { ...imports, [FORMAT.href]: `file://${folder}/pin_format.ts` },
        unstable,
        nodeModulesDir,
      }),
    );
    await test(["--no-lock", "--config", `${folder}/deno.json`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
