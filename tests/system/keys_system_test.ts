// A wrong key tells nothing: one body, one cost, whatever is wrong with it.

import assert from "node:assert/strict";
import { callLocal, startService, withDataDir, writeConfig } from "../support/service_process.ts";
import { systemTest } from "../support/system_test.ts";

systemTest("the 401 of a missing, malformed, unknown and revoked key is one and the same", {
  whyNot: undefined,
  run: () =>
    withDataDir(async (dataDir) => {
      const service = await startService({ dataDir });
      // A forwarding header makes the loopback peer a remote one, from an allowed address.
      const tables = '[security]\nallowed_ips = ["127.0.0.1"]';
      await writeConfig({ dataDir, tables });
      await service.reload();
      const newKey = async (): Promise<{ key: string; keyId: string }> =>
        await callLocal(service.baseUrl, "keys.new", { name: "test", scopes: ["rpc"] }) as {
          key: string;
          keyId: string;
        };
      const { key: valid } = await newKey();
      const revoked = await newKey();
      await callLocal(service.baseUrl, "keys.delete", { keyId: revoked.keyId });
      const cases: [name: string, authorization: string | undefined][] = [
        ["missing", undefined],
        ["malformed", "Bearer lk_nonsense"],
        ["unknown", `Bearer lk_00000000_${valid.slice(12)}`],
        ["wrong secret", `Bearer ${valid.slice(0, 12)}${"A".repeat(43)}`],
        ["revoked", `Bearer ${revoked.key}`],
      ];
      const bodies = new Set<string>();
      for (const [name, authorization] of cases) {
        const { status, body, id } = await post(service.baseUrl, authorization);
        assert.equal(status, 401, name);
        bodies.add(body.replace(id, "ID"));
      }
      assert.equal(bodies.size, 1);
      assert.equal((await post(service.baseUrl, `Bearer ${valid}`)).status, 200);
      await service.stop();
    }),
});

async function post(
  baseUrl: string,
  authorization: string | undefined,
): Promise<{ status: number; body: string; id: string }> {
  const response = await fetch(`${baseUrl}/api`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Forwarded-For": "203.0.113.9",
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"version"}',
  });
  const body = await response.text();
  return { status: response.status, body, id: response.headers.get("X-Request-ID") ?? "" };
}
