// Programs that own the screen and show lines: EmulationStation over its local HTTP API, RetroArch over
// its network commands. Each is believed only while the port belongs to that very program.

import type { Clock } from "../../base/clock.ts";
import type { NoticeBoard } from "../../features/screen/notice_display.ts";
import {
  type AskFrontend,
  createEmulationStation,
  EMULATION_STATION_ORIGIN,
} from "./emulation_station.ts";
import { hasEmulationStationPort } from "./owned_port.ts";
import { openPortOwners, type PortOwners } from "./port_owner.ts";

/** RetroArch's port for network commands, which its owner must have turned on. */
export const RETROARCH_PORT = 55355;

/** How long a program may take to say that it is there, in milliseconds. */
export const BOARD_PROBE_LIMIT_MS = 1000;

/** What boards are opened with. */
export interface NoticeBoardOptions {
  owners: PortOwners;
  clock: Clock;
  /** Asks EmulationStation. @default {fetch} */
  fetch?: AskFrontend;
}

/** EmulationStation of the Batocera family. Its message box is left alone: nobody can withdraw it. */
export function openEmulationStationBoard(options: NoticeBoardOptions): NoticeBoard {
  const { owners, clock, fetch = globalThis.fetch } = options;
  const frontend = createEmulationStation({ fetch, clock });
  return {
    isThere: async () => await hasEmulationStationPort(owners) && await answersCaps(fetch),
    show: (text) => frontend.notify(text),
    close: () => {},
  };
}

async function answersCaps(fetch: AskFrontend): Promise<boolean> {
  try {
    const response = await fetch(`${EMULATION_STATION_ORIGIN}/caps`, {
      signal: AbortSignal.timeout(BOARD_PROBE_LIMIT_MS),
      redirect: "error",
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** RetroArch. */
export function openRetroArchBoard(
  { owners, clock }: NoticeBoardOptions,
  number: number = RETROARCH_PORT,
): NoticeBoard {
  const address = { transport: "udp", hostname: "127.0.0.1", port: number } as const;

  async function send(command: string, answer?: RegExp): Promise<boolean> {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const cancel = clock.after(BOARD_PROBE_LIMIT_MS, () => socket.close());
    try {
      await socket.send(new TextEncoder().encode(command), address);
      if (answer === undefined) return true;
      for (;;) {
        const [bytes, from] = await socket.receive();
        const isIts = from.transport === "udp" && from.hostname === address.hostname &&
          from.port === number;
        if (isIts) return answer.test(new TextDecoder().decode(bytes));
      }
    } catch {
      return false;
    } finally {
      cancel();
      closeQuietly(socket);
    }
  }

  return {
    isThere: async () =>
      await owners.isOwnedBy({ kind: "udp", number }, ["retroarch"]) &&
      await send("VERSION", /^\d+\.\d+/),
    show: async (text) => {
      // A line end would begin another command.
      await send(`SHOW_MSG ${text.replaceAll(/[\r\n]/g, " ")}`);
    },
    close: () => {},
  };
}

function closeQuietly(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch {
    // The limit has closed it.
  }
}

/** Whether such a program runs and shows lines, asked once. */
export async function answersAsBoard(
  kind: "emulationstation" | "retroarch",
  clock: Clock,
): Promise<boolean> {
  const owners = openPortOwners();
  const open = kind === "retroarch" ? openRetroArchBoard : openEmulationStationBoard;
  try {
    return await open({ owners, clock }).isThere();
  } finally {
    await owners.close();
  }
}
