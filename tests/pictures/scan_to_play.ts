// The animated picture: from the code on the panel to the game, in twenty seconds. An SVG with the
// real pictures in it; who wants no motion sees its last step.

import { encodeBase64 } from "../../src/base/bytes.ts";
import type { Place } from "./phone.ts";
import { escapeXml } from "./terminal_svg.ts";

/** The screens of the story. */
export interface Story {
  /** The panel with the PIN, and where the QR code is on it. */
  readonly panelPin: Uint8Array;
  readonly qr: { readonly left: number; readonly top: number; readonly size: number };
  /** The panel once a phone has paired. */
  readonly panelPaired: Uint8Array;
  /** The cover of the game that is played, and its title. */
  readonly cover: Uint8Array;
  readonly title: string;
  /** The phone's screens and where they are tapped. */
  readonly pairing: { readonly screen: Uint8Array; readonly tap: Place };
  readonly library: { readonly screen: Uint8Array; readonly tap: Place };
  readonly playing: { readonly screen: Uint8Array };
}

const SECONDS = 20;
/** When the steps begin, in seconds. */
const STEPS = [0, 5, 9, 13.5, SECONDS] as const;
const PANEL = { x: 122, y: 84, width: 320, height: 240 };
const GLASS = { x: 622, y: 32, width: 190, height: 380 };
const CAPTIONS = [
  "Hold two buttons: the panel shows a code",
  "Scan it with the phone, tap once",
  "Paired. Pick a game on the phone",
  "It plays on the device",
];

