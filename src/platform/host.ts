// What the system says of itself.

/** The machine's name, for people. */
export function hostName(): string {
  return Deno.hostname();
}

/** The kind of system, as `version` tells it. */
export function platformName(): string {
  return Deno.build.os;
}

/** The addresses of this machine's interfaces at the moment. */
export function ownAddresses(): string[] {
  return Deno.networkInterfaces().map(({ address }) => address);
}
