// The page at /app/ that the QR code opens: it shows the PIN of the address in large digits and
// tells what to do with it. The PIN stays behind the #, which browsers never send, and is taken out
// of the address at once. One file, no requests, nothing from elsewhere.

import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64, utf8 } from "../../../base/bytes.ts";
import { firstGroupLength, PIN_DIGITS, PIN_PATTERN } from "../../../protocol/v1/pin_format.ts";

const FIRST = firstGroupLength(PIN_DIGITS);

// However many digits there are, they fill the same width.
const STYLE = `
:root { color-scheme: dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #000;
  color: #b8c4d0; font: 1.1rem/1.5 system-ui, sans-serif; text-align: center; }
main { padding: 1.5rem; max-width: 30rem; }
h1 { font-size: 1.2rem; font-weight: 500; margin: 0 0 1rem; }
output { display: block; color: #fff; font: 700 min(${108 / PIN_DIGITS}vw, ${
  33 / PIN_DIGITS
}rem)/1.1 system-ui, sans-serif;
  font-variant-numeric: tabular-nums; letter-spacing: .04em; margin: 0 0 1rem; }
output:empty { display: none; }
p { margin: .5rem 0; }
`;

const SCRIPT = `
const pin = /^#pair=(${PIN_PATTERN})$/.exec(location.hash)?.[1];
if (pin !== undefined) {
  history.replaceState(null, "", location.pathname);
  document.querySelector("output").textContent = pin.slice(0, ${FIRST}) + " " + pin.slice(${FIRST});
}
document.getElementById(pin === undefined ? "without" : "with").hidden = false;
`;

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pair with this device</title>
<style>${STYLE}</style>
<main>
<h1>Pair with this device</h1>
<output></output>
<p id="with" hidden>Type this PIN into the app that you want to pair. It is valid for a few minutes,
once, and the app never sends it.</p>
<p id="without" hidden>Open pairing on the device. It shows a PIN; type it into the app that you want
to pair.</p>
<noscript><p>The device shows a PIN. Type it into the app that you want to pair.</p></noscript>
</main>
<script>${SCRIPT}</script>
</html>
`;

const HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy": [
    "default-src 'none'",
    `style-src ${sourceHash(STYLE)}`,
    `script-src ${sourceHash(SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

/** The page. */
export function pairPage(): Response {
  return new Response(PAGE, { headers: HEADERS });
}

function sourceHash(text: string): string {
  return `'sha256-${encodeBase64(sha256(utf8(text)))}'`;
}
