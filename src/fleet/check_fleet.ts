// Whether the shared store and the shared limits can be used: for the doctor.

import { type Clock, systemClock } from "../base/clock.ts";
import { asError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/log.ts";
import { openPostgres } from "./postgres.ts";
import { openRedisLimits } from "./redis_limits.ts";

/** What is wrong, one sentence each; nothing where both can be used. Shows no address or password. */
export async function checkFleet(
  settings: { store: string | undefined; limits: string | undefined },
): Promise<readonly string[]> {
  const { store, limits } = settings;
  const problems = await Promise.all([
    store === undefined ? undefined : checkStore(store, { clock: systemClock, log: silentLogger }),
    limits === undefined ? undefined : checkLimits(limits),
  ]);
  return problems.filter((problem) => problem !== undefined);
}

async function checkStore(
  url: string,
  options: { clock: Clock; log: Logger },
): Promise<string | undefined> {
  const postgres = await openPostgres(url, { ...options, migrates: false });
  try {
    await postgres.ask((sql) => sql`SELECT 1`);
    return undefined;
  } catch (error) {
    return `The shared store (models.store) ${reasonOf(error)}`;
  } finally {
    await postgres.close();
  }
}

async function checkLimits(url: string): Promise<string | undefined> {
  const limits = await openRedisLimits(url, silentLogger);
  try {
    await limits.tokensOn({ keyId: "", day: "" });
    return undefined;
  } catch (error) {
    return `The shared limits (models.limits) ${reasonOf(error)}`;
  } finally {
    await limits.close();
  }
}

// By what both servers and their clients say of a login; everything else is a server that is away.
function reasonOf(error: unknown): string {
  const cause = asError(asError(error).cause);
  const { code = "" } = cause as { code?: string };
  const isLogin = /^(28|3D)/.test(code) || /NOAUTH|WRONGPASS|password/i.test(cause.message);
  return isLogin ? "refuses the login" : "cannot be reached";
}
