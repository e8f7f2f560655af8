// IP addresses as text: one spelling for each, the key they are counted under, and what belongs to
// the device itself.

/** An address in the spelling that everything compares: IPv4 inside IPv6 as IPv4, no zone. */
export function normalizeAddress(address: string): string {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!bare.includes(":")) return bare;
  const canonical = URL.parse(`http://[${bare}]/`)?.hostname.slice(1, -1) ?? bare;
  return unmapHex(canonical) ?? canonical;
}

/** What an address is counted under: itself for IPv4, its /64 for IPv6. */
export function limitKey(address: string): string {
  const normal = normalizeAddress(address);
  return normal.includes(":") ? `${expandIpv6(normal).slice(0, 4).join(":")}::/64` : normal;
}

/** Whether an address can only be reached from the device itself. */
export function isLoopbackAddress(address: string): boolean {
  const normal = normalizeAddress(address);
  return normal === "::1" || /^127\.\d+\.\d+\.\d+$/.test(normal);
}

/** Whether a text is an IPv4 or IPv6 address. */
export function isIpAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return URL.parse(`http://${text}/`)?.hostname === text;
  return /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text) && URL.canParse(`http://[${text}]/`);
}

// The canonical form writes ::ffff:10.0.0.1 as ::ffff:a00:1.
function unmapHex(canonical: string): string | undefined {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const value = parseInt(high, 16) * 0x10000 + parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}

function expandIpv6(canonical: string): string[] {
  const [head = "", tail] = canonical.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(missing).fill("0"), ...right];
}
