// What the running service may still do. Devices are opened with all permissions, because the
// platform has none smaller for them; then everything that is not needed any more is given up.
// docs/security.md says what remains and why.

/** Gives up what the service does not need; `run` stays where programs are started. */
export function dropPermissions(keep: { run: boolean }): void {
  for (const name of ["ffi", "import", "env"] as const) Deno.permissions.revokeSync({ name });
  if (!keep.run) Deno.permissions.revokeSync({ name: "run" });
}
