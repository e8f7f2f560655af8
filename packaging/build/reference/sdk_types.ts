// The types by which the SDK knows the methods, made of the OpenRPC document.

import type { OpenRpcDocument } from "../../../src/features/rpc/reference/openrpc.ts";
import { namedTypes, paramsTypeText, typeText } from "./type_text.ts";

// The device's own code has other things by the names of the shapes.
const SUFFIX = "Info";

const MADE_BY = "Made by `deno task reference` from the table of methods. Types only.";

/** src/sdk/method_shapes.ts, not yet formatted: what results are made of. */
export function sdkShapes(document: OpenRpcDocument): string {
  const shapes = namedTypes(document, SUFFIX).map((text) => {
    const [, name = ""] = /^interface (\w+)Info/.exec(text) ?? [];
    return `/** The shape \`${name}\` of docs/api/methods.md. */\nexport ${
      text.replace(/^interface (\w+)/, "type $1 =")
    };\n`;
  });
  return `// What results are made of. ${MADE_BY}\n\n${shapes.join("\n")}`;
}

/** src/sdk/method_types.ts, not yet formatted: what methods take and answer. */
export function sdkMethods(document: OpenRpcDocument): string {
  const methods = document.methods.map((method) =>
    `  /** ${method.summary}. */\n  ${JSON.stringify(method.name)}: { params: ${
      paramsTypeText(method, SUFFIX)
    }; result: ${typeText(method.result.schema, SUFFIX)} };`
  );
  const body = `/** Every method by its name. */
export interface Methods {
${methods.join("\n")}
}

/** What a method takes; anything for one that is not known here. */
export type ParamsOf<Method extends string> = Method extends keyof Methods
  ? Methods[Method]["params"]
  : unknown;

/** What a method answers; unknown for one that is not known here. */
export type ResultOf<Method extends string> = Method extends keyof Methods
  ? Methods[Method]["result"]
  : unknown;
`;
  return `// What methods take and answer. ${MADE_BY}\n\n${importsFor(body)}\n${body}`;
}

/** src/sdk/notification_types.ts, not yet formatted: what is told without being asked. */
export function sdkNotifications(document: OpenRpcDocument): string {
  const notifications = document["x-notifications"].map(({ name, summary, params }) =>
    `  /** ${summary}. */\n  ${JSON.stringify(name)}: ${typeText(params, SUFFIX)};`
  );
  const body = `/** Every notification by its name, with what is in it. */
export interface NotificationParams {
${notifications.join("\n")}
}
`;
  return `// What the device tells without being asked. ${MADE_BY}\n\n${importsFor(body)}\n${body}`;
}

function importsFor(body: string): string {
  const names = [...new Set(body.match(/\b[A-Z]\w+Info\b/g))].sort();
  return `import type { ${names.join(", ")} } from "./method_shapes.ts";\n`;
}
