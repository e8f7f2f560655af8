// An independent browser of local services on another host: Debian's avahi, with a bus of its own,
// all of it processes of the test.

import type { RemoteHost } from "./remote_host.ts";
import { until } from "./until.ts";

/** A service that was found. */
export interface FoundService {
  /** Its name for people. */
  readonly instance: string;
  /** The host's name. */
  readonly host: string;
  /** The address. */
  readonly address: string;
  /** The port. */
  readonly port: number;
  /** What its TXT record says, as avahi shows it. */
  readonly text: string;
}

/** The browser. */
export interface AvahiBrowser {
  /** All services of a type that can be found now. */
  browse(service: string): Promise<FoundService[]>;
  /** Ends its processes. */
  stop(): Promise<void>;
}

/** Why avahi cannot be used here; undefined where it can. */
export async function whyNoAvahi(): Promise<string | undefined> {
  for (const program of ["avahi-daemon", "avahi-browse", "dbus-daemon"]) {
    try {
      await new Deno.Command(program, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
        env: { PATH: PATHS },
      }).output();
    } catch {
      return `needs ${program}`;
    }
  }
  return undefined;
}

// avahi-daemon lies where only root looks.
const PATHS = `${Deno.env.get("PATH")}:/usr/sbin:/sbin`;

/** Starts the browser on a host. */
export async function startAvahi(host: RemoteHost): Promise<AvahiBrowser> {
  const folder = await Deno.makeTempDir({ prefix: "latchkey_test_avahi_" });
  const bus = `unix:path=${folder}/bus`;
  await Deno.writeTextFile(
    `${folder}/dbus.conf`,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
      "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
    <busconfig><type>system</type><listen>${bus}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
    <allow receive_sender="*"/></policy></busconfig>`,
  );
  await Deno.writeTextFile(
    `${folder}/avahi.conf`,
    "[server]\nuse-ipv6=no\n[publish]\ndisable-publishing=yes\n",
  );
  const env = { DBUS_SYSTEM_BUS_ADDRESS: bus, PATH: PATHS };
  const start = (program: string, ...args: string[]): Deno.ChildProcess =>
    new Deno.Command(program, { args, env, stdout: "null", stderr: "null" }).spawn();
  const daemon = start("dbus-daemon", `--config-file=${folder}/dbus.conf`, "--nofork");
  await until("the bus is there", () => exists(`${folder}/bus`));
  // A folder of its own for its process id: another avahi may run on this machine.
  const script = 'mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && exec "$@"';
  const browser = start(
    "ip",
    ...["netns", "exec", host.namespace, "sh", "-c", script, "sh"],
    ...["avahi-daemon", "-f", `${folder}/avahi.conf`, "--no-drop-root", "--no-chroot"],
    "--no-rlimits",
  );

  async function browse(service: string): Promise<FoundService[]> {
    const { success, stdout, stderr } = await new Deno.Command("ip", {
      args: ["netns", "exec", host.namespace, "avahi-browse", "-rpt", service],
      env,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).split("\n")
      .map((line) => line.split(";"))
      .filter(([kind]) => kind === "=")
      .map(([, , , instance = "", , , name = "", address = "", port, text = ""]) => ({
        instance: instance.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code))),
        host: name,
        address,
        port: Number(port),
        text,
      }));
  }

  await until(
    "the browser answers",
    () => browse("_latchkey-none._tcp").then(() => true, () => false),
  );
  return {
    browse,
    async stop(): Promise<void> {
      for (const process of [browser, daemon]) process.kill("SIGTERM");
      await Promise.all([browser.status, daemon.status]);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}
