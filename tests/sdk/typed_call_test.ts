// The types of calls follow the method's name: what these lines say is checked by the compiler.

import assert from "node:assert/strict";
import type { Connection, Methods, NotificationParams, ParamsOf } from "../../src/sdk/connect.ts";

// Answers everything with null.
const connection = {
  call: () => Promise.resolve(null),
} as unknown as Pick<Connection, "call">;

Deno.test("call() has the params and the result of the method that is named", async () => {
  const active: Methods["media.active"]["result"] = await connection.call("media.active");
  assert.equal(active?.mediaName, undefined);
  const nothing: null = await connection.call("run", { text: "@SNES/Super Mario World" });
  assert.equal(nothing, null);
  // @ts-expect-error -- there is no such param
  await connection.call("media.search", { words: "mario" });
  // @ts-expect-error -- a role is one of two
  await connection.call("clients.update", { clientId: "c", role: "owner" });
  // @ts-expect-error -- a result that is null is no text
  const text: string = await connection.call("stop");
  assert.equal(text, null);
});

Deno.test("call() takes methods that it does not know, and tells nothing of their results", async () => {
  const result: unknown = await connection.call("something.newer", { a: 1 });
  // @ts-expect-error -- unknown until it is looked at
  result?.a;
  const anything: ParamsOf<"something.newer"> = 1;
  assert.equal(anything, 1);
});

Deno.test("notifications have types by their names", () => {
  const stopped: NotificationParams["media.stopped"]["elapsed"] = 90;
  assert.equal(stopped, 90);
});
