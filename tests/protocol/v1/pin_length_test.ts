// The PIN's length is one constant: where it is another, all of the program follows, and so do the
// documents that name it.

import assert from "node:assert/strict";
import { PIN_DIGITS } from "../../../src/protocol/v1/pin_format.ts";
import { withEightDigits } from "../../support/eight_digit_pin.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("a PIN of eight digits goes through the exchange, the service, every display and the page", async () => {
  await withEightDigits(async (runtimeArgs) => {
    const script = new URL("tests/support/eight_digit_checks.ts", ROOT).pathname;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", ...runtimeArgs, script],
    }).output();
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    assert.equal(code, 0, decode(stderr));
    assert.equal(decode(stdout), "ok\n");
  });
});

Deno.test("the documents say how many digits a PIN has", async () => {
  const documents: [path: string, words: string[]][] = [
    ["README.md", [`a ${PIN_DIGITS}-digit PIN`]],
    ["docs/api/encryption.md", [
      `a ${PIN_DIGITS}-digit PIN`,
      `the PIN's ${PIN_DIGITS} ASCII bytes`,
    ]],
    ["docs/protocol.md", [`**PIN** ${PIN_DIGITS} ASCII digits`, `its ${PIN_DIGITS} bytes`]],
  ];
  for (const [path, words] of documents) {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    for (const word of words) assert.ok(text.includes(word), `${path}: ${word}`);
    assert.doesNotMatch(text, /six-digit|six (ASCII )?digits|six ASCII bytes/, path);
  }
});
