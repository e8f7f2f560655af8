// A port of the loopback address that nobody listens on.

/** Such a port; nobody keeps it free, so it is to be used at once. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
