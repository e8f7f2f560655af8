// A class of clients on one host: each asks for a stream on a connection of its own, all at once.

import { request as httpRequest } from "node:http";

/** A class and what it asks for. */
export interface StreamClass {
  /** The device's address. */
  host: string;
  /** The device's port. */
  port: number;
  /** The path of the POST. */
  path: string;
  /** A request each: its key and its body. */
  requests: { key: string; body: string }[];
}

/** What became of one request; 0 and the error where it was not answered whole. */
export interface StreamResult {
  status: number;
  text: string;
}

/** Asks for all streams and reads them to their ends. */
export async function runStreamClass(
  { requests, ...where }: StreamClass,
): Promise<StreamResult[]> {
  return await Promise.all(requests.map(({ key, body }) => runStream({ ...where, key, body })));
}

function runStream(
  { host, port, path, key, body }: Omit<StreamClass, "requests"> & { key: string; body: string },
): Promise<StreamResult> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ status: 0, text: String(error) });
    const request = httpRequest({
      host,
      port,
      path,
      method: "POST",
      agent: false,
      headers: { Authorization: `Bearer ${key}` },
    }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => text += piece);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", fail);
    });
    request.on("error", fail);
    request.end(body);
  });
}
