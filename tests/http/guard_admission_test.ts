import assert from "node:assert/strict";
import { Admission, type Place } from "../../src/http/guard/admission.ts";
import { GUARD_LIMITS } from "../../src/http/guard/guard_limits.ts";

// How many of so many connections from these addresses, taken in turn, find a place.
const CROWDS: [string, string[], number, number][] = [
  ["8 from one IPv4 address", ["192.0.2.1"], 20, 8],
  ["8 from each of two addresses", ["192.0.2.1", "192.0.2.2"], 40, 16],
  ["8 from one /64", ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"], 40, 8],
  ["8 from each of two /64", ["2001:db8:0:1::1", "2001:db8:0:2::1"], 40, 16],
  ["8 from an IPv4 address in both spellings", ["192.0.2.1", "::ffff:192.0.2.1"], 40, 8],
  ["8 from a link-local address with and without its zone", ["fe80::1", "fe80::1%eth0"], 40, 8],
  ["64 from many addresses", Array.from({ length: 30 }, (_, i) => `192.0.2.${i}`), 300, 64],
];
for (const [name, addresses, arrivals, expected] of CROWDS) {
  Deno.test(`Admission lets in ${name}`, () => {
    const admission = new Admission(GUARD_LIMITS);
    const places = Array.from(
      { length: arrivals },
      (_, i) => admission.enter(addresses[i % addresses.length] ?? ""),
    );
    assert.equal(places.filter((place) => place !== undefined).length, expected);
    assert.deepEqual(admission.counts(), { unknown: expected, known: 0 });
  });
}

Deno.test("Admission gives a place to another when one leaves, once", () => {
  const admission = new Admission({ ...GUARD_LIMITS, maxUnknownPerAddress: 2 });
  const first = mustEnter(admission, "192.0.2.1");
  mustEnter(admission, "192.0.2.1");
  assert.equal(admission.enter("192.0.2.1"), undefined);
  first.leave();
  first.leave();
  assert.notEqual(admission.enter("192.0.2.1"), undefined);
  assert.equal(admission.enter("192.0.2.1"), undefined);
  assert.deepEqual(admission.counts(), { unknown: 2, known: 0 });
});

Deno.test("Admission counts a connection with a session apart", () => {
  const admission = new Admission(GUARD_LIMITS);
  for (let i = 0; i < 20; i++) {
    const place = mustEnter(admission, "192.0.2.1");
    assert.equal(place.promote(), true);
    assert.equal(place.promote(), true);
  }
  assert.deepEqual(admission.counts(), { unknown: 0, known: 20 });
});

Deno.test("Admission lets in nobody beside 128 sessions", () => {
  const admission = new Admission(GUARD_LIMITS);
  const known = Array.from({ length: 128 }, (_, i) => mustPromote(admission, `192.0.2.${i}`));
  assert.deepEqual(admission.counts(), { unknown: 0, known: 128 });
  assert.equal(admission.enter("192.0.2.200"), undefined);
  known[0]?.leave();
  known[0]?.leave();
  assert.deepEqual(admission.counts(), { unknown: 0, known: 127 });
  assert.notEqual(admission.enter("192.0.2.200"), undefined);
});

Deno.test("promote() finds no room beside 128 sessions and changes nothing", () => {
  const admission = new Admission(GUARD_LIMITS);
  const early = mustEnter(admission, "192.0.2.1");
  const known = Array.from({ length: 128 }, (_, i) => mustPromote(admission, `192.0.2.${i}`));
  assert.equal(early.promote(), false);
  assert.deepEqual(admission.counts(), { unknown: 1, known: 128 });
  known[0]?.leave();
  assert.equal(early.promote(), true);
  assert.deepEqual(admission.counts(), { unknown: 0, known: 128 });
});

Deno.test("promote() does nothing for who has left", () => {
  const admission = new Admission(GUARD_LIMITS);
  const place = mustEnter(admission, "192.0.2.1");
  place.leave();
  assert.equal(place.promote(), false);
  assert.deepEqual(admission.counts(), { unknown: 0, known: 0 });
});

function mustEnter(admission: Admission, address: string): Place {
  const place = admission.enter(address);
  assert.ok(place !== undefined);
  return place;
}

function mustPromote(admission: Admission, address: string): Place {
  const place = mustEnter(admission, address);
  assert.equal(place.promote(), true);
  return place;
}
