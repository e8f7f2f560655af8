import assert from "node:assert/strict";
import { parse } from "smol-toml";
import {
  type Config,
  type ConfigEnvironment,
  ConfigError,
  parseConfig,
} from "../../../src/edges/config/config.ts";
import { formatExample } from "../../../src/edges/config/config_example.ts";
import { ALL_SETTINGS } from "../../../src/features/settings/settings_table.ts";

const HOME = { HOME: "/home/ann", isRoot: false };

const DEFAULTS: Config = {
  service: {
    listen: { hostname: undefined, port: 7497 },
    dataDir: "/home/ann/.local/state/latchkey",
    encryption: false,
    deviceName: undefined,
    keepHistory: true,
  },
  security: {
    allowedIps: [],
    metricsAllow: [],
    hostNames: [],
    trustedProxies: [],
    allowedOrigins: [],
    allowRun: [],
  },
  actions: [],
  libraries: [],
  limits: {
    sessionsPerClient: 8,
    connectionsPerAddress: 8,
    unknownConnections: 64,
    knownConnections: 320,
    connectionsPerKey: 256,
    waitingConnections: 256,
    connectionWaitS: 10,
  },
  discovery: { enabled: true, instanceName: undefined, service: "_zaparoo._tcp" },
  models: {
    enabled: false,
    upstream: "http://127.0.0.1:11434",
    allow: [],
    errorStyle: "sanitized",
    maxBodyMib: 32,
    timeoutS: 120,
    maxConcurrent: 4,
    queue: 256,
    perKeyPerMinute: undefined,
    perKeyTokensPerDay: undefined,
    requestLog: undefined,
    databaseUrl: undefined,
    redisUrl: undefined,
  },
  display: {
    kind: ["auto"],
    framebuffer: "/dev/fb0",
    sysfs: "/sys/class/graphics/fb0",
    console: "/dev/tty0",
    pixelFormat: "auto",
    rotate: 0,
    command: [],
    file: "/run/latchkey/pin.png",
  },
  buttons: { folder: "/dev/input", pair: [], holdMs: 2000, revokeAll: [], revokeHoldMs: 5000 },
  log: { level: "info", format: "text" },
};

for (const toml of ["", "\n\n# nothing\n", "\ufeff", "[service]\n[security]\n[log]\n"]) {
  Deno.test(`parseConfig() gives the defaults for ${JSON.stringify(toml)}`, () => {
    assert.deepEqual(configOf(toml), DEFAULTS);
  });
}

const DATA_DIRS: [ConfigEnvironment, string][] = [
  [HOME, "/home/ann/.local/state/latchkey"],
  [{ ...HOME, XDG_STATE_HOME: "/state" }, "/state/latchkey"],
  [{ ...HOME, XDG_STATE_HOME: "" }, "/home/ann/.local/state/latchkey"],
  [{ ...HOME, XDG_STATE_HOME: "state" }, "/home/ann/.local/state/latchkey"],
  [{ HOME: "/root", isRoot: true }, "/var/lib/latchkey"],
  [{ XDG_STATE_HOME: "/state", isRoot: true }, "/state/latchkey"],
];
for (const [env, dataDir] of DATA_DIRS) {
  Deno.test(`parseConfig() chooses ${dataDir} for ${JSON.stringify(env)}`, () => {
    assert.equal(parseConfig("", { file: "config.toml", env }).service.dataDir, dataDir);
  });
}

Deno.test("parseConfig() wants a data folder where the environment has none", () => {
  const options = { file: "config.toml", env: { isRoot: false } };
  assert.throws(() => parseConfig("", options), {
    name: "ConfigError",
    message: "Cannot choose a data folder: set data_dir in [service], or HOME",
  });
  const { service } = parseConfig('[service]\ndata_dir = "data"', options);
  assert.equal(service.dataDir, "data");
});

