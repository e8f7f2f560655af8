"""Where a device is."""

from urllib.parse import urlsplit

DEFAULT_PORT = 7497
_PORT_OF_HTTPS = 443


def base_url(address: str) -> str:
    """The base URL of "192.168.1.5", "handheld.local:7497" or a URL; ValueError for anything else."""
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("Cannot use this address: expected a host or an http URL")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("Cannot use this address: expected nothing but a host and a port")
    port = parts.port or (DEFAULT_PORT if parts.scheme == "http" else _PORT_OF_HTTPS)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def socket_url(url: str) -> str:
    """The WebSocket of a device by its base URL."""
    return "ws" + url.removeprefix("http") + "/api/v0.1"
