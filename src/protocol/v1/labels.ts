// Every name that version 1 puts into a key, a transcript or a frame (docs/protocol.md §2 to §5). A
// later version has its own, so that no bytes of one mean anything in the other.

/** The number that frames of this version carry. */
export const PROTOCOL_VERSION = 1;

/** What a transcript begins with: protocol, curve, and whose confirm it is under. */
export const TRANSCRIPT_LABELS = {
  protocol: "zaparoo-v1",
  curve: "p256",
  client: "client",
  device: "server",
} as const;

/** The labels of HKDF. */
export const KEY_LABELS = {
  clientConfirm: "zaparoo-confirm-A",
  deviceConfirm: "zaparoo-confirm-B",
  pairing: "zaparoo-pairing-v1",
  clientToDevice: "zaparoo-c2s-v1",
  clientToDeviceNonce: "zaparoo-c2s-nonce-v1",
  deviceToClient: "zaparoo-s2c-v1",
  deviceToClientNonce: "zaparoo-s2c-nonce-v1",
} as const;

/** What stands behind the token in a frame's additional data: the transport. */
export const AAD_SUFFIX = ":ws";
