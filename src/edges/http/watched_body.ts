// A request's body that tells when it has come whole, however its route reads it: a route cannot
// forget to say so, and be cut by the guard as though its peer were slow.

/** The request with the same body; `onWhole` is called at most once, when its last byte was read. */
export function watchBody(request: Request, onWhole: () => void): Request {
  if (request.body === null) return request;
  const reader = request.body.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      onWhole();
      controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
    // Nothing is read ahead: what the route does not take stays with the peer.
  }, { highWaterMark: 0 });
  return new Request(request, { body });
}
