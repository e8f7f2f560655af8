// Proxies with TLS as their owners run them, from the recipes of packaging/proxies, with ports and a
// certificate of the test's own.

import { freePort } from "./free_port.ts";
import { until } from "./until.ts";

/** The name that the recipes give the gateway. */
export const PROXY_NAME = "models.example";

const RECIPES = new URL("../../packaging/proxies/", import.meta.url).pathname;
const SYSTEM_PATH = `${Deno.env.get("PATH")}:/usr/sbin:/sbin`;

/** A kind of proxy. */
export interface ProxyKind {
  readonly name: "nginx" | "caddy";
  /** From where its recipe asks the device. */
  readonly address: string;
  /** Writes what it runs with into a folder; the arguments of the program. */
  configure(options: {
    readonly folder: string;
    readonly port: number;
    readonly upstreamPort: number;
  }): Promise<readonly string[]>;
}

/** A running proxy. */
export interface ReverseProxy {
  readonly url: string;
  /** The certificate that it shows. */
  readonly certificate: string;
  /** Arguments with which curl finds it under its name. */
  readonly curlArgs: readonly string[];
  close(): Promise<void>;
}

/** All kinds. */
export const PROXY_KINDS: readonly ProxyKind[] = [
  { name: "nginx", address: "127.0.0.2", configure: configureNginx },
  { name: "caddy", address: "::1", configure: configureCaddy },
];

/** Why a proxy cannot run here; undefined where it can. */
export async function whyNoProxy({ name }: Pick<ProxyKind, "name">): Promise<string | undefined> {
  for (const program of [name, "curl", "openssl"]) {
    const { success } = await new Deno.Command("sh", {
      args: ["-c", `command -v ${program}`],
      env: { PATH: SYSTEM_PATH },
    }).output();
    if (!success) return `needs ${program}`;
  }
  return undefined;
}

/** Starts a proxy in front of a port of this host and waits until it listens. */
export async function startProxy(kind: ProxyKind, upstreamPort: number): Promise<ReverseProxy> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_proxy_" });
  const port = freePort();
  const certificate = `${folder}/cert.pem`;
  await makeCertificate(folder);
  const args = await kind.configure({ folder, port, upstreamPort });
  const close = await runProxy({ name: kind.name, args, folder, port });
  return {
    url: `https://${PROXY_NAME}:${port}`,
    certificate,
    curlArgs: ["--cacert", certificate, "--resolve", `${PROXY_NAME}:${port}:127.0.0.1`],
    close,
  };
}

/** Starts Caddy as it adds a key for programs on its own machine. */
export async function startKeyProxy(
  { key, upstreamPort }: { key: string; upstreamPort: number },
): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_proxy_" });
  const port = freePort();
  const site = await readRecipe("Caddyfile.with_key", [
    ["http://127.0.0.1:11434 {", `http://127.0.0.1:${port} {`],
    [
      "\treverse_proxy http://handheld.local:7497 {",
      `\treverse_proxy http://127.0.0.1:${upstreamPort} {`,
    ],
  ]);
  await Deno.writeTextFile(`${folder}/Caddyfile`, `{\n\tadmin off\n}\n${site}`);
  const args = ["run", "--adapter", "caddyfile", "--config", `${folder}/Caddyfile`];
  const env = { LATCHKEY_KEY: key };
  const close = await runProxy({ name: "caddy", args, folder, port, env });
  return { url: `http://127.0.0.1:${port}`, close };
}

interface ProxyRun {
  name: ProxyKind["name"];
  args: readonly string[];
  /** A folder of its own, removed at the end. */
  folder: string;
  port: number;
  /** @default nothing beside what it needs */
  env?: Record<string, string>;
}

// Waits until it listens; the result ends it.
async function runProxy({ name, args, folder, port, env }: ProxyRun): Promise<() => Promise<void>> {
  const child = new Deno.Command(name, {
    args: [...args],
    env: { PATH: SYSTEM_PATH, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, ...env },
    stdout: "null",
    stderr: "piped",
  })
    .spawn();
  const log = new Response(child.stderr).text();
  let hasEnded = false;
  void child.status.then(() => {
    hasEnded = true;
  });
  await until(`${name} listens`, async () => {
    if (hasEnded) throw new Error(`${name} ended: ${await log}`);
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch {
      return false;
    }
  });
  return async () => {
    if (!hasEnded) child.kill("SIGTERM");
    await child.status;
    await log;
    await Deno.remove(folder, { recursive: true });
  };
}

async function makeCertificate(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ..."req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2".split(" "),
      ...["-subj", `/CN=${PROXY_NAME}`, "-addext", `subjectAltName=DNS:${PROXY_NAME}`],
      ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

async function readRecipe(
  file: string,
  replacements: readonly (readonly [from: string, to: string])[],
): Promise<string> {
  let text = await Deno.readTextFile(`${RECIPES}${file}`);
  for (const [from, to] of replacements) {
    if (!text.includes(`\n${from}`)) {
      throw new Error(`${file} has no line that begins with ${from}`);
    }
    text = text.replace(`\n${from}`, `\n${to}`);
  }
  return text;
}

async function configureNginx(
  { folder, port, upstreamPort }: Parameters<ProxyKind["configure"]>[0],
): Promise<readonly string[]> {
  const site = await readRecipe("nginx.conf", [
    ["    server 127.0.0.1:7497;", `    server 127.0.0.1:${upstreamPort};`],
    ["    listen 443 ssl http2;", `    listen 127.0.0.1:${port} ssl http2;`],
    ["    listen [::]:443 ssl http2;", `    listen [::1]:${port} ssl http2;`],
    [
      "    ssl_certificate /etc/ssl/models.example/fullchain.pem;",
      `    ssl_certificate ${folder}/cert.pem;`,
    ],
    [
      "    ssl_certificate_key /etc/ssl/models.example/privkey.pem;",
      `    ssl_certificate_key ${folder}/key.pem;`,
    ],
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await Deno.writeTextFile(`${folder}/site.conf`, site);
  await Deno.writeTextFile(
    `${folder}/main.conf`,
    [
      ...(Deno.uid() === 0 ? ["user root;"] : []),
      "daemon off;",
      `pid ${folder}/nginx.pid;`,
      "error_log stderr;",
      "events {}",
      "http {",
      "access_log off;",
      ...temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`),
      `include ${folder}/site.conf;`,
      "}",
      "",
    ].join("\n"),
  );
  return ["-e", "stderr", "-p", folder, "-c", `${folder}/main.conf`];
}

async function configureCaddy(
  { folder, port, upstreamPort }: Parameters<ProxyKind["configure"]>[0],
): Promise<readonly string[]> {
  const site = await readRecipe("Caddyfile", [
    [
      "models.example {",
      `${PROXY_NAME}:${port} {\n\ttls ${folder}/cert.pem ${folder}/key.pem`,
    ],
    ["\t\treverse_proxy [::1]:7497 {", `\t\treverse_proxy [::1]:${upstreamPort} {`],
  ]);
  const own = "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1 [::1]\n}\n";
  await Deno.writeTextFile(`${folder}/Caddyfile`, own + site);
  return ["run", "--adapter", "caddyfile", "--config", `${folder}/Caddyfile`];
}
