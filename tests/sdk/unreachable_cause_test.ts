// What a page is told when a browser hides why it cannot reach a device.

import assert from "node:assert/strict";
import { ClientError } from "../../src/sdk/client_error.ts";
import { CAUSE_TIMEOUT_MS, currentPageUrl, nameCause } from "../../src/sdk/unreachable_cause.ts";

const UNREACHABLE = new ClientError("unreachable", "Away");
const HEALTH = "http://192.168.1.5:7497/health";

type Answers = Readonly<Record<string, number | undefined>>;

/** What a browser makes of the requests: a status, or a failure that says nothing. */
async function ask(
  answers: Answers,
  options: { url?: string; pageUrl?: string | undefined; error?: unknown } = {},
): Promise<{ error: unknown; asked: string[] }> {
  const { url = "ws://192.168.1.5:7497/api/v0.1", error = UNREACHABLE } = options;
  const pageUrl = "pageUrl" in options ? options.pageUrl : "http://other.test/page";
  const asked: string[] = [];
  const named = await nameCause(error, {
    url,
    pageUrl,
    signal: undefined,
    fetch: (address, { method, mode, signal, cache }) => {
      assert.ok(signal !== undefined);
      assert.equal(cache, "no-store");
      const request = `${method ?? "GET"} ${mode ?? "cors"} ${address}`;
      asked.push(request);
      const status = answers[`${method ?? "GET"} ${mode ?? "cors"}`];
      return status === undefined
        ? Promise.reject(new TypeError("Failed to fetch"))
        : Promise.resolve(new Response(null, { status }));
    },
  });
  return { error: named, asked };
}

function codeOf(error: unknown): string {
  return error instanceof ClientError ? error.code : String(error);
}

const OPTIONS = `OPTIONS cors ${HEALTH}`;
const BLIND = `GET no-cors ${HEALTH}`;

Deno.test("a device that answers only whom the page may not hear does not allow its origin", async () => {
  const { error, asked } = await ask({ "GET no-cors": 200 });
  assert.ok(error instanceof ClientError);
  assert.equal(error.code, "origin_not_allowed");
  assert.match(error.message, /pages of http:\/\/other\.test$/);
  assert.equal(error.cause, UNREACHABLE);
  assert.deepEqual(asked, [OPTIONS, BLIND]);
});

Deno.test("a device that refuses the page's own origin in words says so", async () => {
  const { error, asked } = await ask({ "OPTIONS cors": 403 });
  assert.equal(codeOf(error), "origin_not_allowed");
  assert.deepEqual(asked, [OPTIONS]);
});

Deno.test("a device that answers the page, or nobody, leaves the error as it is", async () => {
  for (const answers of [{ "OPTIONS cors": 204 }, { "OPTIONS cors": 503 }, {}]) {
    assert.equal((await ask(answers)).error, UNREACHABLE);
  }
});

Deno.test("an https page cannot reach http, but on its own machine", async () => {
  const pageUrl = "https://page.test/";
  const mixed = await ask({}, { pageUrl });
  assert.deepEqual([codeOf(mixed.error), mixed.asked], ["mixed_content", []]);
  for (const host of ["localhost:7497", "127.0.0.1:7497", "[::1]:7497"]) {
    const { error, asked } = await ask({ "GET no-cors": 200 }, {
      pageUrl,
      url: `ws://${host}/api`,
    });
    assert.equal(codeOf(error), "origin_not_allowed");
    assert.equal(asked[0], `OPTIONS cors http://${host}/health`);
  }
  const secure = await ask({}, { pageUrl, url: "wss://device.test/api/v0.1" });
  assert.equal(secure.error, UNREACHABLE);
  assert.equal(secure.asked[0], "OPTIONS cors https://device.test/health");
});

Deno.test("health lies beside the interface, behind a proxy's path too", async () => {
  const rows = [
    ["ws://192.168.1.5:7497/api", HEALTH],
    ["ws://192.168.1.5:7497/api/", HEALTH],
    ["http://192.168.1.5:7497", HEALTH],
    ["http://192.168.1.5:7497/", HEALTH],
    ["wss://home.test/device/api/v0.1", "https://home.test/device/health"],
    ["https://home.test/device/", "https://home.test/device/health"],
  ] as const;
  for (const [url, health] of rows) {
    const { asked } = await ask({}, { url });
    assert.equal(asked[0], `OPTIONS cors ${health}`);
  }
});

Deno.test("programs that are no page, and other errors, ask nothing", async () => {
  const timeout = new ClientError("timeout", "Late");
  const rows = [{ pageUrl: undefined }, { error: timeout }, { error: "text" }];
  for (const options of rows) {
    const { error, asked } = await ask({ "GET no-cors": 200 }, options);
    assert.deepEqual([error, asked], [options.error ?? UNREACHABLE, []]);
  }
  assert.equal(currentPageUrl(), undefined);
});

// When the search for the cause is given up: while it is asked with a method, and blindly.
for (const [when, answered] of [["first", 0], ["second", 1]] as const) {
  Deno.test(`the ${when} question ends at once when the app gives up`, async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const [add, remove] = [signal.addEventListener, signal.removeEventListener];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove.apply(signal, args);
    };
    const asked: (AbortSignal | null | undefined)[] = [];
    const naming = nameCause(UNREACHABLE, {
      url: "ws://192.168.1.5:7497/api/v0.1",
      pageUrl: "http://other.test/page",
      signal,
      // A browser's may take its time, and does not end with the app's signal.
      fetch: (_address, request) => {
        asked.push(request.signal);
        if (asked.length <= answered) return Promise.reject(new TypeError("Failed to fetch"));
        queueMicrotask(() => controller.abort(new Error("The page is left")));
        return new Promise(() => {});
      },
    });
    await assert.rejects(naming, { message: "The page is left" });
    assert.equal(asked.length, answered + 1);
    assert.deepEqual(asked.map((one) => one?.aborted), asked.map(() => true));
    assert.equal(listeners, 0);
  });
}

Deno.test("an app that has given up already asks nothing", async () => {
  let asked = 0;
  const named = nameCause(UNREACHABLE, {
    url: "ws://192.168.1.5:7497/api/v0.1",
    pageUrl: "http://other.test/page",
    signal: AbortSignal.abort(new Error("The page is left")),
    fetch: () => {
      asked += 1;
      return Promise.resolve(new Response());
    },
  });
  await assert.rejects(named, { message: "The page is left" });
  assert.equal(asked, 0);
});

Deno.test("each question ends when its time is up", async () => {
  const real = AbortSignal.timeout;
  const limits: number[] = [];
  AbortSignal.timeout = (ms) => {
    limits.push(ms);
    const controller = new AbortController();
    queueMicrotask(() => controller.abort());
    return controller.signal;
  };
  try {
    const named = await nameCause(UNREACHABLE, {
      url: "ws://192.168.1.5:7497/api/v0.1",
      pageUrl: "http://other.test/page",
      signal: new AbortController().signal,
      fetch: (_address, { signal }) =>
        new Promise((_, reject) =>
          signal?.addEventListener("abort", () => reject(new TypeError("Cut short")))
        ),
    });
    assert.equal(named, UNREACHABLE);
    assert.deepEqual(limits, [CAUSE_TIMEOUT_MS, CAUSE_TIMEOUT_MS]);
  } finally {
    AbortSignal.timeout = real;
  }
});
