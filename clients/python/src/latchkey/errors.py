"""What can go wrong between a program and a device."""

from typing import Literal

ErrorKind = Literal[
    "unreachable",  # Nobody answers at the address, or the connection was refused.
    "no_pairing",  # Nobody has opened pairing on the device, or that pairing is over.
    "wrong_pin",  # The PIN was mistyped; an address has two tries for a PIN.
    "too_many_attempts",  # Too many wrong PINs: pairing must be opened anew.
    "no_place",  # All places for clients are taken: one must be removed on the device.
    "pairing_expired",  # The PIN or this try took too long.
    "rate_limited",  # The device has too many requests.
    "device_not_authentic",  # Whoever answers is not the device, or does not know the PIN.
    "refused",  # The device refused for another reason.
    "bad_answer",  # The answer is not of the protocol.
    "client_removed",  # The device says that it has removed this client: offer to pair again.
    "unsupported_version",  # The device does not speak this version of the encryption.
    "connection_closed",  # The connection is over, by whichever side.
    "timeout",  # No answer in time.
    "rpc_error",  # The device answered with an error; `rpc_code` and `data` tell which.
]
"""Every reason that a program can tell apart."""


class LatchkeyError(Exception):
    """A failure with its kind; the message never holds a PIN, a key or a token.

    Anybody in the network can cause `client_removed`: keep the credentials until a new pairing is
    complete.
    """

    def __init__(
        self, kind: ErrorKind, message: str, *, rpc_code: int | None = None, data: object = None
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.rpc_code = rpc_code
        """The number in the device's answer, such as -32601; of an `rpc_error` only."""
        self.data = data
        """What the device's answer has for programs; of an `rpc_error` only."""

    def again(self) -> "LatchkeyError":
        """The same failure for one more caller, with a traceback of its own."""
        return LatchkeyError(self.kind, str(self), rpc_code=self.rpc_code, data=self.data)
