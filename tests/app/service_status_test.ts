import assert from "node:assert/strict";
import type { Listeners } from "../../src/edges/http/listeners.ts";
import { ServiceStatus } from "../../src/app/service_status.ts";
import { silentDisplay } from "../../src/features/screen/pin_display.ts";
import { PORT, withAppInProcess } from "../support/app_in_process.ts";

const ALL = ["192.0.2.1", "[2001:db8::1]"];
const URLS = (port: number): string[] => ALL.map((host) => `http://${host}:${port}`);

function listenersAt(outside: string | undefined): Listeners {
  return {
    port: PORT,
    outside,
    counts: () => undefined,
    stopAccepting: () => {},
    stop: () => Promise.resolve(),
  };
}

const ROWS: [outside: string | undefined, hosts: string[]][] = [
  [undefined, []],
  ["::", ALL],
  ["0.0.0.0", ["192.0.2.1"]],
  ["198.51.100.5", ["198.51.100.5"]],
  ["fd00::5", ["[fd00::5]"]],
];
for (const [outside, hosts] of ROWS) {
  const urls = hosts.map((host) => `http://${host}:${PORT}`);

  Deno.test(`a service that listens at ${outside} is reached at ${hosts.join(" ")}`, () => {
    const status = new ServiceStatus(0);
    assert.deepEqual(status.addresses(URLS), []);
    status.listening(listenersAt(outside));
    assert.deepEqual(status.addresses(URLS), urls);
  });

  Deno.test(`the code of a service that listens at ${outside} leads to ${hosts[0]}`, async () => {
    const shown: (string | undefined)[] = [];
    const display = {
      ...silentDisplay,
      show: ({ pin, url }: { pin: string; url: string | undefined }): Promise<void> => {
        shown.push(url?.replace(pin, "PIN"));
        return Promise.resolve();
      },
    };
    await withAppInProcess({
      options: { display },
      edges: {
        reachableUrls: URLS,
        startListeners: () => Promise.resolve(listenersAt(outside)),
      },
    }, async ({ app }) => {
      app.togglePairing();
      await Promise.resolve();
      assert.deepEqual(app.addresses(), urls);
    });
    assert.deepEqual(shown, [urls[0] && `${urls[0]}/app/#pair=PIN`]);
  });
}
