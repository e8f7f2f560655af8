import assert from "node:assert/strict";
import {
  announce,
  type Announcement,
  CONFLICT_MS,
  PROBE_MS,
  PROBES,
  SECOND_ANNOUNCEMENT_MS,
  YIELD_MS,
} from "../../../src/features/discovery/announcement.ts";
import { MAX_NAME_TRIES } from "../../../src/features/discovery/instance_name.ts";
import type { HeardRecord } from "../../../src/features/discovery/heard_records.ts";
import { PROBE_ANSWER_GAP_MS, RECORD_GAP_MS } from "../../../src/features/discovery/record_rate.ts";
import { HOST_TTL_S, OTHER_TTL_S } from "../../../src/features/discovery/service_records.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeMdns, type FakeMdnsSocket } from "../../support/fake_mdns.ts";

const NAME = "den._zaparoo._tcp.local";

interface Fixture {
  announcement: Announcement;
  socket: FakeMdnsSocket;
  clock: FakeClock;
  heard: string[];
}

function fixture(): Fixture {
  const { openSocket, sockets } = fakeMdns();
  const clock = new FakeClock();
  const heard: string[] = [];
  const announcement = announce({
    service: {
      instance: "den",
      service: "_zaparoo._tcp",
      host: "handheld",
      port: 7497,
      addresses: ["192.0.2.2"],
      addresses6: ["fd00::2", "fe80::2"],
    },
    place: { address: "192.0.2.2", scopeId: 3 },
    networks: ["192.0.2.2/24", "fe80::2/64"],
    isOwnAddress: (address) => address === "192.0.2.2" || address === "192.0.2.7",
    openSocket,
    onNamed: (instance) => heard.push(`named ${instance}`),
    onFailed: ({ message }) => heard.push(`failed ${message}`),
    clock,
  });
  const [socket] = sockets;
  assert.ok(socket);
  return { announcement, socket, clock, heard };
}

// One who says that a name is somebody's.
function told(name: string, change: Partial<HeardRecord> = {}): { answers: HeardRecord[] } {
  const data = { port: 1, target: "else.local" };
  return { answers: [{ name, type: "SRV", ttl: HOST_TTL_S, data, ...change }] };
}

function announced(): Fixture {
  const made = fixture();
  made.clock.advance(PROBES * PROBE_MS + SECOND_ANNOUNCEMENT_MS + RECORD_GAP_MS);
  made.socket.answers.splice(0);
  return made;
}

Deno.test("announce() asks for its name, then tells everything twice", () => {
  const { socket, clock, heard } = fixture();
  assert.deepEqual([socket.address, socket.scopeId], ["192.0.2.2", 3]);
  clock.advance(PROBES * PROBE_MS - 1);
  assert.deepEqual(
    socket.queries,
    Array(PROBES).fill([{ name: NAME, type: "ANY" }, { name: "handheld.local", type: "ANY" }]),
  );
  assert.deepEqual(socket.answers, []);
  // What is asked for is proposed with it: by that others know who wants the name (section 8.1).
  assert.deepEqual(
    socket.proposals.map((proposed) => proposed.map(({ type }) => type)),
    Array(PROBES).fill(["SRV", "TXT", "A", "AAAA", "AAAA"]),
  );
  clock.advance(1);
  assert.deepEqual(heard, ["named den"]);
  const records = [
    { name: "_zaparoo._tcp.local", type: "PTR", ttl: OTHER_TTL_S, flush: false, data: NAME },
    {
      name: "_services._dns-sd._udp.local",
      type: "PTR",
      ttl: OTHER_TTL_S,
      flush: false,
      data: "_zaparoo._tcp.local",
    },
    {
      name: NAME,
      type: "SRV",
      ttl: HOST_TTL_S,
      flush: true,
      data: { port: 7497, target: "handheld.local" },
    },
    { name: NAME, type: "TXT", ttl: OTHER_TTL_S, flush: true, data: new Uint8Array() },
    { name: "handheld.local", type: "A", ttl: HOST_TTL_S, flush: true, data: "192.0.2.2" },
    { name: "handheld.local", type: "AAAA", ttl: HOST_TTL_S, flush: true, data: "fd00::2" },
    { name: "handheld.local", type: "AAAA", ttl: HOST_TTL_S, flush: true, data: "fe80::2" },
  ];
  assert.deepEqual(socket.answers, [{ answers: records }]);
  clock.advance(SECOND_ANNOUNCEMENT_MS);
  assert.deepEqual(socket.answers, [{ answers: records }, { answers: records }]);
  assert.equal(clock.timerCount, 0);
});

