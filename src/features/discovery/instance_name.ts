// The name under which people find the device: a label of DNS, so at most 63 bytes
// (RFC 6763, section 4.1.1), and another one where somebody has it already.

/** The longest label, in bytes of UTF-8. */
export const MAX_LABEL_BYTES = 63;

/** How many names are tried before the last one is kept for later. */
export const MAX_NAME_TRIES = 20;

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * The name as a label: without invisible characters, dots as dashes, cut at a character; "Latchkey"
 * for nothing.
 */
export function instanceLabel(name: string, suffix = ""): string {
  const room = MAX_LABEL_BYTES - byteLength(suffix);
  const characters = [...name.replace(UNSAFE, "").replaceAll(".", "-").trim()];
  while (byteLength(characters.join("")) > room) characters.pop();
  const label = characters.join("").trim();
  return (label === "" ? "Latchkey" : label) + suffix;
}

/** The label for the n-th try, from 1: the name itself, then "name (2)" and so on. */
export function numberedLabel(name: string, n: number): string {
  return n === 1 ? instanceLabel(name) : instanceLabel(name, ` (${n})`);
}

/** A host name as one label, without a domain; "latchkey" for what cannot be one. */
export function hostLabel(hostName: string): string {
  const label = (hostName.split(".")[0] ?? "").replaceAll(/[^A-Za-z0-9-]/g, "-")
    .replaceAll(/^-+|-+$/g, "").slice(0, MAX_LABEL_BYTES);
  return label === "" ? "latchkey" : label;
}

/** The host's label for the n-th try, from 1: the label itself, then "label-2" and so on. */
export function numberedHost(label: string, n: number): string {
  const suffix = n === 1 ? "" : `-${n}`;
  return label.slice(0, MAX_LABEL_BYTES - suffix.length) + suffix;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