Deno.test("parseConfig() reads the sources of a library", () => {
  const { libraries } = configOf(`
    [[library]]
    source = "folder"
    folder = "/roms/snes"
    extensions = [".SFC", ".p8.png"]
    system = "SNES"
    name = "Super Nintendo"
    command = ["play", "\${path}"]
    [[library]]
    source = "emulationstation_http"
    config_folders = ["/etc/emulationstation"]
    image_folders = ["/home/ark/pictures"]
    exclude = ["ports"]
  `);
  assert.deepEqual(libraries, [
    {
      source: "folder",
      folder: "/roms/snes",
      extensions: [".sfc", ".p8.png"],
      system: "SNES",
      name: "Super Nintendo",
      command: ["play", "${path}"],
      configFolders: [],
      imageFolders: [],
      exclude: [],
    },
    {
      source: "emulationstation_http",
      folder: undefined,
      extensions: [],
      system: undefined,
      name: undefined,
      command: [],
      configFolders: ["/etc/emulationstation"],
      imageFolders: ["/home/ark/pictures"],
      exclude: ["ports"],
    },
  ]);
});

Deno.test("parseConfig() reads every key", () => {
  const toml = `
    [service]
    listen = "[::1]:0"
    data_dir = "/data"
    encryption = true
    device_name = "living room"
    keep_history = false
    [security]
    allowed_ips = ["192.168.1.20", "10.0.0.0/8", "fd00::/8"]
    metrics_allow = ["192.168.1.21"]
    host_names = ["models.example"]
    trusted_proxies = ["192.168.1.2"]
    allowed_origins = ["https://app.example"]
    allow_run = ["lights/.*"]
    [[action]]
    name = "video"
    match = "video:(?P<file>.+)"
    command = ["mpv", "--", "\${file}"]
    cwd = "/media"
    env = { DISPLAY = ":0" }
    exclusive = false
    pass_env = ["ROM_PATH"]
    allow_options = true
    system = "Video"
    title = "\${file}"
    [[action]]
    name = "lights"
    match = "lights"
    command = ["lights"]
    [discovery]
    enabled = false
    instance_name = "den"
    service = "_latchkey._tcp"
    [limits]
    connections_per_address = 4
    connections_per_key = 5
    unknown_connections = 32
    known_connections = 16
    sessions_per_client = 3
    waiting_connections = 6
    connection_wait_s = 7

    [models]
    enabled = true
    upstream = "https://models.example:8443/base/"
    allow = ["llama3.1:8b", "qwen3"]
    error_style = "client"
    max_body_mib = 3
    timeout_s = 30
    max_concurrent = 2
    queue = 0
    per_key_per_minute = 20
    per_key_tokens_per_day = 100000
    request_log = "/var/log/requests.jsonl"
    database_url = "postgres://ann:secret@10.0.0.5/latchkey"
    redis_url = "redis://10.0.0.5:6379/1"
    [display]
    kind = ["framebuffer", "command", "file"]
    framebuffer = "/dev/fb1"
    console = ""
    pixel_format = "rgb565"
    rotate = 270
    command = ["show-pin", "--big"]
    file = "/run/pin.png"
    [buttons]
    folder = "/dev/pads"
    pair = ["BTN_TL", "BTN_START"]
    hold_ms = 1000
    revoke_all = ["BTN_SELECT"]
    revoke_hold_ms = 8000
    [log]
    level = "debug"
    format = "json"
  `;
  assert.deepEqual(configOf(toml), {
    service: {
      listen: { hostname: "::1", port: 0 },
      dataDir: "/data",
      encryption: true,
      deviceName: "living room",
      keepHistory: false,
    },
    security: {
      allowedIps: ["192.168.1.20", "10.0.0.0/8", "fd00::/8"],
      metricsAllow: ["192.168.1.21"],
      hostNames: ["models.example"],
      trustedProxies: ["192.168.1.2"],
      allowedOrigins: ["https://app.example"],
      allowRun: ["lights/.*"],
    },
    libraries: [],
    actions: [
      {
        name: "video",
        match: "video:(?P<file>.+)",
        command: ["mpv", "--", "${file}"],
        cwd: "/media",
        env: { DISPLAY: ":0" },
        exclusive: false,
        passEnv: ["ROM_PATH"],
        allowOptions: true,
        system: "Video",
        title: "${file}",
      },
      {
        name: "lights",
        match: "lights",
        command: ["lights"],
        cwd: undefined,
        env: {},
        exclusive: true,
        passEnv: [],
        allowOptions: false,
        system: undefined,
        title: undefined,
      },
    ],
    limits: {
      sessionsPerClient: 3,
      connectionsPerAddress: 4,
      unknownConnections: 32,
      knownConnections: 16,
      connectionsPerKey: 5,
      waitingConnections: 6,
      connectionWaitS: 7,
    },
    discovery: { enabled: false, instanceName: "den", service: "_latchkey._tcp" },
    models: {
      enabled: true,
      upstream: "https://models.example:8443/base",
      allow: ["llama3.1:8b", "qwen3"],
      errorStyle: "client",
      maxBodyMib: 3,
      timeoutS: 30,
      maxConcurrent: 2,
      queue: 0,
      perKeyPerMinute: 20,
      perKeyTokensPerDay: 100_000,
      requestLog: "/var/log/requests.jsonl",
      databaseUrl: "postgres://ann:secret@10.0.0.5/latchkey",
      redisUrl: "redis://10.0.0.5:6379/1",
    },
    display: {
      kind: ["framebuffer", "command", "file"],
      framebuffer: "/dev/fb1",
      sysfs: "/sys/class/graphics/fb1",
      console: "",
      pixelFormat: "rgb565",
      rotate: 270,
      command: ["show-pin", "--big"],
      file: "/run/pin.png",
    },
    buttons: {
      folder: "/dev/pads",
      pair: ["BTN_TL", "BTN_START"],
      holdMs: 1000,
      revokeAll: ["BTN_SELECT"],
      revokeHoldMs: 8000,
    },
    log: { level: "debug", format: "json" },
  });
});

