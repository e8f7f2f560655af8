"""What a program keeps of a pairing, and the file that it lies in."""

import base64
import json
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latchkey.frames import decode_base64
from latchkey.key_schedule import KEY_BYTES


class CredentialsError(ValueError):
    """A text that holds no credentials: the program must pair again."""


@dataclass(frozen=True)
class Credentials:
    """The result of a pairing. Whoever has it can talk to the device as this program.

    The JSON text is that of the files of `latchkey remote`, so that either can use the other's.
    """

    url: str
    """The device's base URL, such as "http://192.168.1.5:7497"."""
    client_id: str
    """By which the device's owner can name the program."""
    client_name: str
    auth_token: str = field(repr=False)
    """Names the program in its first frames."""
    pairing_key: bytes = field(repr=False)
    """32 bytes: a secret."""
    paired_at: int = field(default_factory=lambda: int(time.time()))
    """When it was paired, in Unix seconds."""

    def to_json(self) -> str:
        """The credentials as a JSON text for a key store."""
        pairing_key = base64.b64encode(self.pairing_key).decode()
        credentials = {
            "clientId": self.client_id,
            "clientName": self.client_name,
            "authToken": self.auth_token,
            "pairingKey": pairing_key,
        }
        return json.dumps(
            {"url": self.url, "pairedAt": self.paired_at, "credentials": credentials},
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> "Credentials":
        """The credentials of a JSON text; CredentialsError where it has none."""
        try:
            kept = json.loads(text)
            inner = kept["credentials"]
            key = decode_base64(inner["pairingKey"])
            if key is None or len(key) != KEY_BYTES or type(kept["pairedAt"]) is not int:
                raise KeyError
            return cls(
                url=_text(kept, "url"),
                client_id=_text(inner, "clientId"),
                client_name=_text(inner, "clientName"),
                auth_token=_text(inner, "authToken"),
                pairing_key=key,
                paired_at=kept["pairedAt"],
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            # What the text has may be a secret, so the cause does not show it.
            raise CredentialsError("Cannot understand credentials: pair again") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes them to a file that only this user can read, whole or not at all."""
        target = Path(path)
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(part, flags, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self.to_json() + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Credentials | None":
        """The credentials of a file; None where there is none, CredentialsError where it is broken."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise CredentialsError("Cannot understand credentials: pair again") from None
        return cls.from_json(text)


def _text(fields: Any, name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or value == "":
        raise KeyError(name)
    return value
