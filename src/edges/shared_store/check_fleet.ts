// Tries the servers that several gateways share. For the doctor: it says what is wrong, and neither
// where the servers are nor what they said.

import { asError } from "../../base/app_error.ts";
import { silentLogger } from "../../base/log.ts";
import { openPostgres } from "./postgres.ts";
import { openRedisLimits } from "./redis_limits.ts";

/** How long one server has to answer, in milliseconds; closing may take another second. */
export const CHECK_LIMIT_MS = 3000;

const STORE_CODES: readonly (readonly [RegExp, string])[] = [
  // SQLSTATE: the class of refused logins, a database that is not there, rights that lack.
  [/^28/, "the shared store refuses the login"],
  [/^3D000$/, "the shared store has no such database"],
  [/^42501$/, "the shared store refuses the login"],
];

/** One sentence per problem; none where the servers that are set answer. Takes 5 seconds at most. */
export async function checkFleet(
  { databaseUrl, redisUrl }: { databaseUrl: string | undefined; redisUrl: string | undefined },
): Promise<readonly string[]> {
  const problems = await Promise.all([
    databaseUrl === undefined ? undefined : checkStore(databaseUrl),
    redisUrl === undefined ? undefined : checkLimits(redisUrl),
  ]);
  return problems.filter((problem) => problem !== undefined);
}

async function checkStore(url: string): Promise<string | undefined> {
  const postgres = openPostgres(url, { log: silentLogger, timeoutMs: CHECK_LIMIT_MS });
  try {
    // Not the tables: the first use makes them.
    await postgres.ping();
    return undefined;
  } catch (error) {
    const { code } = reasonOf(error) as { code?: unknown };
    const [, problem] = STORE_CODES.find(([codes]) => codes.test(String(code))) ?? [];
    return problem ?? "the shared store cannot be reached";
  } finally {
    await postgres.end();
  }
}

async function checkLimits(url: string): Promise<string | undefined> {
  const limits = openRedisLimits(url, { log: silentLogger, timeoutMs: CHECK_LIMIT_MS });
  try {
    await limits.tokensOn({ keyId: "doctor", day: "1970-01-01" });
    return undefined;
  } catch (error) {
    const isRefusal = /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password)/.test(
      reasonOf(error).message,
    );
    return isRefusal ? "the shared limits refuse the login" : "the shared limits cannot be reached";
  } finally {
    await limits.close();
  }
}

function reasonOf(error: unknown): Error {
  return asError(asError(error).cause);
}
