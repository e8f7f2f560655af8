// The files that are made from the table of methods and the routes: docs/api and the SDK's types.

import { errorPage } from "../../packaging/build/reference/error_page.ts";
import { methodPage } from "../../packaging/build/reference/method_page.ts";
import { notificationPage } from "../../packaging/build/reference/notification_page.ts";
import { openApiDocument } from "../../packaging/build/reference/openapi.ts";
import {
  sdkMethods,
  sdkNotifications,
  sdkShapes,
} from "../../packaging/build/reference/sdk_types.ts";
import { describeApi } from "../../src/features/rpc/reference/openrpc.ts";
import { readMethodTable } from "./method_table.ts";

const ROOT = new URL("../../", import.meta.url);

/** Every file by its path from the root, formatted. */
export async function referenceFiles(): Promise<Map<string, string>> {
  const document = describeApi(readMethodTable());
  const clientErrors = await Deno.readTextFile(new URL("src/sdk/client_error.ts", ROOT));
  const texts: [path: string, text: string][] = [
    ["docs/api/openrpc.json", JSON.stringify(document)],
    ["docs/api/openapi.json", JSON.stringify(openApiDocument())],
    ["docs/api/methods.md", methodPage(document)],
    ["docs/api/notifications.md", notificationPage(document)],
    ["docs/api/errors.md", errorPage(document, clientErrors)],
    ["src/sdk/method_shapes.ts", sdkShapes(document)],
    ["src/sdk/method_types.ts", sdkMethods(document)],
    ["src/sdk/notification_types.ts", sdkNotifications(document)],
  ];
  const files = new Map<string, string>();
  for (const [path, text] of texts) files.set(path, await format(path, text));
  return files;
}

async function format(path: string, text: string): Promise<string> {
  const extension = path.slice(path.lastIndexOf(".") + 1);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "-q", "--ext", extension, "-"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(`${path}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
