// What a removed client meets (docs/protocol.md §4 and §6), where clients can be removed from here. The
// client of the checks is the one that goes.

import { asJsonObject, parseJsonObject } from "../../../base/json.ts";
import type { ConformGroup } from "../conform_check.ts";
import { type ConformStage, type PairedClient, whyNoSession } from "../conform_stage.ts";
import { demand, Deviation, Unjudged } from "../deviation.ts";
import { clientOf, drawSession, VERSION_REQUEST, withSession } from "../session_peer.ts";
import { demandPlaintextError } from "./first_frame_checks.ts";
import { postRpc } from "./http_checks.ts";

const CLIENT_REMOVED = -32002;

/** Removes a client of the checks; whether the device did so. Only the device itself may ask for it. */
export async function removeClient(stage: ConformStage, client: PairedClient): Promise<boolean> {
  const { clientId } = client;
  const request = { jsonrpc: "2.0", id: "r", method: "clients.delete", params: { clientId } };
  try {
    const answer = parseJsonObject((await postRpc(stage, JSON.stringify(request))).text);
    if (answer?.["id"] !== "r" || asJsonObject(answer["error"]) !== undefined) return false;
  } catch (error) {
    if (error instanceof Deviation || error instanceof Unjudged) return false;
    throw error;
  }
  stage.paired.splice(stage.paired.indexOf(client), 1);
  return true;
}

/** Removes the client in an open session, then looks at what it meets. */
export function removalGroup(): ConformGroup {
  return {
    whyNot: whyNoSession,
    checks: [
      {
        section: "§6",
        title: "removing a client cuts its sessions at once",
        isOurs: true,
        isGate: true,
        run: async (stage) =>
          await withSession(stage, async (session) => {
            if (!await removeClient(stage, clientOf(stage))) {
              throw new Unjudged("clients can be removed on the device itself only");
            }
            await session.endedInSilence();
          }),
      },
      {
        section: "§4",
        title: "a first frame of a removed client is answered -32002 and a close",
        isOurs: true,
        run: async (stage) => {
          const client = clientOf(stage);
          demand(!stage.paired.includes(client), "the client was not removed");
          await stage.withSocket(async (socket) => {
            const secrets = drawSession(stage, client);
            socket.send(secrets.firstFrame(await secrets.seal(VERSION_REQUEST, { counter: 0n })));
            await demandPlaintextError(socket, CLIENT_REMOVED);
          });
        },
      },
    ],
  };
}
