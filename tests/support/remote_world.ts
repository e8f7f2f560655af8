// A service that listens to other hosts, and another host that reaches it.

import { addRemoteHost, type RemoteHost } from "./remote_host.ts";
import { type ServiceProcess, startService, withDataDir } from "./service_process.ts";

/** A service and a second host. */
export interface RemoteWorld {
  /** The service. */
  readonly service: ServiceProcess;
  /** The second host. */
  readonly host: RemoteHost;
  /** The service's port. */
  readonly port: number;
  /** The service's data folder. */
  readonly dataDir: string;
}

/** Runs `test` with a service and the second host of this number. */
export async function withRemoteWorld(
  number: number,
  test: (world: RemoteWorld) => Promise<void>,
): Promise<void> {
  const host = await addRemoteHost(number);
  try {
    await withDataDir(async (dataDir) => {
      const service = await startService({ dataDir, listen: "[::]:0" });
      try {
        await test({ service, host, port: Number(new URL(service.baseUrl).port), dataDir });
      } finally {
        await service.stop();
      }
    });
  } finally {
    await host.remove();
  }
}
