import assert from "node:assert/strict";
import type { Audience } from "../../../src/features/rpc/notification_table.ts";
import { Notifications } from "../../../src/features/rpc/notifications.ts";

type Heard = [string, Audience][];

function listen(bus: Notifications): { heard: Heard; stop: () => void } {
  const heard: Heard = [];
  const stop = bus.subscribe((text, audience) => heard.push([text, audience]));
  return { heard, stop };
}

Deno.test("publish() tells every subscriber the same text, and for whom it is", () => {
  const bus = new Notifications();
  const subscribers = [listen(bus), listen(bus)];
  bus.publish("clients.paired", { clientId: "c", clientName: "n" });
  bus.publish("clients.pair.opened", { pin: "1" }, "local");
  const expected: Heard = [
    [
      '{"jsonrpc":"2.0","method":"clients.paired","params":{"clientId":"c","clientName":"n"}}',
      "everyone",
    ],
    ['{"jsonrpc":"2.0","method":"clients.pair.opened","params":{"pin":"1"}}', "local"],
  ];
  for (const { heard } of subscribers) assert.deepEqual(heard, expected);
});

Deno.test("subscribe() gets nothing from before and nothing after its end", () => {
  const bus = new Notifications();
  bus.publish("early", {});
  const leaver = listen(bus);
  const stayer = listen(bus);
  bus.publish("both", {});
  leaver.stop();
  leaver.stop();
  bus.publish("late", {});
  const methods = (heard: Heard): unknown[] => heard.map(([text]) => JSON.parse(text).method);
  assert.deepEqual(methods(leaver.heard), ["both"]);
  assert.deepEqual(methods(stayer.heard), ["both", "late"]);
});

Deno.test("subscribe() may end while a notification is being told", () => {
  const bus = new Notifications();
  const heard: string[] = [];
  const stopFirst = bus.subscribe(() => {
    heard.push("first");
    stopFirst();
  });
  bus.subscribe(() => heard.push("second"));
  bus.publish("m", {});
  bus.publish("m", {});
  assert.deepEqual(heard, ["first", "second", "second"]);
});

Deno.test("subscribe() during a notification begins with the next one", () => {
  const bus = new Notifications();
  let late: Heard | undefined;
  bus.subscribe(() => {
    late ??= listen(bus).heard;
  });
  bus.publish("m", {});
  assert.deepEqual(late, []);
  bus.publish("n", {});
  assert.equal(late?.length, 1);
});

Deno.test("publish() takes what the params are at that moment", () => {
  const bus = new Notifications();
  const { heard } = listen(bus);
  const params = { role: "member" };
  bus.publish("m", params);
  params.role = "admin";
  assert.deepEqual(JSON.parse(heard[0]?.[0] ?? "").params, { role: "member" });
});

Deno.test("who wants to know hears when somebody begins to listen", () => {
  const notifications = new Notifications();
  const heard: boolean[] = [];
  notifications.whenHeard(() => heard.push(notifications.isHeard));
  assert.equal(notifications.isHeard, false);
  const ends = [notifications.subscribe(() => {}), notifications.subscribe(() => {})];
  assert.deepEqual(heard, [true, true]);
  for (const end of ends) end();
  assert.equal(notifications.isHeard, false);
});
