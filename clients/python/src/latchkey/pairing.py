"""The program's side of pairing (docs/protocol.md §3).

The PIN and the secret scalar live in one call and never travel; the device must prove that it knows
the PIN before anything is returned.
"""

import asyncio
import base64
import hmac
import http.client
import json
import platform
import secrets
from typing import Any, Literal
from urllib.parse import urlsplit

from latchkey.address import base_url
from latchkey.credentials import Credentials
from latchkey.errors import ErrorKind, LatchkeyError
from latchkey.frames import decode_base64
from latchkey.key_schedule import confirm, derive_pairing_keys, transcript
from latchkey.pake import ORDER, ClientExchange, decode_device_message, encode_client_message

MAX_TRIES = 4
"""How often a request is sent in all."""
RETRY_DELAY_S = 1.1
"""How long to wait after "too many requests": the device lets one pass a second."""
MAX_NAME_BYTES = 128
MAX_ANSWER_BYTES = 64 * 1024

_Step = Literal["start", "finish"]

# The device's words tell most; a device that has others, the status.
_REFUSALS: dict[str, tuple[ErrorKind, str]] = {
    "no pairing in progress": ("no_pairing", "No pairing is open on the device"),
    "pairing expired": ("pairing_expired", "The PIN has expired"),
    "too many failed attempts": ("too_many_attempts", "The PIN was wrong too often"),
    "maximum paired clients reached": ("no_place", "The device has no place for another client"),
    "unknown pairing session": ("no_pairing", "The pairing is no longer open on the device"),
    "wrong PIN": ("wrong_pin", "The PIN was wrong"),
    "rate limited": ("rate_limited", "The device has too many pairing requests"),
    "start 400": ("no_pairing", "No pairing is open on the device"),
    "start 410": ("pairing_expired", "The PIN has expired"),
    "finish 401": ("wrong_pin", "The PIN was wrong"),
    "finish 403": ("too_many_attempts", "The PIN was wrong too often, or there is no place"),
    "finish 404": ("no_pairing", "The pairing is no longer open on the device"),
    "finish 410": ("pairing_expired", "The pairing has expired"),
    "start 429": ("rate_limited", "The device has too many pairing requests"),
    "finish 429": ("rate_limited", "The device has too many pairing requests"),
}
# Refusals which the status alone would misname.
_REFUSED_REQUESTS = {
    "client name required",
    "client name too long",
    "PAKE message too long",
    "invalid PAKE message",
}


async def pair(
    url: str, pin: str, *, name: str | None = None, timeout: float = 10.0
) -> Credentials:
    """Pairs with the device that shows this PIN.

    `url` is its address, such as "192.168.1.5" or "http://192.168.1.5:7497"; `name` is what its
    owner sees, 1 to 128 bytes of UTF-8; `timeout` is for each request, in seconds. ValueError for
    an address, a PIN or a name that cannot be one; LatchkeyError where pairing fails.
    """
    device = base_url(url)
    own_name = _default_name() if name is None else name
    if not 0 < len(own_name.encode()) <= MAX_NAME_BYTES:
        raise ValueError(f"Cannot use this name: expected 1 to {MAX_NAME_BYTES} bytes of UTF-8")
    digits = "".join(pin.split())
    exchange = ClientExchange(digits, 1 + secrets.randbelow(ORDER - 1))
    message_a = encode_client_message(exchange.x)

    request = {"pake": base64.b64encode(message_a).decode(), "name": own_name}
    started = await _post(device, "start", request, timeout=timeout)
    session = _text_field(started, "session")
    message_b = _bytes_field(started, "pake")
    y = decode_device_message(message_b)
    if y is None:
        raise _bad_answer()
    keys = derive_pairing_keys(exchange.session_key(y), message_a, message_b)

    own = confirm(keys.client_confirm_key, transcript(b"client", own_name, message_a, message_b))
    request = {"session": session, "confirm": base64.b64encode(own).decode()}
    finished = await _post(device, "finish", request, timeout=timeout)
    due = confirm(keys.device_confirm_key, transcript(b"server", own_name, message_a, message_b))
    if not hmac.compare_digest(due, _bytes_field(finished, "confirm")):
        raise LatchkeyError(
            "device_not_authentic", "Whoever answers does not know the PIN: it is not the device"
        )
    return Credentials(
        url=device,
        client_id=_text_field(finished, "clientId"),
        client_name=own_name,
        auth_token=_text_field(finished, "authToken"),
        pairing_key=keys.pairing_key,
    )


def _default_name() -> str:
    name = f"Python on {platform.node() or 'a computer'}"
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")


async def _post(
    device: str, step: _Step, body: dict[str, str], *, timeout: float
) -> dict[str, Any]:
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            status, text = await asyncio.to_thread(_send, device, step, body, timeout)
        except TimeoutError as error:
            raise LatchkeyError("timeout", f"No answer in {timeout} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise LatchkeyError("unreachable", "The device cannot be reached") from error
        if status == 200:
            return _parse(text)
        if status != 429 or tries_left == 0:
            raise _refusal(step, status, text)
        await asyncio.sleep(RETRY_DELAY_S)
    raise AssertionError("unreachable code")


# Asked directly: a proxy of the environment is not for devices in the local network.
def _send(device: str, step: _Step, body: dict[str, str], timeout: float) -> tuple[int, bytes]:
    parts = urlsplit(device)
    is_https = parts.scheme == "https"
    kind = http.client.HTTPSConnection if is_https else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        headers = {"Content-Type": "application/json"}
        text = json.dumps(body, ensure_ascii=False).encode()
        connection.request("POST", f"/api/pair/{step}", body=text, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_ANSWER_BYTES)
    finally:
        connection.close()


def _refusal(step: _Step, status: int, text: bytes) -> LatchkeyError:
    try:
        said = _parse(text).get("error")
    except LatchkeyError:
        said = None
    words = said if isinstance(said, str) else ""
    by_status = None if words in _REFUSED_REQUESTS else _REFUSALS.get(f"{step} {status}")
    unknown: tuple[ErrorKind, str] = ("refused", f"The device refused to pair: status {status}")
    kind, message = _REFUSALS.get(words) or by_status or unknown
    return LatchkeyError(kind, message)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad_answer() from None
    if not isinstance(answer, dict):
        raise _bad_answer()
    return answer


def _text_field(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or value == "":
        raise _bad_answer()
    return value


def _bytes_field(answer: dict[str, Any], name: str) -> bytes:
    data = decode_base64(answer.get(name))
    if data is None:
        raise _bad_answer()
    return data


def _bad_answer() -> LatchkeyError:
    return LatchkeyError("bad_answer", "The device's answer is not of the protocol")