const ADDRESSES: [string, string, number][] = [
  ["127.0.0.1:65535", "127.0.0.1", 65535],
  ["0.0.0.0:0", "0.0.0.0", 0],
  ["[::]:7497", "::", 7497],
  ["[FD00::0:1]:1", "fd00::1", 1],
];
for (const [text, hostname, port] of ADDRESSES) {
  Deno.test(`parseConfig() listens on ${text}`, () => {
    const { service } = configOf(`[service]\nlisten = "${text}"`);
    assert.deepEqual(service.listen, { hostname, port });
  });
}

const BAD_ADDRESSES = [
  "",
  "7497",
  ":7497",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:65536",
  "127.0.0.1:-1",
  "127.0.0.1:1e3",
  "127.1:7497",
  "256.0.0.1:7497",
  "localhost:7497",
  "::1:7497",
  "[::1]",
  "[::g]:7497",
  "[127.0.0.1]:7497",
  " 127.0.0.1:7497",
];
for (const text of BAD_ADDRESSES) {
  Deno.test(`parseConfig() does not listen on ${JSON.stringify(text)}`, () => {
    assert.deepEqual(problemsOf(`[service]\nlisten = ${JSON.stringify(text)}`), [
      'line 2: service.listen: expected an IP address with a port, such as "127.0.0.1:7497" or ' +
      '"[::1]:7497"',
    ]);
  });
}

