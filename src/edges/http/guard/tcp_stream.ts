// What the guard does with a TCP connection, in the small.

/** The part of a TCP connection that moves bytes. */
export type TcpStream = Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close">;

/** Writes all bytes; `onPart` is called after each part that the other side took. */
export async function writeAll(
  stream: TcpStream,
  bytes: Uint8Array,
  onPart: () => void = () => {},
): Promise<void> {
  let left = bytes;
  while (left.length > 0) {
    left = left.subarray(await stream.write(left));
    onPart();
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
