// What the guard does with a TCP connection, in the small.

/** The part of a TCP connection that moves bytes. */
export type TcpStream = Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close">;

/** Writes all bytes; `onPart` is called with the length of each part that the other side took. */
export async function writeAll(
  stream: TcpStream,
  bytes: Uint8Array,
  onPart: (bytes: number) => void = () => {},
): Promise<void> {
  let left = bytes;
  while (left.length > 0) {
    const written = await stream.write(left);
    left = left.subarray(written);
    onPart(written);
  }
}

/** Closes a connection that may be closed already; reads and writes under way end. */
export function closeQuietly(stream: TcpStream): void {
  try {
    stream.close();
  } catch {
    // It is closed already.
  }
}

/** Has small writes not wait for each other; false where a peer is gone already. */
export function sendAtOnce(...streams: readonly Deno.TcpConn[]): boolean {
  try {
    for (const stream of streams) stream.setNoDelay();
    return true;
  } catch {
    return false;
  }
}
