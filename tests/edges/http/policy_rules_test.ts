// What the policy asks beside the table of docs/protocol.md §8: names, origins, fetch metadata, how
// a key is sent, and the order of it all.

import assert from "node:assert/strict";
import type { RouteGroup } from "../../../src/edges/http/policy.ts";
import { KEY_SCOPES } from "../../../src/features/access/api_key.ts";
import { ask, GROUPS, type World } from "./policy_world.ts";

const KEYED: World = { keysExist: true, scopes: KEY_SCOPES };

const HEADERS_OF_KEYS: [string, World, number][] = [
  ["Bearer and a key", { headers: { Authorization: "Bearer right" } }, 200],
  ["bearer in small letters", { headers: { Authorization: "bearer right" } }, 200],
  ["two blanks", { headers: { Authorization: "Bearer  right" } }, 200],
  ["no scheme", { headers: { Authorization: "right" } }, 401],
  ["another scheme", { headers: { Authorization: "Basic right" } }, 401],
  ["a scheme that begins alike", { headers: { Authorization: "BearerX right" } }, 401],
  ["two keys", { headers: { Authorization: "Bearer right, Bearer right" } }, 401],
  ["a key and more", { headers: { Authorization: "Bearer right x" } }, 401],
  ["nothing after the scheme", { headers: { Authorization: "Bearer" } }, 401],
  ["a key in another header", { headers: { "X-API-Key": "right" } }, 401],
  ["a key in a cookie", { headers: { Cookie: "key=right" } }, 401],
  ["a key in the query, where the route takes it", { queryKey: "right" }, 200],
  ["a wrong key in the query", { queryKey: "wrong" }, 401],
  [
    "a wrong key in the header and a right one in the query",
    { headers: { Authorization: "Bearer wrong" }, queryKey: "right" },
    401,
  ],
];
for (const [what, world, status] of HEADERS_OF_KEYS) {
  Deno.test(`policy: ${what} is ${status}`, () => {
    const { asked, ...rest } = ask("events", { ...KEYED, ...world });
    assert.deepEqual(rest, status === 200 ? { status, keyId: "abcdefgh" } : { status });
    assert.equal(asked.filter((question) => question.startsWith("key ")).length, 1);
  });
}

const SENT_TO_WEBSOCKET: [string, World, number][] = [
  ["none", {}, 200],
  ["the right one", { headers: { Authorization: "Bearer right" } }, 200],
  ["a wrong one", { headers: { Authorization: "Bearer wrong" } }, 401],
  ["a wrong one in the query", { queryKey: "wrong" }, 401],
  ["an empty one in the query", { queryKey: "" }, 401],
  ["another scheme", { headers: { Authorization: "Basic right" } }, 401],
  ["an empty header", { headers: { Authorization: "" } }, 401],
];
for (const [what, world, status] of SENT_TO_WEBSOCKET) {
  Deno.test(`policy: an upgrade with ${what} where one is required is ${status}`, () => {
    assert.equal(ask("websocket", { ...KEYED, ...world }).status, status);
  });
}

Deno.test("policy: nobody is said to have a key who was not asked for one", () => {
  const headers = { Authorization: "Bearer right" };
  assert.equal(ask("post", { ...KEYED, headers, isLocal: true }).keyId, undefined);
  assert.equal(ask("websocket", { ...KEYED, headers, encryption: true }).keyId, undefined);
  assert.equal(ask("pair", { ...KEYED, headers }).keyId, undefined);
  assert.equal(ask("post", { headers }).keyId, undefined);
  assert.equal(ask("post", { ...KEYED, headers }).keyId, "abcdefgh");
});

// Which groups ask a remote peer for the right name; of local peers all do.
const HOST_OF_REMOTE: Readonly<Record<RouteGroup, boolean>> = {
  websocket: false,
  post: true,
  events: true,
  run: true,
  pair: false,
  models: false,
  metrics: true,
  open: false,
};
for (const group of GROUPS) {
  Deno.test(
    `policy: ${group} answers under foreign names ${
      HOST_OF_REMOTE[group] ? "nobody" : "remote peers only"
    }`,
    () => {
      const world: World = { ...KEYED, headers: { Authorization: "Bearer right" } };
      for (const host of ["evil.example", "evil.example:7497", "localhost.evil.example", ""]) {
        const headers = { ...world.headers, Host: host };
        // The key that model routes always ask for stands in for the name.
        const ofLocal = group === "models" ? 200 : 421;
        assert.equal(ask(group, { ...world, headers, isLocal: true }).status, ofLocal);
        const expected = HOST_OF_REMOTE[group] ? 421 : 200;
        assert.equal(ask(group, { ...world, headers }).status, expected);
      }
      for (
        const host of ["localhost:7497", "handheld", "handheld.local:7497", "[::1]", "203.0.113.1"]
      ) {
        const headers = { ...world.headers, Host: host };
        assert.equal(ask(group, { ...world, headers, isLocal: true }).status, 200);
        assert.equal(ask(group, { ...world, headers }).status, 200);
      }
    },
  );
}

for (const group of GROUPS) {
  for (const isLocal of [true, false]) {
    Deno.test(`policy: ${group} and origins, ${isLocal ? "local" : "remote"}`, () => {
      const passes = 200;
      const origins: [string, number][] = [
        ["https://zaparoo.app", passes],
        ["capacitor://localhost", passes],
        ["https://app.example", passes],
        ["http://192.0.2.7:7497", passes],
        ["https://evil.example", 403],
        ["https://app.example.evil.example", 403],
        ["http://192.0.2.7:7498", 403],
        ["null", 403],
        ["", 403],
      ];
      for (const [origin, status] of origins) {
        const headers = { Origin: origin, Authorization: "Bearer right" };
        const { status: seen, asked } = ask(group, { ...KEYED, isLocal, headers });
        assert.equal(seen, status, origin);
        if (status === 403 && passes === 200) assert.deepEqual(asked, []);
      }
    });
  }
}

