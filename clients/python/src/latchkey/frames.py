"""Frames of one session: texts to messages and back (docs/protocol.md §4 and §5)."""

import base64
import binascii
import json
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from latchkey.errors import LatchkeyError
from latchkey.key_schedule import DirectionKeys, derive_session_keys

Envelope = Literal["json", "binary"]
"""How frames travel; "binary" saves a quarter of the bytes."""

_VERSION = 1
_LAST_COUNTER = 2**64 - 1


class FrameCipher:
    """Seals or opens the frames of one direction, in order."""

    def __init__(self, keys: DirectionKeys, auth_token: str, *, counter: int = 0) -> None:
        self._cipher = AESGCM(keys.key)
        self._base = keys.nonce_base
        self._aad = f"{auth_token}:ws".encode()
        self._counter = counter

    def seal(self, plaintext: bytes) -> bytes:
        """The ciphertext of the next frame, with its tag."""
        return self._cipher.encrypt(self._next_nonce(), plaintext, self._aad)

    def open(self, ciphertext: bytes) -> bytes | None:
        """The plaintext of the next frame; None ends the session."""
        try:
            return self._cipher.decrypt(self._next_nonce(), ciphertext, self._aad)
        except InvalidTag:
            return None

    def _next_nonce(self) -> bytes:
        nonce = nonce_at(self._base, self._counter)
        self._counter += 1
        return nonce


def nonce_at(base: bytes, counter: int) -> bytes:
    """The nonce of a frame; OverflowError where the counter is used up."""
    if not 0 <= counter < _LAST_COUNTER:
        raise OverflowError("No nonce is left: the session must end")
    tail = int.from_bytes(base[4:], "big") ^ counter
    return base[:4] + tail.to_bytes(8, "big")


class SealedChannel:
    """The two directions of one session; the salt is fresh for each."""

    def __init__(
        self, auth_token: str, pairing_key: bytes, salt: bytes, *, envelope: Envelope = "json"
    ) -> None:
        keys = derive_session_keys(pairing_key, salt)
        self._auth_token = auth_token
        self._salt = salt
        self._envelope: Envelope = envelope
        self._outgoing = FrameCipher(keys.client_to_device, auth_token)
        self._incoming = FrameCipher(keys.device_to_client, auth_token)
        self._is_first_out = True
        self._is_first_in = True

    def seal(self, text: str) -> str | bytes:
        """The next message to the device."""
        ciphertext = self._outgoing.seal(text.encode())
        is_first, self._is_first_out = self._is_first_out, False
        if self._envelope == "json":
            return self._json_message(ciphertext, is_first)
        return self._first_head() + ciphertext if is_first else ciphertext

    def open(self, message: str | bytes) -> str:
        """The text of the device's next message; LatchkeyError ends the session."""
        # Once the session is proven, plaintext is nobody's word but an attacker's.
        if self._is_first_in:
            _raise_plaintext_error(message)
        self._is_first_in = False
        ciphertext = _ciphertext_of(message, self._envelope)
        plaintext = None if ciphertext is None else self._incoming.open(ciphertext)
        try:
            if plaintext is not None:
                return plaintext.decode()
        except UnicodeDecodeError:
            pass
        raise LatchkeyError(
            "device_not_authentic", "A message is not from the device that was paired"
        )

    def _json_message(self, ciphertext: bytes, is_first: bool) -> str:
        message: dict[str, Any] = {"e": base64.b64encode(ciphertext).decode()}
        if is_first:
            salt = base64.b64encode(self._salt).decode()
            message = {"v": _VERSION, **message, "t": self._auth_token, "s": salt}
        return json.dumps(message, separators=(",", ":"))

    def _first_head(self) -> bytes:
        token = self._auth_token.encode()
        return bytes([_VERSION]) + self._salt + bytes([len(token)]) + token


def decode_base64(text: object) -> bytes | None:
    """Bytes of padded base64 in the standard alphabet; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _ciphertext_of(message: str | bytes, envelope: Envelope) -> bytes | None:
    if envelope == "binary":
        return message if isinstance(message, bytes) else None
    fields = _json_object(message)
    return None if fields is None else decode_base64(fields.get("e"))


def _json_object(message: str | bytes) -> dict[str, Any] | None:
    if not isinstance(message, str):
        return None
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _raise_plaintext_error(message: str | bytes) -> None:
    fields = _json_object(message)
    if fields is None or fields.get("id", 0) is not None:
        return
    error = fields.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code == -32001:
        raise LatchkeyError("unsupported_version", "The device speaks another version")
    if code == -32002:
        raise LatchkeyError(
            "client_removed", "The device says that it has removed this client: pair again"
        )