// A text, and all that is to be said about it.
const PROBLEMS: [string, string, string[]][] = [
  ["a misspelt key", "[service]\n\nencrpytion = true", [
    'line 3: unknown key "encrpytion" in [service] (did you mean "encryption"?)',
  ]],
  ["a key like no other", "[service]\nzzz = 1", ['line 2: unknown key "zzz" in [service]']],
  ["a misspelt table", "[log]\n[servce]\nencryption = true", [
    'line 2: unknown key "servce" (did you mean "service"?)',
  ]],
  ["a key outside its table", "encryption = true", ['line 1: unknown key "encryption"']],
  ["a key in another's table", '[service]\nlevel = "info"', [
    'line 2: unknown key "level" in [service]',
  ]],
  ["a table below a table", "[service]\n[service.tls]\nkey = 1", [
    'line 2: unknown key "tls" in [service]',
  ]],
  ["names that every object has", "constructor = 1\n[log]\ntoString = 1\n__proto__ = 1", [
    'line 1: unknown key "constructor"',
    'line 3: unknown key "toString" in [log]',
    'line 4: unknown key "__proto__" in [log]',
  ]],
  ["a key with a line end", '[log]\n"a\\nb" = 1', ['line 2: unknown key "a\\nb" in [log]']],
  ["a number for a text", "[service]\ndata_dir = 1", [
    "line 2: service.data_dir: expected a text in quotes",
  ]],
  ["a text for a truth", '[service]\nencryption = "true"', [
    "line 2: service.encryption: expected true or false",
  ]],
  ["a text for a list", '[security]\nallow_run = "x"', [
    "line 2: security.allow_run: expected a list",
  ]],
  ["an unknown level", '[log]\nlevel = "loud"', [
    'line 2: log.level: expected "debug", "info", "warn" or "error"',
  ]],
  ["an unknown display", '[display]\nkind = "tft"', [
    "line 2: display.kind: expected one or a list of auto, framebuffer, terminal, command, file, " +
    "emulationstation, retroarch, none",
  ]],
  ["an unknown format", '[log]\nformat = "xml"', ['line 2: log.format: expected "text" or "json"']],
  ["an empty folder", '[service]\ndata_dir = ""', ["line 2: service.data_dir: expected a folder"]],
  ["an empty name", '[service]\ndevice_name = ""', [
    "line 2: service.device_name: expected 1 to 64 characters",
  ]],
  ["a long name", `[service]\ndevice_name = "${"x".repeat(65)}"`, [
    "line 2: service.device_name: expected 1 to 64 characters",
  ]],
  ["a value for a table", "service = 1", ["line 1: service: expected a table"]],
  ["a list for a table", "service = []", ["line 1: service: expected a table"]],
  ["a date for a table", "service = 2026-01-02", ["line 1: service: expected a table"]],
  ["several tables for one", "\n[[service]]\nencryption = true\n[[service]]", [
    "line 2: service: expected a table",
  ]],
  [
    "bad entries of a list",
    '[security]\n# which\nallowed_ips = [\n  "10.0.0.1",\n  "x",\n  5,\n]',
    [
      "line 3: security.allowed_ips.1: expected an address or a range, such as " +
      '"192.168.1.20" or "192.168.1.0/24"',
      "line 3: security.allowed_ips.2: expected a text in quotes",
    ],
  ],
  [
    "names that are none of a host",
    '[security]\nhost_names = ["a.example:80", "http://a", "A.example", "*.example", "10.0.0.1", ""]',
    [0, 1, 2, 3, 4, 5].map((at) =>
      `line 2: security.host_names.${at}: expected a host name, such as "models.example"`
    ),
  ],
  ["a bad origin and a bad pattern", '[security]\nallow_run = ["("]\nallowed_origins = ["x"]', [
    "line 2: security.allow_run.0: expected a pattern in RE2's syntax",
    'line 3: security.allowed_origins.0: expected an origin, such as "https://app.example"',
  ]],
  ["a display without what it needs", '[display]\nkind = ["command", "file"]', [
    'line 2: display.kind: "command" wants a program as display.command',
  ]],
  ...["LATCHKEY_BACKUP_PASSPHRASE", "LATCHKEY_", "1A", "A-B", "", "A=B"].map(
    (name): [string, string, string[]] => [
      `an action that passes ${JSON.stringify(name)} on`,
      `[[action]]\nname = "x"\nmatch = "x"\ncommand = ["x"]\npass_env = [${JSON.stringify(name)}]`,
      ["line 5: action.0.pass_env.0: expected a variable's name that does not begin with LATCHKEY_"],
    ],
  ),
  ["an action without what it needs", '[[action]]\nname = "x"\nmatch = 1', [
    "line 1: action.0.command: missing",
    "line 3: action.0.match: expected a text in quotes",
  ]],
  [
    "a misspelt key of the second action",
    '[[action]]\nname = "x"\nmatch = "x"\ncommand = ["x"]\n[[action]]\nname = "y"\n' +
    'match = "y"\ncommand = ["y"]\nexclusiv = true\nenv = { A = 1, exclusiv = "b" }',
    [
      'line 9: unknown key "exclusiv" in [[action]] (did you mean "exclusive"?)',
      "line 10: action.1.env.A: expected a text in quotes",
    ],
  ],
  ["a source that is none", '[[library]]\nsource = "nas"', [
    'line 2: library.0.source: expected "folder", "emulationstation" or "emulationstation_http"',
  ]],
  [
    "sources without what they need",
    '[[library]]\nsource = "emulationstation"\nfolder = "/x"\n[[library]]\nsource = "folder"\n' +
    'extensions = ["sfc"]\nfoldr = "/y"',
    [
      'line 6: library.1.extensions.0: expected an extension, such as ".zip"',
      'line 7: unknown key "foldr" in [[library]] (did you mean "folder"?)',
    ],
  ],
  [
    "sources that make no sense",
    '[[library]]\nsource = "emulationstation"\nfolder = "/x"\n[[library]]\nsource = "folder"\n' +
    'folder = "x"\nsystem = "SNES"\nextensions = [".sfc"]\ncommand = ["play"]',
    [
      'line 3: library.0.folder: a source of the kind "emulationstation" has no such key',
      'line 6: library.1.folder: expected an absolute path, such as "/roms/snes"',
      "line 9: library.1.command: no argument has ${path}, so no file would be played",
    ],
  ],
  ["one table for all actions", '[action]\nname = "x"', ["line 1: action: expected a list"]],
  ["a bad announcement", `[discovery]\ninstance_name = "${"ä".repeat(32)}"\nservice = "_a._icmp"`, [
    "line 2: discovery.instance_name: expected 1 to 63 bytes of UTF-8",
    'line 3: discovery.service: expected a service type, such as "_zaparoo._tcp"',
  ]],
  [
    "a bad gateway",
    '[models]\nupstream = "ftp://x"\nallow = [""]\ntimeout_s = 0\nmax_concurrent = 1001\n' +
    'queue = -1\nper_key_per_minute = 1.5\ndatabase_url = "mysql://x"\nredis_url = "x"',
    [
      'line 2: models.upstream: expected a URL, such as "http://127.0.0.1:11434"',
      "line 3: models.allow.0: expected the name of a model",
      "line 4: models.timeout_s: expected 1 to 3600 seconds",
      "line 5: models.max_concurrent: expected 1 to 1000",
      "line 6: models.queue: expected 0 to 1000",
      "line 7: models.per_key_per_minute: expected 0 to 1000000000",
      "line 8: models.database_url: expected a postgres:// URL",
      "line 9: models.redis_url: expected a redis:// URL",
    ],
  ],
  ["a panel turned by half", "[display]\nrotate = 45", [
    "line 2: display.rotate: expected 0, 90, 180 or 270",
  ]],
  ["limits without room", "[limits]\nconnections_per_address = 0\nknown_connections = 4097", [
    "line 2: limits.connections_per_address: expected 1 to 4096",
    "line 3: limits.known_connections: expected 1 to 4096",
  ]],
  ["a button that nobody has", '[buttons]\npair = ["BTN_NOWHERE"]\nhold_ms = 10', [
    'line 2: buttons.pair.0: expected a button, such as "BTN_START"',
    "line 3: buttons.hold_ms: expected 500 to 20000 milliseconds",
  ]],
  [
    "everything at once, in the order of the file",
    '[log]\nlevle = 1\nlevel = "x"\n[service]\nlistne = 1\nencryption = 0\nx = 1\n[lgo]',
    [
      'line 2: unknown key "levle" in [log] (did you mean "level"?)',
      'line 3: log.level: expected "debug", "info", "warn" or "error"',
      'line 5: unknown key "listne" in [service] (did you mean "listen"?)',
      "line 6: service.encryption: expected true or false",
      'line 7: unknown key "x" in [service]',
      'line 8: unknown key "lgo"',
    ],
  ],
  ["a key behind a text over many lines", '[service]\ndevice_name = """\na\n\n# b\n"""\nx = 1', [
    'line 7: unknown key "x" in [service]',
  ]],
  ["a value over many lines", '[service]\n\n# c\ndata_dir = [\n\n  "a",\n\n]\n', [
    "line 4: service.data_dir: expected a text in quotes",
  ]],
  ["dotted and inline tables", 'log = { level = "x" }\nservice.x.y = 1', [
    'line 1: log.level: expected "debug", "info", "warn" or "error"',
    'line 2: unknown key "x" in [service]',
  ]],
  ["a repeated key", "[service]\nencryption = true\nencryption = true", [
    "line 3: trying to redefine an already defined table or value",
  ]],
  ["no TOML", "[service]\nencryption = yes", ["line 2: invalid value"]],
];
for (const [what, toml, problems] of PROBLEMS) {
  Deno.test(`parseConfig() names ${what}`, () => {
    assert.deepEqual(problemsOf(toml), problems);
  });
  Deno.test(`parseConfig() names ${what} where lines end with CRLF`, () => {
    assert.deepEqual(problemsOf(toml.replaceAll("\n", "\r\n")), problems);
  });
}

