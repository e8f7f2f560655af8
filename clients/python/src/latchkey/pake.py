"""The client's side of the key exchange on P-256 (docs/protocol.md §2), as pure functions."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from ecdsa import NIST256p
from ecdsa.ellipticcurve import INFINITY, PointJacobi

ORDER: int = int(NIST256p.order)
"""The order of the group."""

_PRIME = int(NIST256p.curve.p())
_U = (
    793136080485469241208656611513609866400481671852,
    59748757929350367369315811184980635230185250460108398961713395032485227207304,
)
_V = (
    1086685267857089638167386722555472967068468061489,
    9157340230202296554417312816309453883742349874205386245733062928888341584123,
)
_PIN = re.compile(r"[0-9]{6}", re.ASCII)
_COORDINATE = re.compile(r"[0-9]{1,78}", re.ASCII)


@dataclass(frozen=True)
class Point:
    """A point in affine coordinates; the identity is (0, 0)."""

    x: int
    y: int


def minimal_bytes(number: int) -> bytes:
    """B(n): big-endian without a leading zero byte; zero is empty."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


class ClientExchange:
    """One exchange; `scalar` is secret, in 1..ORDER-1, and never used again."""

    def __init__(self, pin: str, scalar: int) -> None:
        if not _PIN.fullmatch(pin):
            raise ValueError("Cannot use this PIN: expected six digits")
        if not 0 < scalar < ORDER:
            raise ValueError("Cannot use this scalar: expected 1 to the order of the group")
        self._pin = pin.encode("ascii")
        self._scalar = scalar
        password = int.from_bytes(self._pin, "big")
        self._mask_v = _jacobi(_V) * password
        self._x = _affine(_jacobi(_U) * password + NIST256p.generator * scalar)

    def __repr__(self) -> str:
        return "ClientExchange(...)"

    @property
    def x(self) -> Point:
        """The client's share X."""
        return self._x

    def session_key(self, y: Point) -> bytes:
        """K for the device's share, a point of the curve."""
        z = _affine((_jacobi((y.x, y.y)) + -self._mask_v) * self._scalar)
        numbers = (self._x.x, self._x.y, y.x, y.y, z.x, z.y)
        return hashlib.sha256(self._pin + b"".join(map(minimal_bytes, numbers))).digest()


def encode_client_message(x: Point) -> bytes:
    """msgA as it is sent; these very bytes go into the key schedule."""
    numbers = {"ux": _U[0], "uy": _U[1], "vx": _V[0], "vy": _V[1], "xx": x.x, "xy": x.y}
    texts = {name: str(number) for name, number in numbers.items()}
    message = {"role": 0, **texts, "yx": "0", "yy": "0"}
    return json.dumps(message, separators=(",", ":")).encode("ascii")


def decode_device_message(message: bytes) -> Point | None:
    """Y of msgB; None where it is no device's message or no point of the curve."""
    try:
        fields = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or type(fields.get("role")) is not int or fields["role"] != 1:
        return None
    x, y = _coordinate(fields.get("yx")), _coordinate(fields.get("yy"))
    if x is None or y is None or x >= _PRIME or y >= _PRIME or not NIST256p.curve.contains_point(x, y):
        return None
    return Point(x, y)


def _coordinate(text: object) -> int | None:
    return int(text) if isinstance(text, str) and _COORDINATE.fullmatch(text) else None


def _jacobi(point: tuple[int, int]) -> Any:
    return PointJacobi(NIST256p.curve, point[0], point[1], 1, ORDER)


def _affine(point: Any) -> Point:
    if point == INFINITY:
        return Point(0, 0)
    return Point(int(point.x()), int(point.y()))
