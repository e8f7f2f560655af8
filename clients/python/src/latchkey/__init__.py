"""Pair with a Latchkey device once, then call it over encrypted sessions.

The norm of what travels is docs/protocol.md of the project; README.md has the first programs.
"""

from latchkey.credentials import Credentials, CredentialsError
from latchkey.device import Device, Notifications, connect
from latchkey.errors import ErrorKind, LatchkeyError
from latchkey.frames import Envelope
from latchkey.pairing import pair
from latchkey.session import Notification

__all__ = [
    "Credentials",
    "CredentialsError",
    "Device",
    "Envelope",
    "ErrorKind",
    "LatchkeyError",
    "Notification",
    "Notifications",
    "connect",
    "pair",
]
