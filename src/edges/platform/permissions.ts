// What the running service may still do. Devices are opened with all permissions, because the
// platform has none smaller for them; then everything that is not needed any more is given up.
// docs/security.md says what remains and why.

/**
 * Gives up what the service does not need; `run` stays where programs are started, `env` where
 * servers are shared with other gateways, whose clients look into it at every connection.
 */
export function dropPermissions(keep: { run: boolean; env: boolean }): void {
  for (const name of ["ffi", "import"] as const) Deno.permissions.revokeSync({ name });
  if (!keep.env) Deno.permissions.revokeSync({ name: "env" });
  if (!keep.run) Deno.permissions.revokeSync({ name: "run" });
}
