// The one place that tells this program's version; deno.json is where it is set.

import manifest from "../deno.json" with { type: "json" };

/** This program's version, such as "0.1.0". */
export const VERSION: string = manifest.version;

/**
 * The day of this version's release, in UTC; no device that runs it lives before that day.
 * `deno task release` sets it.
 */
export const RELEASE_DATE = "2026-11-23";
