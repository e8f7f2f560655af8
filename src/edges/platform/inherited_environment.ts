// What programs that the service starts inherit of its variables (docs/security.md): what a program on
// the screen needs, and no key, password or socket that the service was given for itself.

const INHERITED: ReadonlySet<string> = new Set([
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "TZ",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "DBUS_SESSION_BUS_ADDRESS",
]);

const INHERITED_PREFIXES = ["LC_", "XDG_", "SDL_", "PULSE_", "PIPEWIRE_"];

/** The variables of `environment` that a program inherits, and those named beside them. */
export function inheritedEnvironment(
  environment: Readonly<Record<string, string>>,
  passEnv: readonly string[] = [],
): Record<string, string> {
  const passed = new Set(passEnv);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => isInherited(name) || passed.has(name)),
  );
}

function isInherited(name: string): boolean {
  return INHERITED.has(name) || INHERITED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
