// Modules of Node's that the platform has built in, loaded where they are first used: each costs a
// start 5 to 20 ms and some MiB, and most devices need few of them.

/** The modules that are loaded so. */
interface BuiltinModules {
  crypto: typeof import("node:crypto");
  fs: typeof import("node:fs");
}

/** A module, loaded at the first call; takes no file and no right. */
export function builtinModule<Name extends keyof BuiltinModules>(
  name: Name,
): BuiltinModules[Name] {
  // deno-lint-ignore no-process-global -- the import would load what this puts off
  return process.getBuiltinModule(`node:${name}`) as unknown as BuiltinModules[Name];
}
