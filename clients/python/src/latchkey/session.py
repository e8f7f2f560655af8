"""One WebSocket to a device: calls, pings and notifications (docs/protocol.md §4 to §7).

What is sent is one queue, for counters go by its order; what came before a close still counts.
"""

import asyncio
import json
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from latchkey.address import socket_url
from latchkey.credentials import Credentials
from latchkey.errors import ErrorKind, LatchkeyError
from latchkey.frames import Envelope, SealedChannel
from latchkey.key_schedule import SALT_BYTES

PING_PERIOD_S = 15.0
"""How often a silent device is asked whether it is there."""
PING_TIMEOUT_S = 10.0
"""How long it may take to answer that."""
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_CLOSE_TIMEOUT_S = 2.0
_REPLACED = 4000


@dataclass(frozen=True)
class Notification:
    """What the device tells without being asked."""

    method: str
    """Such as "media.started"."""
    params: Any


@dataclass(frozen=True)
class SessionOptions:
    """Options of `open_session`."""

    credentials: Credentials
    envelope: Envelope
    timeout: float
    """How long the device may take to accept the connection, in seconds."""
    on_notification: Callable[[Notification], None]


class Session:
    """An open session, under keys of its own."""

    def __init__(self, socket: ClientConnection, options: SessionOptions) -> None:
        credentials = options.credentials
        self._socket = socket
        self._channel = SealedChannel(
            credentials.auth_token,
            credentials.pairing_key,
            os.urandom(SALT_BYTES),
            envelope=options.envelope,
        )
        self._on_notification = options.on_notification
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._pings: deque[asyncio.Future[None]] = deque()
        self._next_id = 1
        self._is_proven = False
        self.closed: asyncio.Future[LatchkeyError] = asyncio.get_running_loop().create_future()
        """Resolves with what ended the session."""
        self._tasks = [asyncio.create_task(part()) for part in (self._write, self._read)]

    async def call(self, method: str, params: object) -> Any:
        """The result of a method; LatchkeyError where it or the session fails."""
        self._raise_if_closed()
        number = self._next_id
        self._next_id += 1
        request: dict[str, object] = {"jsonrpc": "2.0", "id": number, "method": method}
        if params is not None:
            request["params"] = params
        text = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[number] = answer
        self._outgoing.put_nowait(text)
        try:
            return await answer
        finally:
            self._calls.pop(number, None)

    async def ping(self, timeout: float) -> None:
        """Returns when the device has answered; an unanswered ping ends the session."""
        self._raise_if_closed()
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pings.append(answer)
        self._outgoing.put_nowait("ping")
        try:
            async with asyncio.timeout(timeout):
                await asyncio.shield(answer)
        except TimeoutError:
            error = LatchkeyError("timeout", f"The device did not answer in {timeout} s")
            self.end(error)
            raise error.again() from None

    def prove(self) -> None:
        """Begins the pings that tell a silent device from one that is gone."""
        self._tasks.append(asyncio.create_task(self._ping_periodically()))

    def end(self, error: LatchkeyError) -> None:
        """Ends the session; open calls fail."""
        if self.closed.done():
            return
        self.closed.set_result(error)
        for waiter in [*self._calls.values(), *self._pings]:
            if not waiter.done():
                waiter.set_exception(error.again())
                waiter.exception()  # Whoever waited may be gone.
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def close(self) -> None:
        """Ends the session and waits until the socket is closed."""
        self.end(LatchkeyError("connection_closed", "The connection was closed"))
        await self._socket.close()

    def _raise_if_closed(self) -> None:
        if self.closed.done():
            raise self.closed.result().again()

    async def _write(self) -> None:
        try:
            while True:
                text = await self._outgoing.get()
                await self._socket.send(self._channel.seal(text))
        except ConnectionClosed:
            pass  # Reading goes on to the last message and then tells why.

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                self._receive(self._channel.open(message))
        except ConnectionClosed:
            pass
        except LatchkeyError as error:
            self.end(error)
        finally:
            self.end(self._closed_by_device())
        await self._socket.close()

    async def _ping_periodically(self) -> None:
        while True:
            await asyncio.sleep(PING_PERIOD_S)
            try:
                await self.ping(PING_TIMEOUT_S)
            except LatchkeyError:
                await self._socket.close()
                return

    def _receive(self, text: str) -> None:
        self._is_proven = True
        if text == "pong":
            if self._pings:
                _resolve(self._pings.popleft(), None)
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise LatchkeyError("bad_answer", "A message of the device is not of the protocol")
        if "method" in message:
            if isinstance(message["method"], str):
                self._on_notification(Notification(message["method"], message.get("params")))
            return
        self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        answer = self._calls.get(number) if type(number) is int else None
        if answer is None:
            return
        if "error" not in message:
            _resolve(answer, message.get("result"))
        elif not answer.done():
            answer.set_exception(_rpc_error(message["error"]))

    def _closed_by_device(self) -> LatchkeyError:
        kind: ErrorKind = "connection_closed"
        if not self._is_proven:
            return LatchkeyError(kind, "The device refused the session")
        code = self._socket.close_code
        if code == _REPLACED:
            return ReplacedError(kind, "A newer connection of this client has taken its place")
        return LatchkeyError(kind, f"The connection is over (code {code})")


class ReplacedError(LatchkeyError):
    """A newer connection took the place: whoever comes back would only replace that."""


async def open_session(options: SessionOptions) -> Session:
    """Opens a session; the device's answer to a ping proves it to both sides."""
    try:
        socket = await open_socket(
            socket_url(options.credentials.url),
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=options.timeout,
            close_timeout=_CLOSE_TIMEOUT_S,
            max_size=MAX_MESSAGE_BYTES,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        kind: ErrorKind = "rate_limited" if status == 429 else "unreachable"
        raise LatchkeyError(kind, f"The device refused the connection: {status}") from error
    except TimeoutError as error:
        raise LatchkeyError("timeout", f"No connection in {options.timeout} s") from error
    except (OSError, WebSocketException) as error:
        raise LatchkeyError("unreachable", "The device cannot be reached") from error
    session = Session(socket, options)
    try:
        await session.ping(options.timeout)
    except BaseException:
        await session.close()
        raise
    session.prove()
    return session


def _rpc_error(error: object) -> LatchkeyError:
    fields = error if isinstance(error, dict) else {}
    code, message = fields.get("code"), fields.get("message")
    return LatchkeyError(
        "rpc_error",
        message if isinstance(message, str) else "The device refused",
        rpc_code=code if isinstance(code, int) else None,
        data=fields.get("data"),
    )


def _resolve(waiter: asyncio.Future[Any], result: object) -> None:
    if not waiter.done():
        waiter.set_result(result)