const CLICKED = {
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-User": "?1",
  "Sec-Fetch-Dest": "document",
};

// Fetch metadata, and whether a run or pair route lets it in.
const FETCHES: [string, Record<string, string>, boolean][] = [
  ["no metadata", {}, true],
  ["the device's own page", { "Sec-Fetch-Site": "same-origin" }, true],
  ["an address typed in", { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate" }, true],
  [
    "an image of another site",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
    false,
  ],
  [
    "an image of a neighbour",
    { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors" },
    false,
  ],
  ["another site without a mode", { "Sec-Fetch-Site": "cross-site" }, false],
  [
    "a link that the user clicked",
    { ...CLICKED, "Sec-Fetch-Site": "cross-site" },
    true,
  ],
  [
    "a link of a neighbour that the user clicked",
    { ...CLICKED, "Sec-Fetch-Site": "same-site" },
    true,
  ],
  [
    "a navigation that a script began",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" },
    false,
  ],
  [
    "a navigation without the user",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?0" },
    false,
  ],
  [
    "a frame of another site with the user",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-User": "?1" },
    false,
  ],
  ...["iframe", "frame", "embed", "object", "empty"].map(
    (dest): [string, Record<string, string>, boolean] => [
      `a click on another site that navigates its ${dest}`,
      { ...CLICKED, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": dest },
      false,
    ],
  ),
  [
    "a click without a destination",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1" },
    false,
  ],
  [
    "the hosted app",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", Origin: "https://zaparoo.app" },
    true,
  ],
  [
    "another site's script",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", Origin: "https://evil.example" },
    false,
  ],
  [
    "a sandboxed frame",
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", Origin: "null" },
    false,
  ],
];
for (const [what, headers, isLetIn] of FETCHES) {
  Deno.test(`policy: run and pair ${isLetIn ? "let" : "keep"} ${what} ${isLetIn ? "in" : "out"}`, () => {
    for (const group of ["run", "pair"] as const) {
      for (const isLocal of [true, false]) {
        const { status, asked } = ask(group, { isLocal, headers });
        assert.equal(status, isLetIn ? 200 : 403);
        if (!isLetIn) assert.deepEqual(asked, []);
      }
    }
  });
}

Deno.test("policy: other groups do not look at fetch metadata", () => {
  const headers = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
    Authorization: "Bearer right",
  };
  for (const group of GROUPS) {
    const expected = group === "run" || group === "pair" ? 403 : 200;
    assert.equal(ask(group, { ...KEYED, isLocal: true, headers }).status, expected, group);
  }
});

// What a remote peer's request is asked, in order, when it passes everything.
const ORDER: Readonly<Record<RouteGroup, readonly string[]>> = {
  websocket: ["required rpc", "key right", "upgrade"],
  post: ["ip", "required rpc", "key right", "general"],
  events: ["ip", "required events", "key right", "general"],
  run: ["text hello", "required run", "key right", "general"],
  pair: ["general", "pairing"],
  models: ["ip", "key right"],
  metrics: ["metrics ip"],
  open: [],
};
for (const group of GROUPS) {
  Deno.test(`policy: ${group} asks address, then key, then limits, and stops at the first no`, () => {
    const address = "198.51.100.1";
    const expected = ORDER[group].map((step) =>
      ["ip", "metrics ip", "general", "pairing", "upgrade"].includes(step)
        ? `${step} ${address}`
        : step
    );
    const world: World = { ...KEYED, headers: { Authorization: "Bearer right" } };
    assert.deepEqual(ask(group, world).asked, expected);
    const refusals: [string, World, number][] = [
      ["ip", { ...world, isAllowedIp: false }, 403],
      ["metrics ip", { ...world, isMetricsIp: false }, 403],
      ["text", { ...world, isAllowedText: false }, 403],
      ["key", { ...world, headers: {}, queryKey: "right?" }, 401],
      ["key", { ...world, scopes: [] }, 403],
      ["general", { ...world, usedUp: ["general", "pairing"] }, 429],
      ["pairing", { ...world, usedUp: ["pairing"] }, 429],
      ["upgrade", { ...world, usedUp: ["upgrade"] }, 429],
    ];
    for (const [step, refusing, status] of refusals) {
      const at = expected.findIndex((question) => question.startsWith(`${step} `));
      if (at === -1) continue;
      const seen = ask(group, refusing);
      assert.equal(seen.status, status);
      assert.equal(seen.asked.length, at + 1);
    }
  });
}

Deno.test("policy: the device itself is under no limit and no rule of addresses", () => {
  const world: World = {
    isLocal: true,
    isAllowedIp: false,
    isAllowedText: false,
    usedUp: ["general", "pairing", "upgrade"],
  };
  for (const group of GROUPS) {
    const { status, asked } = ask(group, {
      ...world,
      ...KEYED,
      headers: { Authorization: "Bearer right" },
    });
    assert.equal(status, 200, group);
    assert.deepEqual(asked, group === "models" ? ["key right"] : []);
  }
});

Deno.test("policy: a name is asked before an origin, an origin before the rest", () => {
  const headers = { Host: "evil.example", Origin: "https://evil.example" };
  assert.equal(ask("post", { headers, isAllowedIp: false }).status, 421);
  const { status, asked } = ask("post", { headers: { Origin: "null" }, isAllowedIp: false });
  assert.deepEqual([status, asked], [403, []]);
});
