import assert from "node:assert/strict";
import { isOriginText } from "../../src/base/origin_text.ts";

const ORIGINS = [
  "https://app.example",
  "https://app.example:8443",
  "http://192.0.2.1:80",
  "http://[2001:db8::1]:7497",
  "capacitor://localhost",
  "HTTPS://App.Example",
];
for (const text of ORIGINS) {
  Deno.test(`isOriginText() takes ${text}`, () => assert.equal(isOriginText(text), true));
}

const OTHERS = [
  ...["", "null", "*", "app.example", "//app.example", "https:", "https://", "https:///"],
  ...["https://app.example/", "https://app.example/path", "https://app.example?x"],
  ...["https://app.example#x", "https://user@app.example", "https://app .example"],
  ...["https://app.example\n", " https://app.example", "https://app.example:99999"],
  ...["1http://app.example", "https://[::1", "https://a https://b"],
];
for (const text of OTHERS) {
  Deno.test(`isOriginText() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(isOriginText(text), false);
  });
}
