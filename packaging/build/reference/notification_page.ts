// docs/api/notifications.md: what the device tells without being asked.

import type { Audience } from "../../../src/features/rpc/notification_table.ts";
import type { OpenRpcDocument } from "../../../src/features/rpc/reference/openrpc.ts";
import { MADE } from "./method_page.ts";
import { typeText } from "./type_text.ts";

const WHO_HEARS: Readonly<Record<Audience, string>> = {
  everyone: "Everybody hears it who is let in.",
  admin: "Clients on the device itself and sessions of admins hear it.",
  local: "Only clients on the device itself hear it.",
};

/** The page; not yet formatted. */
export function notificationPage(document: OpenRpcDocument): string {
  const sections = document["x-notifications"].map(({ name, summary, audience, params }) =>
    `## ${name}

${summary}. ${WHO_HEARS[audience]}

\`\`\`ts
type Params = ${typeText(params)};
\`\`\`
`
  );
  return `# Notifications

${MADE}

What the device tells without being asked, as JSON-RPC requests without an id. A session hears them
from its first answer on, a plaintext connection on the device itself from its first message on, and
an event stream (\`GET /api/events\`) from its opening on ([protocol.md](../protocol.md), §4 and §8).
Nothing is told twice, and nothing of what happened before: who reconnects asks for the state.
Shapes with a name are those of [methods.md](methods.md#shapes).

${sections.join("\n")}`;
}
