// The table of docs/protocol.md §8, cell by cell. What is expected stands here once more, written
// from the norm and not from the code's table.

import assert from "node:assert/strict";
import { POLICY, type RouteGroup } from "../../../src/edges/http/policy.ts";
import { KEY_SCOPES, type KeyScope } from "../../../src/features/access/api_key.ts";
import { ask, GROUPS, type World } from "./policy_world.ts";

const SCOPE_OF: Readonly<Record<RouteGroup, KeyScope | undefined>> = {
  websocket: "rpc",
  post: "rpc",
  events: "events",
  run: "run",
  pair: undefined,
  models: "models",
  metrics: undefined,
  open: undefined,
};

const KEY_STATES = ["no keys", "none sent", "invalid", "right", "wrong scope"] as const;
type Statuses = readonly [number, number, number, number, number];

const OPEN: Statuses = [200, 200, 200, 200, 200];
const CLOSED: Statuses = [403, 403, 403, 403, 403];
const KEY_IF_ANY: Statuses = [200, 401, 401, 200, 403];
// Without a key the connection is held to encryption, which the policy has no part in.
const KEY_IF_GIVEN: Statuses = [200, 200, 401, 200, 403];
const KEY_ALWAYS: Statuses = [401, 401, 401, 200, 403];

// Who comes how ("in"/"out" of allowed_ips and of metrics_allow, text "fits"/"fails"), and the status by state of keys.
// An undefined field stands for both.
interface Cell {
  from: "local" | "remote";
  encryption?: boolean;
  ip?: "in" | "out";
  scraper?: "in" | "out";
  text?: "fits" | "fails";
  statuses: Statuses;
}
const TABLE: Readonly<Record<RouteGroup, readonly Cell[]>> = {
  websocket: [
    { from: "local", statuses: OPEN },
    { from: "remote", encryption: false, statuses: KEY_IF_GIVEN },
    { from: "remote", encryption: true, statuses: OPEN },
  ],
  post: [
    { from: "local", statuses: OPEN },
    { from: "remote", ip: "in", statuses: KEY_IF_ANY },
    { from: "remote", ip: "out", statuses: CLOSED },
  ],
  events: [
    { from: "local", statuses: OPEN },
    { from: "remote", ip: "in", statuses: KEY_IF_ANY },
    { from: "remote", ip: "out", statuses: CLOSED },
  ],
  run: [
    { from: "local", statuses: OPEN },
    { from: "remote", text: "fits", statuses: KEY_IF_ANY },
    { from: "remote", text: "fails", statuses: CLOSED },
  ],
  pair: [
    { from: "local", statuses: OPEN },
    { from: "remote", statuses: OPEN },
  ],
  models: [
    { from: "local", statuses: KEY_ALWAYS },
    { from: "remote", ip: "in", statuses: KEY_ALWAYS },
    { from: "remote", ip: "out", statuses: CLOSED },
  ],
  metrics: [
    { from: "local", statuses: OPEN },
    { from: "remote", scraper: "in", statuses: OPEN },
    { from: "remote", scraper: "out", statuses: CLOSED },
  ],
  open: [
    { from: "local", statuses: OPEN },
    { from: "remote", statuses: OPEN },
  ],
};

let cellCount = 0;
for (const where of allPlaces()) {
  const { group, from, encryption, ip, scraper, text } = where;
  KEY_STATES.forEach((keyState, column) => {
    cellCount += 1;
    const name = `${group}, ${from}, encryption ${encryption ? "on" : "off"}, address ${ip}, ` +
      `scraper ${scraper}, text ${text}, ${keyState}`;
    Deno.test(`policy: ${name}`, () => {
      const status = expectedStatuses(where)[column];
      assert.equal(ask(group, worldOf({ ...where, keyState })).status, status);
    });
  });
}

function* allPlaces(): Iterable<Where> {
  const sides = ["in", "out"] as const;
  for (const group of GROUPS) {
    for (const from of ["local", "remote"] as const) {
      for (const encryption of [false, true]) {
        for (const ip of sides) {
          for (const scraper of sides) {
            for (const text of ["fits", "fails"] as const) {
              yield { group, from, encryption, ip, scraper, text };
            }
          }
        }
      }
    }
  }
}

Deno.test("policy: the cells are all there are", () => {
  assert.deepEqual(Object.keys(POLICY).sort(), [...GROUPS].sort());
  assert.equal(cellCount, 8 * 2 * 2 * 2 * 2 * 2 * 5);
});

interface Where {
  group: RouteGroup;
  from: "local" | "remote";
  encryption: boolean;
  ip: "in" | "out";
  scraper: "in" | "out";
  text: "fits" | "fails";
}

// Exactly one cell of the table holds for a place.
function expectedStatuses(where: Where): Statuses {
  const cells = TABLE[where.group].filter((cell) =>
    cell.from === where.from &&
    (cell.encryption ?? where.encryption) === where.encryption &&
    (cell.ip ?? where.ip) === where.ip &&
    (cell.scraper ?? where.scraper) === where.scraper && (cell.text ?? where.text) === where.text
  );
  assert.equal(cells.length, 1);
  return cells[0]?.statuses ?? OPEN;
}

function worldOf(where: Where & { keyState: typeof KEY_STATES[number] }): World {
  const { group, from, encryption, ip, scraper, text, keyState } = where;
  const right = SCOPE_OF[group];
  const others = KEY_SCOPES.filter((scope) => scope !== right);
  const isRight = keyState === "right";
  const sent = keyState === "invalid" ? "wrong" : "right";
  return {
    isLocal: from === "local",
    encryption,
    isAllowedIp: ip === "in",
    isMetricsIp: scraper === "in",
    isAllowedText: text === "fits",
    keysExist: keyState !== "no keys",
    scopes: isRight && right !== undefined ? [right] : others,
    headers: keyState === "none sent" || keyState === "no keys"
      ? {}
      : { Authorization: `Bearer ${sent}` },
  };
}
