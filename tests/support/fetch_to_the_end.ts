// A fetch for clients that leave a stream unread after its last line: the test leaves nothing open.

/** Reads every answer to its end by itself. */
export async function fetchToTheEnd(
  input: Parameters<typeof fetch>[0],
  init?: RequestInit,
): Promise<Response> {
  const response = await fetch(input, init);
  const ahead = new TransformStream(undefined, undefined, { highWaterMark: 1000 });
  return new Response(response.body?.pipeThrough(ahead) ?? null, response);
}
