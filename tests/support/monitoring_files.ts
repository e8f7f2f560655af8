// The expressions of packaging/monitoring.

import { asJsonObject } from "../../src/base/json.ts";

/** The folder of the files. */
export const MONITORING: string = new URL("../../packaging/monitoring/", import.meta.url).pathname;

/** The expressions of the dashboard with Grafana's variables filled in, and the query of its filter. */
export async function dashboardExpressions(): Promise<string[]> {
  const dashboard = asJsonObject(
    JSON.parse(await Deno.readTextFile(`${MONITORING}dashboard.json`)),
  );
  const panels = dashboard?.["panels"];
  if (!Array.isArray(panels)) throw new TypeError("A dashboard without panels");
  return panels.flatMap((panel) => asJsonObject(panel)?.["targets"]).map((target) =>
    String(asJsonObject(target)?.["expr"])
      .replaceAll("$__rate_interval", "5m").replaceAll("$instance", ".*")
  );
}
