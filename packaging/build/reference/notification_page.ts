// docs/api/notifications.md: what the device tells without being asked.

import type { OpenRpcDocument } from "../../../src/features/rpc/reference/openrpc.ts";
import { MADE } from "./method_page.ts";
import { typeText } from "./type_text.ts";

/** The page; not yet formatted. */
export function notificationPage(document: OpenRpcDocument): string {
  const sections = document["x-notifications"].map(({ name, summary, audience, params }) =>
    `## ${name}

${summary}. ${
      audience === "everyone"
        ? "Everybody hears it who is let in."
        : "Only clients on the device itself hear it."
    }

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
