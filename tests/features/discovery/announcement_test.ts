import assert from "node:assert/strict";
import {
  announce,
  type Announcement,
  PROBE_MS,
  PROBES,
  SECOND_ANNOUNCEMENT_MS,
} from "../../../src/features/discovery/announcement.ts";
import { MAX_NAME_TRIES } from "../../../src/features/discovery/instance_name.ts";
import { HOST_TTL_S, OTHER_TTL_S } from "../../../src/features/discovery/service_records.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { fakeMdns, type FakeMdnsSocket } from "../../support/fake_mdns.ts";

const NAME = "den._zaparoo._tcp.local";

interface Fixture {
  announcement: Announcement;
  socket: FakeMdnsSocket;
  clock: FakeClock;
  told: string[];
}

function fixture(): Fixture {
  const { openSocket, sockets } = fakeMdns();
  const clock = new FakeClock();
  const told: string[] = [];
  const announcement = announce({
    service: {
      instance: "den",
      service: "_zaparoo._tcp",
      host: "handheld",
      port: 7497,
      addresses: ["192.0.2.2"],
      addresses6: ["fd00::2"],
    },
    networks: ["192.0.2.2/24"],
    isOwnAddress: (address) => address === "192.0.2.2" || address === "192.0.2.7",
    openSocket,
    onNamed: (instance) => told.push(`named ${instance}`),
    onFailed: ({ message }) => told.push(`failed ${message}`),
    clock,
  });
  const [socket] = sockets;
  assert.ok(socket);
  return { announcement, socket, clock, told };
}

function announced(): Fixture {
  const made = fixture();
  made.clock.advance(PROBES * PROBE_MS + SECOND_ANNOUNCEMENT_MS);
  made.socket.answers.splice(0);
  return made;
}

Deno.test("announce() asks for its name, then tells everything twice", () => {
  const { socket, clock, told } = fixture();
  assert.equal(socket.address, "192.0.2.2");
  clock.advance(PROBES * PROBE_MS - 1);
  assert.deepEqual(
    socket.queries,
    Array(PROBES).fill([{ name: NAME, type: "ANY" }, { name: "handheld.local", type: "ANY" }]),
  );
  assert.deepEqual(socket.answers, []);
  clock.advance(1);
  assert.deepEqual(told, ["named den"]);
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
  ];
  assert.deepEqual(socket.answers, [{ answers: records }]);
  clock.advance(SECOND_ANNOUNCEMENT_MS);
  assert.deepEqual(socket.answers, [{ answers: records }, { answers: records }]);
  assert.equal(clock.timerCount, 0);
});

// A question, the types of the answers and of what comes with them.
const QUESTIONS: [string, string, string[], string[]][] = [
  ["_zaparoo._tcp.local", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA"]],
  ["_ZAPAROO._tcp.LOCAL", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA"]],
  ["_zaparoo._tcp.local", "ANY", ["PTR"], ["SRV", "TXT", "A", "AAAA"]],
  ["_services._dns-sd._udp.local", "PTR", ["PTR"], ["SRV", "TXT", "A", "AAAA"]],
  [NAME, "SRV", ["SRV"], ["TXT", "A", "AAAA"]],
  [NAME, "TXT", ["TXT"], ["SRV", "A", "AAAA"]],
  [NAME, "ANY", ["SRV", "TXT"], ["A", "AAAA"]],
  ["handheld.local", "A", ["A"], ["SRV", "TXT", "AAAA"]],
  ["handheld.local", "AAAA", ["AAAA"], ["SRV", "TXT", "A"]],
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
  const { socket, clock, told } = fixture();
  const from = { address: "198.51.100.1", port: 5353 };
  socket.receive({ toldNames: [NAME], from });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(told, ["named den"]);
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
  const { socket, clock, told } = fixture();
  clock.advance(PROBE_MS);
  socket.receive({ toldNames: ["DEN._zaparoo._tcp.local"] });
  clock.advance(PROBE_MS);
  socket.receive({ toldNames: ["den (2)._zaparoo._tcp.local"] });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(told, ["named den (3)"]);
  socket.receive({ questions: [{ name: "den (3)._zaparoo._tcp.local", type: "SRV" }] });
  assert.equal(socket.answers.length, 2);
});

Deno.test("a host name that somebody has gets a number, also beside a free name", () => {
  const { socket, clock, told } = fixture();
  socket.receive({ toldNames: ["HANDHELD.local"] });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(told, ["named den"]);
  const records = socket.answers[0]?.answers ?? [];
  const { data } = records.find(({ type }) => type === "SRV") ?? {};
  assert.deepEqual(data, { port: 7497, target: "handheld-2.local" });
  const hosts = records.filter(({ type }) => type === "A" || type === "AAAA");
  assert.deepEqual(hosts.map(({ name }) => name), ["handheld-2.local", "handheld-2.local"]);
});

Deno.test("an announcement gives up where every host name is taken", () => {
  const { socket, told } = fixture();
  for (let n = 1; n <= MAX_NAME_TRIES; n++) {
    assert.deepEqual(told, []);
    socket.receive({ toldNames: [n === 1 ? "handheld.local" : `handheld-${n}.local`] });
  }
  assert.deepEqual(told, ["failed Every name is taken"]);
});

Deno.test("what the device itself tells is no conflict", () => {
  const { socket, clock, told } = fixture();
  // The second is another interface of the device in the same network.
  socket.receive({ toldNames: [NAME], from: { address: "192.0.2.2", port: 5353 } });
  socket.receive({ toldNames: ["handheld.local"], from: { address: "192.0.2.7", port: 5353 } });
  clock.advance(PROBES * PROBE_MS);
  assert.deepEqual(told, ["named den"]);
});

Deno.test("an announcement gives up where every name is taken", () => {
  const { socket, clock, told } = fixture();
  for (let n = 1; n <= MAX_NAME_TRIES; n++) {
    assert.deepEqual(told, []);
    const name = n === 1 ? "den" : `den (${n})`;
    socket.receive({ toldNames: [`${name}._zaparoo._tcp.local`] });
  }
  assert.deepEqual(told, ["failed Every name is taken"]);
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
  const { announcement, socket, clock, told } = fixture();
  await announcement.stop();
  clock.advance(10_000);
  assert.deepEqual([socket.answers, socket.isClosed(), told], [[], true, []]);
});

Deno.test("a socket that fails ends the announcement once", async () => {
  const { announcement, socket, clock, told } = announced();
  socket.fail("gone");
  socket.fail("gone again");
  await announcement.stop();
  assert.deepEqual(told, ["named den", "failed gone"]);
  assert.deepEqual([socket.isClosed(), socket.answers, clock.timerCount], [true, [], 0]);
});
