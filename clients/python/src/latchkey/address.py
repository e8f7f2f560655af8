"""Where a device is."""

import re
from urllib.parse import urlsplit

DEFAULT_PORT = 7497
_PORTS = {"http": 80, "https": 443}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NO_HOST = re.compile(r"[\s\x00-\x20<>\\^`{|}%\"]")


def base_url(address: str) -> str:
    """The base URL of "192.168.1.5", "handheld.local:7600" or a URL; ValueError for anything else.

    A URL names its own port, and may have the path under which a proxy has the device.
    """
    has_scheme = _SCHEME.match(address) is not None
    try:
        parts = urlsplit(address if has_scheme else f"http://{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in _PORTS or not host or _NO_HOST.search(address) or "@" in parts.netloc:
        raise _no_address()
    if "?" in address or "#" in address:
        raise _no_address()
    if ":" in host:
        host = f"[{host}]"
    if port is None and not has_scheme:
        port = DEFAULT_PORT
    place = host if port is None or port == _PORTS[parts.scheme] else f"{host}:{port}"
    return f"{parts.scheme}://{place}{parts.path.rstrip('/')}"


def socket_url(address: str) -> str:
    """The WebSocket of a device by its address."""
    return "ws" + base_url(address).removeprefix("http") + "/api/v0.1"


def _no_address() -> ValueError:
    example = f"192.168.1.5:{DEFAULT_PORT}"
    return ValueError(f"Cannot use this address: expected one such as {example}")
