// The page at /app/ as the service sends it: a document that is made for each request and the files
// beside it, which never change under their names. src/page has what they are made of. A PIN in the
// address stays behind the #, which browsers never send.

import { isOwnHost, isOwnPage, type OwnNames } from "../origins.ts";
import { chooseLanguage } from "./accepted_language.ts";
import type { PageFile } from "./built/page_files.ts";

/** What the page tells of the device. */
export interface PageFacts {
  /** The device's names and addresses. */
  readonly own: OwnNames;
  /** Web origins beyond the built-in ones. */
  readonly allowedOrigins: readonly string[];
}

/** Options of {@linkcode createAppPage}. */
export interface AppPageOptions {
  /** The device's name where everybody in the network may read it anyway; undefined elsewhere. */
  publicName: () => string | undefined;
  /** The URL under which other hosts most likely reach the device; undefined where none does. */
  reachableUrl: () => string | undefined;
}

/** The page. */
export interface AppPage {
  /** The document, for a page under the request's Host. */
  open(headers: Headers, facts: PageFacts): Promise<Response>;
  /** A file of that name beside it; undefined where there is none. */
  file(name: string, headers: Headers): Promise<Response | undefined>;
}

/** The page of one device. Its files are loaded when somebody opens it. */
export function createAppPage(options: AppPageOptions): AppPage {
  const { publicName, reachableUrl } = options;
  const zipped = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    async open(headers, facts): Promise<Response> {
      const { PAGE_FILES, FRAME_WORDS } = await import("./built/page_files.ts");
      const host = headers.get("Host");
      // A page of another name may be somebody else's who leads that name here: it is told nothing
      // but the address that its browser has been led to.
      const isKnown = isOwnHost(host, facts);
      const name = isKnown ? publicName() : undefined;
      const elsewhere = isOwnPage(host, facts) ? undefined : reachableUrl() ?? "";
      const localName = name === undefined
        ? undefined
        : facts.own.hostNames.find((own) => own.endsWith(".local"));
      const language = chooseLanguage(headers.get("Accept-Language"), ["en", "de"]);
      const frame = { language, heading: name ?? hostNameOf(host), ...FRAME_WORDS[language] };
      return new Response(documentText(PAGE_FILES, { frame, name, elsewhere, localName }), {
        headers: documentHeaders(host, PAGE_FILES.style.name),
      });
    },
    async file(name, headers): Promise<Response | undefined> {
      const { PAGE_FILES } = await import("./built/page_files.ts");
      const file = Object.values<PageFile>(PAGE_FILES).find((one) => one.name === name);
      if (file === undefined) return undefined;
      const answer = new Headers({
        ...COMMON_HEADERS,
        "Content-Type": file.contentType,
        "Cache-Control": "public, max-age=31536000, immutable",
      });
      if (file.text === undefined) {
        return new Response(Uint8Array.fromBase64(file.base64 ?? ""), { headers: answer });
      }
      answer.set("Vary", "Accept-Encoding");
      if (!takesGzip(headers)) return new Response(file.text, { headers: answer });
      const bytes = zipped.get(name) ?? await gzip(file.text);
      zipped.set(name, bytes);
      answer.set("Content-Encoding", "gzip");
      return new Response(bytes, { headers: answer });
    },
  };
}

const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

const POLICY: readonly string[] = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

// What can stand in a Host header of a page and in a policy as it is.
const PLAIN_HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;

// As the browser's address has it, and the script shows it where the device tells no name.
function hostNameOf(host: string | null): string {
  return host !== null && PLAIN_HOST.test(host)
    ? host.toLowerCase().replace(/:[0-9]+$/, "")
    : "Latchkey";
}

function documentHeaders(host: string | null, style: string): Headers {
  // Some browsers do not take 'self' for WebSockets of the same host.
  const sockets = host !== null && PLAIN_HOST.test(host) ? ` ws://${host} wss://${host}` : "";
  return new Headers({
    ...COMMON_HEADERS,
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    // The first paint waits for the style sheet alone: browsers ask for it before they parse.
    Link: `<${style}>; rel=preload; as=style`,
    "Content-Security-Policy": [...POLICY, `connect-src 'self'${sockets}`].join("; "),
  });
}

type Names = Readonly<Record<"script" | "style" | "icon" | "touchIcon" | "manifest", PageFile>>;

/** What the document is made of beside the names of its files. */
interface DocumentParts extends Record<"name" | "elsewhere" | "localName", string | undefined> {
  readonly frame: Readonly<Record<"language" | "heading" | "loading" | "noScript", string>>;
}

// What is painted first is this text, as the script shows the page while it connects. The script is
// none of the modules: browsers ask for those with an Origin, which is refused under a name that is
// not the device's own.
function documentText(
  { script, style, icon, touchIcon, manifest }: Names,
  { frame, name, elsewhere, localName }: DocumentParts,
): string {
  const facts = Object.entries({ device: name, elsewhere, local: localName })
    .map(([key, value]) => value === undefined ? "" : ` data-${key}="${escapeHtml(value)}"`)
    .join("");
  const title = name === undefined ? "Latchkey" : `${escapeHtml(name)} · Latchkey`;
  return `<!doctype html>
<html lang="${frame.language}"${facts}>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f6f4ef" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14171a" media="(prefers-color-scheme: dark)">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${icon.name}">
<link rel="apple-touch-icon" href="${touchIcon.name}">
<link rel="manifest" href="${manifest.name}">
<link rel="expect" href="#page" blocking="render">
<link rel="stylesheet" href="${style.name}">
<script defer src="${script.name}"></script>
<body>
<div id="page"><header class="top"><p class="device">${escapeHtml(frame.heading)}</p></header>
<main aria-busy="true"><h1 class="soft wait">${escapeHtml(frame.loading)}</h1></main></div>
<noscript><p class="notice">${escapeHtml(frame.noScript)}</p></noscript>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function takesGzip(headers: Headers): boolean {
  const codings = (headers.get("Accept-Encoding") ?? "").toLowerCase().split(",");
  return codings.some((coding) =>
    /^\s*gzip\s*(?:;\s*q=(?:1|0\.\d*[1-9]\d*)[\d.]*\s*)?$/.test(coding)
  );
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
