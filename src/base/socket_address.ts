// An IP address with a port as text: "127.0.0.1:7497", "[::1]:7497".

/** An IP address and a port. */
export interface SocketAddress {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly hostname: string;
  /** 0 to 65535; 0 lets the system choose. */
  readonly port: number;
}

const ADDRESS_TEXT = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/;

/** The address in a text; undefined where it is none. Names are no addresses. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const [, v6, v4, portText] = ADDRESS_TEXT.exec(text) ?? [];
  const hostname = v6 === undefined ? canonicalIpv4(v4 ?? "") : canonicalIpv6(v6);
  const port = Number(portText);
  if (hostname === undefined || port > 65535) return undefined;
  return { hostname, port };
}

/** The text of an address, IPv6 in brackets. */
export function formatSocketAddress(address: SocketAddress): string {
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

// URLs know short and octal forms of IPv4 too, which nobody means: only the plain one is taken.
function canonicalIpv4(text: string): string | undefined {
  if (!/^[0-9]{1,3}(\.[0-9]{1,3}){3}$/.test(text)) return undefined;
  return URL.parse(`http://${text}/`)?.hostname === text ? text : undefined;
}

function canonicalIpv6(text: string): string | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined;
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
}