const example = Deno.readTextFileSync(new URL("../../../config.example.toml", import.meta.url));
const uncommented = example.replaceAll(/^# (?=[a-z_]+ = )/gm, "");

Deno.test("config.example.toml changes nothing as it is", () => {
  assert.deepEqual(configOf(example), DEFAULTS);
});

Deno.test("config.example.toml is what the table of settings says: deno task example", () => {
  // Row by row first, for an answer that names the row.
  for (const { path, key, row } of ALL_SETTINGS) {
    const value = row.example ?? row.default;
    assert.ok(row.help.length > 0 && value !== undefined, path);
    const shown = (parse(uncommented) as Tables)[path.split(".")[0] ?? ""]?.[key];
    assert.deepEqual(shown, value, path);
    const isReloadable = row.reloadable === true;
    const [comment = ""] = helpAbove(example, path).slice(-1);
    assert.equal(comment.endsWith(" Can be reloaded."), isReloadable, path);
  }
  assert.equal(example, formatExample());
});

Deno.test("config.example.toml has no key that is none, and shows every default", () => {
  const env = { isRoot: true };
  const defaults = parseConfig("", { file: "config.toml", env });
  const shown = parseConfig(uncommented, { file: "config.example.toml", env });
  assert.deepEqual(shown, {
    ...defaults,
    discovery: { ...defaults.discovery, instanceName: "living room" },
    service: {
      ...defaults.service,
      // Without a word every interface is meant, by whichever protocol the system has.
      listen: { ...defaults.service.listen, hostname: "::" },
      // The host's name is another on every host.
      deviceName: "living room",
    },
  });
});

Deno.test("config.example.toml has every key of an action and of a source, and they are one", () => {
  const lines = example.split("\n").filter((line) => /^# {3}(\[\[|[a-z_]+ = )/.test(line));
  const { actions, libraries } = configOf(lines.map((line) => line.slice(4)).join("\n"));
  const tables: readonly object[] = [...actions, ...libraries];
  assert.deepEqual([actions.length, libraries.length], [1, 1]);
  const values = tables.flatMap((table) => Object.values(table));
  assert.ok(values.every((value) => value !== undefined));
  assert.equal(values.length, lines.length - 2);
});

type Tables = Record<string, Record<string, unknown>>;

// The comment above a key, joined into one line per paragraph.
function helpAbove(text: string, path: string): string[] {
  const [table, key] = path.split(".");
  const section = text.slice(text.indexOf(`\n[${table}]\n`)).split(`\n# ${key} = `)[0] ?? "";
  return section.split("\n\n").map((paragraph) => paragraph.replaceAll(/\n# /g, " "));
}

const BAD_UPSTREAMS = [
  "",
  "models.example",
  "http://",
  "http://ann:secret@models.example",
  "http://models.example/?a=b",
  "http://models.example/#",
];
for (const upstream of BAD_UPSTREAMS) {
  Deno.test(`parseConfig() does not ask ${JSON.stringify(upstream)} for models`, () => {
    assert.deepEqual(problemsOf(`[models]\nupstream = ${JSON.stringify(upstream)}`), [
      'line 2: models.upstream: expected a URL, such as "http://127.0.0.1:11434"',
    ]);
  });
}

const SERVICES: [string, boolean][] = [
  ["_a._tcp", true],
  ["_abcdefghij-1234._udp", true],
  ["_abcdefghij-12345._tcp", false],
  ["_-a._tcp", false],
  ["_a-._tcp", false],
  ["_._tcp", false],
  ["a._tcp", false],
  ["_a._tcp.local", false],
];
for (const [service, isTaken] of SERVICES) {
  Deno.test(`parseConfig() ${isTaken ? "announces" : "does not announce"} ${service}`, () => {
    assert.equal(problemsOf(`[discovery]\nservice = "${service}"`).length, isTaken ? 0 : 1);
  });
}

const FILE = `
  [service]
  device_name = "den"
  encryption = false
  [security]
  allowed_ips = ["10.0.0.1"]
  allow_run = ["a"]
`;

Deno.test("parseConfig() lets the overlay win key by key", () => {
  const config = parseConfig(FILE, {
    file: "config.toml",
    env: HOME,
    overlay: {
      file: "settings.toml",
      text: "service.encryption = true\nsecurity.allowed_ips = []\nlog.level = 'warn'\n" +
        "discovery = { enabled = false, instance_name = 'attic' }",
    },
  });
  const fromFile = configOf(FILE);
  assert.deepEqual(config, {
    ...fromFile,
    service: { ...fromFile.service, encryption: true },
    security: { ...fromFile.security, allowedIps: [] },
    discovery: { ...fromFile.discovery, enabled: false, instanceName: "attic" },
    log: { ...fromFile.log, level: "warn" },
  });
});

const BAD_OVERLAYS: [string, string][] = [
  ["service.listen = '[::]:1'", 'unknown key "listen" in [service]'],
  ["service.data_dir = '/'", 'unknown key "data_dir" in [service]'],
  ["[[action]]", 'unknown key "action"'],
  ["[[library]]", 'unknown key "library"'],
  ["security.metrics_allow = ['x']", "security.metrics_allow.0: expected an address or a range"],
  ["security.allowed_ips = ['x']", "security.allowed_ips.0: expected an address or a range"],
  ["[service", "missing"],
];
for (const [text, problem] of BAD_OVERLAYS) {
  Deno.test(`parseConfig() takes no overlay with ${text}`, () => {
    const overlay = { file: "settings.toml", text };
    assert.throws(() => parseConfig(FILE, { file: "config.toml", env: HOME, overlay }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /^Cannot read settings\.toml: line 1: /);
      return problem === "missing" || error.message.includes(problem);
    });
  });
}

function configOf(toml: string): Config {
  return parseConfig(toml, { file: "config.toml", env: HOME });
}

// What is wrong with a text, without the part that is the same in every line.
function problemsOf(toml: string): string[] {
  const prefix = "Cannot read my.toml: ";
  try {
    parseConfig(toml, { file: "my.toml", env: HOME });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split("\n").map((line) => {
      assert.ok(line.startsWith(prefix), line);
      return line.slice(prefix.length);
    });
  }
  return [];
}