/** The picture. */
export function scanToPlaySvg(story: Story): string {
  const { panelPin, panelPaired, pairing, library, playing } = story;
  const label = "The panel shows a code, a phone scans it, pairs, and starts a game";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="860" height="446" viewBox="0 0 860 446" role="img" aria-label="${label}">
<style>
${STEPS.slice(0, -1).map((_, step) => stepStyle(step)).join("\n")}
.tap{opacity:0;transform-box:fill-box;transform-origin:center}
${tapStyle("tap1", STEPS[2])}
${tapStyle("tap2", STEPS[3])}
.ray{animation:ray 2.5s ease-in-out infinite alternate}
@keyframes ray{from{transform:translateY(0)}to{transform:translateY(128px)}}
.c{font:600 17px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#e6edf3;text-anchor:middle}
.u{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#fff;text-anchor:middle}
.g{font:700 20px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:#fff;text-anchor:middle}
@media (prefers-reduced-motion:reduce){*{animation:none!important}.s0,.s1,.s2{opacity:0}.s3{opacity:1}}
</style>
<defs>
<linearGradient id="back" x1="0" y1="0" x2="1" y2="1"><stop stop-color="#1b2436"/><stop offset="1" stop-color="#0c111b"/></linearGradient>
<linearGradient id="body" x1="0" y1="0" x2="0" y2="1"><stop stop-color="#3d4658"/><stop offset="1" stop-color="#2a3140"/></linearGradient>
<clipPath id="panel"><rect x="${PANEL.x}" y="${PANEL.y}" width="${PANEL.width}" height="${PANEL.height}" rx="4"/></clipPath>
<clipPath id="glass"><rect x="${GLASS.x}" y="${GLASS.y}" width="${GLASS.width}" height="${GLASS.height}" rx="18"/></clipPath>
</defs>
<rect width="860" height="446" rx="16" fill="url(#back)"/>
${handheld()}
<g clip-path="url(#panel)">
<g class="s0 s0b">${image(PANEL, { bytes: panelPin, type: "png" })}</g>
<g class="s2">${image(PANEL, { bytes: panelPaired, type: "png" })}</g>
<g class="s3">${game(story)}</g>
</g>
<rect x="${GLASS.x - 8}" y="${GLASS.y - 8}" width="${GLASS.width + 16}" height="${
    GLASS.height + 16
  }" rx="26" fill="#05070b" stroke="#4a5568" stroke-width="1.5"/>
<g clip-path="url(#glass)">
<g class="s0">${camera(story)}</g>
<g class="s1">${image(GLASS, { bytes: pairing.screen, type: "webp" })}${
    tap("tap1", pairing.tap)
  }</g>
<g class="s2">${image(GLASS, { bytes: library.screen, type: "webp" })}${
    tap("tap2", library.tap)
  }</g>
<g class="s3">${image(GLASS, { bytes: playing.screen, type: "webp" })}</g>
</g>
${
    CAPTIONS.map((text, step) =>
      `<text class="c s${step}" x="282" y="402">${escapeXml(text)}</text>`
    ).join("\n")
  }
${CAPTIONS.map((_, step) => dots(step)).join("\n")}
</svg>
`;
}

function percent(seconds: number): string {
  return `${Math.round(seconds / SECONDS * 10_000) / 100}%`;
}

// A step is there from its beginning to its end; the panel keeps the PIN while the phone asks.
function stepStyle(step: number): string {
  const [from = 0, to = SECONDS] = [STEPS[step], STEPS[step + 1]];
  const shown = (name: string, end: number): string => {
    const before = from === 0 ? "" : `0%,${percent(from)}{opacity:0}`;
    const begin = from === 0 ? "0%" : percent(from + 0.3);
    const after = end === SECONDS ? "" : `${percent(end + 0.3)},100%{opacity:0}`;
    return `.${name}{animation:${name} ${SECONDS}s linear infinite;opacity:${step === 0 ? 1 : 0}}` +
      `@keyframes ${name}{${before}${begin},${percent(end)}{opacity:1}${after}}`;
  };
  return step === 0 ? `${shown("s0", to)}\n${shown("s0b", STEPS[2])}` : shown(`s${step}`, to);
}

// A ring that opens shortly before the step ends.
function tapStyle(name: string, endS: number): string {
  return `.${name}{animation:${name} ${SECONDS}s linear infinite}@keyframes ${name}{` +
    `0%,${percent(endS - 1.3)}{opacity:0;transform:scale(.4)}${
      percent(endS - 1)
    }{opacity:.95;transform:scale(1)}` +
    `${percent(endS - 0.3)},100%{opacity:0;transform:scale(1.5)}}`;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function image(
  { x, y, width, height }: Box,
  { bytes, type, fit = "none" }: { bytes: Uint8Array; type: "png" | "webp"; fit?: string },
): string {
  return `<image x="${x}" y="${y}" width="${width}" height="${height}" preserveAspectRatio="${fit}" ` +
    `href="data:image/${type};base64,${encodeBase64(bytes)}"/>`;
}

function handheld(): string {
  const button = (x: number, y: number, fill: string): string =>
    `<circle cx="${x}" cy="${y}" r="13" fill="${fill}"/>`;
  return `<rect x="24" y="58" width="516" height="292" rx="54" fill="url(#body)" stroke="#566176" stroke-width="1.5"/>
<rect x="${PANEL.x - 10}" y="${PANEL.y - 10}" width="${PANEL.width + 20}" height="${
    PANEL.height + 20
  }" rx="10" fill="#05070b"/>
<path d="M62 156h14v-14a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3v14h-0v0h14a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3h-14v14a3 3 0 0 1-3 3h-10a3 3 0 0 1-3-3v-14h-14a3 3 0 0 1-3-3v-10a3 3 0 0 1 3-3z" transform="translate(-16 0)" fill="#151a24"/>
<circle cx="68" cy="250" r="22" fill="#151a24"/><circle cx="68" cy="250" r="13" fill="#2f3747"/>
${button(496, 138, "#6c7a92")}${button(496, 190, "#6c7a92")}${button(470, 164, "#6c7a92")}${
    button(522, 164, "#6c7a92")
  }
<circle cx="496" cy="250" r="22" fill="#151a24"/><circle cx="496" cy="250" r="13" fill="#2f3747"/>`;
}

// What the phone's camera sees: the panel, near enough to read the code.
function camera({ panelPin, qr }: Story): string {
  const side = 132;
  const middle = { x: GLASS.x + GLASS.width / 2, y: GLASS.y + GLASS.height / 2 };
  const scale = side / qr.size;
  const place = {
    x: middle.x - (qr.left + qr.size / 2) * scale,
    y: middle.y - (qr.top + qr.size / 2) * scale,
  };
  const [left, top] = [middle.x - side / 2 - 12, middle.y - side / 2 - 12];
  const [right, bottom] = [left + side + 24, top + side + 24];
  const size = { width: PANEL.width * scale, height: PANEL.height * scale };
  return `<rect x="${GLASS.x}" y="${GLASS.y}" width="${GLASS.width}" height="${GLASS.height}" fill="#11151d"/>
${image({ ...place, ...size }, { bytes: panelPin, type: "png" })}
<path d="M${left} ${top + 26}V${top}H${left + 26}M${right - 26} ${top}H${right}V${
    top + 26
  }M${right} ${bottom - 26}V${bottom}H${right - 26}M${left + 26} ${bottom}H${left}V${
    bottom - 26
  }" fill="none" stroke="#ffd84d" stroke-width="4" stroke-linecap="round"/>
<rect class="ray" x="${left + 8}" y="${top + 12}" width="${
    side + 8
  }" height="2" fill="#ffd84d" opacity=".8"/>`;
}

function game({ cover, title }: Story): string {
  const bar = PANEL.y + PANEL.height - 48;
  return `${image(PANEL, { bytes: cover, type: "png", fit: "xMidYMid slice" })}
<rect x="${PANEL.x}" y="${bar}" width="${PANEL.width}" height="48" fill="#000" opacity=".45"/>
<text class="g" x="${PANEL.x + PANEL.width / 2}" y="${bar + 31}">${escapeXml(title)}</text>`;
}

function tap(name: string, { x, y }: Place): string {
  const at = { x: GLASS.x + x * GLASS.width, y: GLASS.y + y * GLASS.height };
  return `<circle class="tap ${name}" cx="${Math.round(at.x)}" cy="${Math.round(at.y)}" r="17" ` +
    `fill="#fff" fill-opacity=".35" stroke="#fff" stroke-width="2.5"/>`;
}

function dots(step: number): string {
  const circles = CAPTIONS.map((_, at) =>
    `<circle cx="${255 + at * 18}" cy="424" r="4" fill="${at === step ? "#ffd84d" : "#4a5568"}"/>`
  );
  return `<g class="s${step}">${circles.join("")}</g>`;
}
