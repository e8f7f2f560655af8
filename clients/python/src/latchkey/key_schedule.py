"""The keys of a pairing and of a session, and the confirms (docs/protocol.md §3 and §5)."""

import hashlib
import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 16


@dataclass(frozen=True)
class PairingKeys:
    """What both sides derive from K; all of it is secret."""

    client_confirm_key: bytes = field(repr=False)
    device_confirm_key: bytes = field(repr=False)
    pairing_key: bytes = field(repr=False)


@dataclass(frozen=True)
class DirectionKeys:
    """The AES-256 key and the base of nonces of one direction."""

    key: bytes = field(repr=False)
    nonce_base: bytes = field(repr=False)


@dataclass(frozen=True)
class SessionKeys:
    """The keys of one session."""

    client_to_device: DirectionKeys
    device_to_client: DirectionKeys


def derive_pairing_keys(session_key: bytes, message_a: bytes, message_b: bytes) -> PairingKeys:
    """The keys of a pairing from K and the two messages as they travelled."""
    salt = message_a + message_b
    return PairingKeys(
        client_confirm_key=_hkdf(session_key, salt, b"zaparoo-confirm-A", KEY_BYTES),
        device_confirm_key=_hkdf(session_key, salt, b"zaparoo-confirm-B", KEY_BYTES),
        pairing_key=_hkdf(session_key, salt, b"zaparoo-pairing-v1", KEY_BYTES),
    )


def derive_session_keys(pairing_key: bytes, salt: bytes) -> SessionKeys:
    """The keys of the session with this salt of 16 bytes."""
    return SessionKeys(
        client_to_device=_direction_keys(pairing_key, salt, b"c2s"),
        device_to_client=_direction_keys(pairing_key, salt, b"s2c"),
    )


def transcript(role: bytes, name: str, message_a: bytes, message_b: bytes) -> bytes:
    """T(role), where the role is b"client" or b"server"."""
    parts = (b"zaparoo-v1", b"p256", role, name.encode(), message_a, message_b)
    return b"".join(map(length_prefixed, parts))


def confirm(key: bytes, text: bytes) -> bytes:
    """The confirm of a transcript: 32 bytes."""
    return hmac.new(key, text, hashlib.sha256).digest()


def length_prefixed(data: bytes) -> bytes:
    """LP(x): the length in 4 bytes, then x."""
    return len(data).to_bytes(4, "big") + data


def _direction_keys(pairing_key: bytes, salt: bytes, direction: bytes) -> DirectionKeys:
    return DirectionKeys(
        key=_hkdf(pairing_key, salt, b"zaparoo-" + direction + b"-v1", KEY_BYTES),
        nonce_base=_hkdf(pairing_key, salt, b"zaparoo-" + direction + b"-nonce-v1", NONCE_BYTES),
    )


def _hkdf(secret: bytes, salt: bytes, label: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=label).derive(secret)