// A question, the types of the answers and of what comes with them.
const QUESTIONS: [string, string, string[], string[]][] = [
  ["_zaparoo._tcp.local", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA", "AAAA"]],
  ["_ZAPAROO._tcp.LOCAL", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA", "AAAA"]],
  ["_zaparoo._tcp.local", "ANY", ["PTR"], ["SRV", "TXT", "A", "AAAA", "AAAA"]],
  ["_services._dns-sd._udp.local", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA", "AAAA"]],
  [NAME, "SRV", ["SRV"], ["TXT", "A", "AAAA", "AAAA"]],
  [NAME, "TXT", ["TXT"], ["SRV", "A", "AAAA", "AAAA"]],
  [NAME, "ANY", ["SRV", "TXT"], ["A", "AAAA", "AAAA"]],
  ["handheld.local", "A", ["A"], ["SRV", "TXT", "AAAA", "AAAA"]],
  ["handheld.local", "AAAA", ["AAAA", "AAAA"], ["SRV", "TXT", "A"]],
];
for (const [name, type, answers, additionals] of QUESTIONS) {
  Deno.test(`a question for ${type} of ${name} is answered with ${answers}`, () => {
    const { socket } = announced();
    socket.receive({ questions: [{ name, type }] });
    assert.equal(socket.answers.length, 1);
    const [answer] = socket.answers;
    assert.deepEqual(answer?.answers.map((record) => record.type), answers);
    assert.deepEqual(answer?.additionals?.map((record) => record.type), additionals);
    assert.equal(answer?.to, undefined);
  });
}

const UNANSWERED: [string, string][] = [
  ["_http._tcp.local", "PTR"],
  ["_zaparoo._tcp.local", "A"],
  ["other._zaparoo._tcp.local", "SRV"],
  ["other.local", "A"],
  [NAME, "PTR"],
];
for (const [name, type] of UNANSWERED) {
  Deno.test(`a question for ${type} of ${name} is not answered`, () => {
    const { socket } = announced();
    socket.receive({ questions: [{ name, type }] });
    assert.deepEqual(socket.answers, []);
  });
}

Deno.test("a simple resolver is answered alone, with its id and question", () => {
  const { socket } = announced();
  const from = { address: "192.0.2.9", port: 40_000 };
  const questions = [{ name: NAME, type: "SRV" }];
  socket.receive({ id: 77, questions, from });
  assert.deepEqual(socket.answers[0]?.to, { source: from, id: 77, questions });
});

Deno.test("who is not on the link is not answered, and changes nothing", () => {
  const { socket, clock, heard } = fixture();
  const from = { address: "198.51.100.1", port: 5353 };
  socket.receive({ ...told(NAME), from });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(heard, ["named den"]);
  socket.answers.splice(0);
  socket.receive({ questions: [{ name: NAME, type: "SRV" }], from });
  assert.deepEqual(socket.answers, []);
});

Deno.test("nothing is answered before the name is ours", () => {
  const { socket } = fixture();
  socket.receive({ questions: [{ name: NAME, type: "SRV" }] });
  assert.deepEqual(socket.answers, []);
});

Deno.test("a name that somebody has gets a number", () => {
  const { socket, clock, heard } = fixture();
  clock.advance(PROBE_MS);
  socket.receive(told("DEN._zaparoo._tcp.local"));
  clock.advance(PROBE_MS);
  socket.receive(told("den (2)._zaparoo._tcp.local"));
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(heard, ["named den (3)"]);
  clock.advance(SECOND_ANNOUNCEMENT_MS + RECORD_GAP_MS);
  socket.receive({ questions: [{ name: "den (3)._zaparoo._tcp.local", type: "SRV" }] });
  assert.equal(socket.answers.length, 3);
});

Deno.test("a host name that somebody has gets a number, also beside a free name", () => {
  const { socket, clock, heard } = fixture();
  socket.receive(told("HANDHELD.local"));
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(heard, ["named den"]);
  const records = socket.answers[0]?.answers ?? [];
  const { data } = records.find(({ type }) => type === "SRV") ?? {};
  assert.deepEqual(data, { port: 7497, target: "handheld-2.local" });
  const hosts = records.filter(({ type }) => type === "A" || type === "AAAA");
  assert.deepEqual(hosts.map(({ name }) => name), Array(3).fill("handheld-2.local"));
});

Deno.test("an announcement gives up where every host name is taken", () => {
  const { socket, heard } = fixture();
  for (let n = 1; n <= MAX_NAME_TRIES; n++) {
    assert.deepEqual(heard, []);
    socket.receive(told(n === 1 ? "handheld.local" : `handheld-${n}.local`));
  }
  assert.deepEqual(heard, ["failed Every name is taken"]);
});

Deno.test("what the device itself tells is no conflict", () => {
  const { socket, clock, heard } = fixture();
  // The second is another interface of the device in the same network.
  socket.receive({ ...told(NAME), from: { address: "192.0.2.2", port: 5353 } });
  socket.receive({ ...told("handheld.local"), from: { address: "192.0.2.7", port: 5353 } });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(heard, ["named den"]);
});

Deno.test("an announcement gives up where every name is taken", () => {
  const { socket, clock, heard } = fixture();
  for (let n = 1; n <= MAX_NAME_TRIES; n++) {
    assert.deepEqual(heard, []);
    const name = n === 1 ? "den" : `den (${n})`;
    socket.receive(told(`${name}._zaparoo._tcp.local`));
  }
  assert.deepEqual(heard, ["failed Every name is taken"]);
  assert.equal(socket.isClosed(), true);
  assert.equal(clock.timerCount, 0);
});

Deno.test("stop() takes back what is its own alone", async () => {
  const { announcement, socket, clock } = announced();
  await announcement.stop();
  assert.deepEqual(socket.answers[0]?.answers.map(({ type, ttl }) => [type, ttl]), [
    ["PTR", 0],
    ["SRV", 0],
    ["TXT", 0],
  ]);
  assert.equal(socket.isClosed(), true);
  assert.equal(clock.timerCount, 0);
  // Nothing is answered or told any more.
  socket.receive({ questions: [{ name: NAME, type: "SRV" }] });
  socket.fail("late");
  assert.equal(socket.answers.length, 1);
});

Deno.test("stop() before the name is ours takes nothing back", async () => {
  const { announcement, socket, clock, heard } = fixture();
  await announcement.stop();
  clock.advance(10_000);
  assert.deepEqual([socket.answers, socket.isClosed(), heard], [[], true, []]);
});

Deno.test("a socket that fails ends the announcement once", async () => {
  const { announcement, socket, clock, heard } = announced();
  socket.fail("gone");
  socket.fail("gone again");
  await announcement.stop();
  assert.deepEqual(heard, ["named den", "failed gone"]);
  assert.deepEqual([socket.isClosed(), socket.answers, clock.timerCount], [true, [], 0]);
});

const HOUR_S = 3600;
const OURS = { name: NAME, type: "SRV", data: { port: 7497, target: "handheld.local" } };

// What is asked, what the asker knows, and the types of the answers and of what comes with them.
const KNOWN: [string, string, HeardRecord[], string[], string[]][] = [
  [
    "a service whose record is known for half its time",
    "_zaparoo._tcp.local PTR",
    [
      { name: "_ZAPAROO._tcp.local", type: "PTR", ttl: OTHER_TTL_S / 2, data: NAME.toUpperCase() },
    ],
    [],
    [],
  ],
  [
    "a service whose record is known for less",
    "_zaparoo._tcp.local PTR",
    [
      { name: "_zaparoo._tcp.local", type: "PTR", ttl: OTHER_TTL_S / 2 - 1, data: NAME },
    ],
    ["PTR"],
    ["SRV", "TXT", "A", "AAAA", "AAAA"],
  ],
  [
    "a service of which another instance is known",
    "_zaparoo._tcp.local PTR",
    [
      { name: "_zaparoo._tcp.local", type: "PTR", ttl: HOUR_S, data: `x${NAME}` },
    ],
    ["PTR"],
    ["SRV", "TXT", "A", "AAAA", "AAAA"],
  ],
  [
    "an instance whose place is known",
    `${NAME} ANY`,
    [
      { ...OURS, ttl: HOST_TTL_S / 2 },
    ],
    ["TXT"],
    ["A", "AAAA", "AAAA"],
  ],
  [
    "an instance whose old port is known",
    `${NAME} SRV`,
    [
      { ...OURS, ttl: HOUR_S, data: { port: 7498, target: "handheld.local" } },
    ],
    ["SRV"],
    ["TXT", "A", "AAAA", "AAAA"],
  ],
  [
    "an instance whose record of another type is known",
    `${NAME} SRV`,
    [
      { ...OURS, ttl: HOUR_S, type: "NSEC", data: undefined },
    ],
    ["SRV"],
    ["TXT", "A", "AAAA", "AAAA"],
  ],
  [
    "an instance whose empty text is known",
    `${NAME} TXT`,
    [
      { name: NAME, type: "TXT", ttl: HOUR_S, data: Uint8Array.of() },
    ],
    [],
    [],
  ],
  [
    "an instance whose text was another",
    `${NAME} TXT`,
    [
      { name: NAME, type: "TXT", ttl: HOUR_S, data: Uint8Array.of(1, 65) },
    ],
    ["TXT"],
    ["SRV", "A", "AAAA", "AAAA"],
  ],
  [
    "a host of which one address is known",
    "handheld.local AAAA",
    [
      { name: "handheld.local", type: "AAAA", ttl: HOUR_S, data: "fd00:0:0:0:0:0:0:2" },
    ],
    ["AAAA"],
    ["SRV", "TXT", "A"],
  ],
  [
    "a service whose host is known",
    "_zaparoo._tcp.local PTR",
    [
      { name: "handheld.local", type: "A", ttl: HOUR_S, data: "192.0.2.2" },
    ],
    ["PTR"],
    ["SRV", "TXT", "AAAA", "AAAA"],
  ],
];
for (const [what, question, answers, expected, additionals] of KNOWN) {
  Deno.test(`a question for ${what} is answered with ${expected.join() || "nothing"}`, () => {
    const { socket } = announced();
    const [, name = "", type = ""] = /^(.*) (\w+)$/.exec(question) ?? [];
    socket.receive({ questions: [{ name, type }], answers });
    const [sent] = socket.answers;
    assert.deepEqual((sent?.answers ?? []).map((record) => record.type), expected);
    assert.deepEqual((sent?.additionals ?? []).map((record) => record.type), additionals);
  });
}

const ASK_SRV = { questions: [{ name: NAME, type: "SRV" }] };

Deno.test("a record goes out to everybody once per second, also beside another", () => {
  const { socket, clock } = announced();
  socket.receive({ questions: [{ name: "handheld.local", type: "A" }] });
  socket.receive(ASK_SRV);
  clock.advance(RECORD_GAP_MS - 1);
  socket.receive(ASK_SRV);
  socket.receive({ questions: [{ name: "_zaparoo._tcp.local", type: "PTR" }] });
  assert.deepEqual(
    socket.answers.map(({ answers, additionals = [] }) =>
      [answers, additionals].map((records) => records.map(({ type }) => type).join())
    ),
    [["A", "SRV,TXT,AAAA,AAAA"], ["PTR", ""]],
  );
  clock.advance(1);
  socket.receive(ASK_SRV);
  assert.deepEqual(socket.answers[2]?.answers.map(({ type }) => type), ["SRV"]);
});

Deno.test("the announcements count for the rate", () => {
  const { socket, clock } = fixture();
  clock.advance(PROBES * PROBE_MS);
  socket.receive(ASK_SRV);
  clock.advance(SECOND_ANNOUNCEMENT_MS);
  socket.receive(ASK_SRV);
  assert.equal(socket.answers.length, 2);
});

Deno.test("who wants to take a name is answered four times a second", () => {
  const { socket, clock } = announced();
  const probe = { ...ASK_SRV, isProbe: true };
  socket.receive(ASK_SRV);
  clock.advance(PROBE_ANSWER_GAP_MS - 1);
  socket.receive(probe);
  assert.equal(socket.answers.length, 1);
  clock.advance(1);
  socket.receive(probe);
  assert.equal(socket.answers.length, 2);
  // What comes with it is not what it is about.
  assert.equal(socket.answers[1]?.additionals, undefined);
  clock.advance(PROBE_ANSWER_GAP_MS);
  socket.receive(ASK_SRV);
  assert.equal(socket.answers.length, 2);
});

Deno.test("simple resolvers are answered whatever everybody was told", () => {
  const { socket } = announced();
  socket.receive(ASK_SRV);
  socket.receive({ ...ASK_SRV, from: { address: "192.0.2.9", port: 40_000 } });
  assert.equal(socket.answers.length, 2);
});

Deno.test("a goodbye goes out at once, whatever everybody was told", async () => {
  const { announcement, socket } = announced();
  socket.receive(ASK_SRV);
  await announcement.stop();
  assert.equal(socket.answers.at(-1)?.answers.length, 3);
});

// What somebody tells, and whether it contradicts.
const TOLD: [string, HeardRecord, boolean][] = [
  ["another port", { ...OURS, ttl: 120, data: { port: 1, target: "handheld.local" } }, true],
  ["another host", { ...OURS, ttl: 120, data: { port: 7497, target: "h.local" } }, true],
  ["a place that cannot be read", { ...OURS, ttl: 120, data: undefined }, true],
  ["another text", { ...OURS, type: "TXT", ttl: 120, data: Uint8Array.of(1, 65) }, true],
  ["another address", { name: "Handheld.local", type: "A", ttl: 9, data: "192.0.2.9" }, true],
  ["another IPv6 address", { name: "handheld.local", type: "AAAA", ttl: 9, data: "fd00::9" }, true],
  ["the same", { ...OURS, ttl: 120 }, false],
  [
    "one of our addresses",
    { name: "handheld.local", type: "AAAA", ttl: 9, data: "FE80::2" },
    false,
  ],
  ["an end of another port", { ...OURS, ttl: 0, data: { port: 1, target: "h.local" } }, false],
  ["a record of another type", { ...OURS, type: "NSEC", ttl: 9, data: undefined }, false],
  ["another instance", {
    name: "_zaparoo._tcp.local",
    type: "PTR",
    ttl: 9,
    data: "attic._zaparoo._tcp.local",
  }, false],
];
for (const [what, record, isConflict] of TOLD) {
  for (const part of ["answers", "additionals"]) {
    Deno.test(`who tells ${what} in the ${part} ${isConflict ? "contradicts" : "does not"}`, () => {
      const { announcement, socket, clock } = announced();
      const before = socket.queries.length;
      socket.receive({ [part]: [record] });
      assert.equal(announcement.hostName(), isConflict ? undefined : "handheld.local");
      socket.receive(ASK_SRV);
      assert.equal(socket.answers.length, isConflict ? 0 : 1);
      clock.advance(CONFLICT_MS + YIELD_MS);
      assert.equal(socket.queries.length > before, isConflict);
    });
  }
}

Deno.test("what is known to an asker, or told by the device itself, contradicts nothing", () => {
  const { announcement, socket } = announced();
  socket.receive({ ...told(NAME), questions: [{ name: "x.local", type: "A" }] });
  socket.receive({ ...told(NAME), from: { address: "192.0.2.7", port: 5353 } });
  socket.receive({ ...told(NAME), from: { address: "198.51.100.1", port: 5353 } });
  assert.equal(announcement.hostName(), "handheld.local");
});

Deno.test("a contradicted name is asked for anew, and kept where nobody defends it", () => {
  const { announcement, socket, clock, heard } = announced();
  socket.queries.splice(0);
  socket.receive({ ...told(NAME), from: { address: "192.0.2.1", port: 5353 } });
  clock.advance(CONFLICT_MS - 1);
  assert.deepEqual(socket.queries, []);
  clock.advance(1);
  assert.equal(socket.queries.length, 1);
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual([announcement.hostName(), heard], ["handheld.local", [
    "named den",
    "named den",
  ]]);
});

Deno.test("a contradicted name that is defended gets a number, over IPv6 too", () => {
  const { announcement, socket, clock, heard } = announced();
  const from = { address: "fe80::1", port: 5353 };
  socket.receive({ ...told(NAME), from });
  // The same over the other protocol is no second conflict.
  socket.receive({ ...told(NAME), from: { address: "192.0.2.1", port: 5353 } });
  clock.advance(CONFLICT_MS);
  socket.receive({ ...told(NAME), from });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(heard, ["named den", "named den (2)"]);
  assert.equal(announcement.hostName(), "handheld.local");
});

Deno.test("of two who contradict each other the one with the lower address waits longer", () => {
  const { socket, clock } = announced();
  socket.queries.splice(0);
  socket.receive({ ...told(NAME), from: { address: "192.0.2.9", port: 5353 } });
  clock.advance(CONFLICT_MS + YIELD_MS - 1);
  assert.equal(socket.queries.length, 0);
  clock.advance(1);
  assert.equal(socket.queries.length, 1);
});

Deno.test("who contradicts without end costs one round of questions per wait", () => {
  const { socket, clock } = announced();
  socket.queries.splice(0);
  const from = { address: "192.0.2.1", port: 5353 };
  const roundMs = CONFLICT_MS + PROBES * PROBE_MS;
  for (let ms = 0; ms < 5 * roundMs; ms += roundMs) {
    for (let n = 0; n < 50; n++) socket.receive({ ...told(NAME), from });
    clock.advance(roundMs);
  }
  assert.equal(socket.queries.length, 5 * PROBES);
});
