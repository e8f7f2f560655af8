"""A paired device for as long as a program runs: one session after the other.

Each has a fresh salt; the pauses between them grow and are drawn, so that many programs do not come
back at once (docs/api/encryption.md, "The life of a connection").
"""

import asyncio
import random
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from types import TracebackType
from typing import Any

from latchkey.credentials import Credentials
from latchkey.errors import LatchkeyError
from latchkey.frames import Envelope
from latchkey.session import Notification, ReplacedError, Session, SessionOptions, open_session

DEFAULT_TIMEOUT_S = 10.0
"""How long a device may take to accept a connection or to answer."""
FIRST_PAUSE_S = 1.0
LAST_PAUSE_S = 30.0
STEADY_S = 30.0
"""How long a session must last for the pauses to begin anew: each costs the device a salt for good."""
MAX_WAITING_NOTIFICATIONS = 1024
"""How many notifications wait for a slow reader; the oldest go first."""

# Answered with pairing again or with another version, and never by waiting.
_FINAL_KINDS = ("client_removed", "unsupported_version")


def pause_before(failures: int) -> float:
    """How long to wait after so many failures in a row, in seconds: drawn from the upper half."""
    whole = min(FIRST_PAUSE_S * 2 ** min(failures, 16), LAST_PAUSE_S)
    return random.uniform(whole / 2, whole)


class Notifications(AsyncIterator[Notification]):
    """What the device tells, from the moment this was made.

    Ends when the program closes the device; raises LatchkeyError where the device is lost for good.
    What a device tells while there is no session never arrives.
    """

    def __init__(self) -> None:
        self._waiting: deque[Notification] = deque()
        self._changed = asyncio.Event()
        self._end: LatchkeyError | None = None
        self._is_over = False
        self.dropped = 0
        """How many were left out because this reader was too slow."""

    def __aiter__(self) -> "Notifications":
        return self

    async def __anext__(self) -> Notification:
        while not self._waiting:
            if self._is_over:
                if self._end is not None:
                    raise self._end.again()
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    def _put(self, notification: Notification) -> None:
        self._waiting.append(notification)
        if len(self._waiting) > MAX_WAITING_NOTIFICATIONS:
            self._waiting.popleft()
            self.dropped += 1
        self._changed.set()

    def _finish(self, error: LatchkeyError | None) -> None:
        self._is_over, self._end = True, error
        self._changed.set()


class Device:
    """A paired device; `connect` makes it."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        envelope: Envelope,
        timeout: float,
        reconnect: bool,
        on_change: Callable[[bool], None] | None,
    ) -> None:
        self._options = SessionOptions(
            credentials=credentials,
            envelope=envelope,
            timeout=timeout,
            on_notification=self._notify,
        )
        self._reconnects = reconnect
        self._on_change = on_change or (lambda _: None)
        self._session: Session | None = None
        self._began_s = 0.0
        self._changed = asyncio.Event()
        self._last_error: LatchkeyError | None = None
        self._is_over = False
        self._keeper: asyncio.Task[None] | None = None
        self._readers: weakref.WeakSet[Notifications] = weakref.WeakSet()

    @property
    def is_connected(self) -> bool:
        """Whether there is a session now."""
        return self._session is not None and not self._session.closed.done()

    async def call(self, method: str, params: object = None, *, timeout: float | None = None) -> Any:
        """The result of a method.

        Waits for a session where there is none, within the same `timeout` (in seconds; that of the
        device where it is None). LatchkeyError: `rpc_error` where the device refuses, `timeout`,
        or `connection_closed` where the session ended before the answer came: the device may have
        carried the call out.
        """
        seconds = self._options.timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                session = await self._wait_for_session()
                return await session.call(method, params)
        except TimeoutError:
            if not self.is_connected and self._last_error is not None:
                raise self._last_error.again() from None
            raise LatchkeyError("timeout", f"No answer to {method} in {seconds} s") from None

    async def ping(self, *, timeout: float | None = None) -> None:
        """Returns when the device has answered; an unanswered ping ends the session."""
        session = await self._wait_for_session()
        await session.ping(self._options.timeout if timeout is None else timeout)

    def notifications(self) -> Notifications:
        """What the device tells from now on; each reader gets all of it."""
        reader = Notifications()
        if self._is_over:
            reader._finish(self._last_error)
        self._readers.add(reader)
        return reader

    async def close(self) -> None:
        """Ends the session; open calls fail, and readers of notifications end."""
        session = self._session
        self._end(None)
        keeper, self._keeper = self._keeper, None
        if keeper is not None and keeper is not asyncio.current_task():
            keeper.cancel()
            await asyncio.wait([keeper])
        if session is not None:
            await session.close()

    async def __aenter__(self) -> "Device":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _open(self, *, wait_for_device: bool) -> None:
        if not wait_for_device:
            self._begin(await open_session(self._options))
        self._keeper = asyncio.create_task(self._keep())
        if wait_for_device:
            try:
                await self._wait_for_session()
            except BaseException:
                await self.close()
                raise

    async def _keep(self) -> None:
        failures = 0
        while True:
            try:
                if self._session is None:
                    self._begin(await open_session(self._options))
                assert self._session is not None
                self._lose(await asyncio.shield(self._session.closed))
                if asyncio.get_running_loop().time() - self._began_s >= STEADY_S:
                    failures = 0
                if not self._reconnects:
                    return self._end(self._last_error)
            except LatchkeyError as error:
                self._last_error = error
            if isinstance(self._last_error, ReplacedError) or (
                self._last_error is not None and self._last_error.kind in _FINAL_KINDS
            ):
                return self._end(self._last_error)
            await asyncio.sleep(pause_before(failures))
            failures += 1

    def _begin(self, session: Session) -> None:
        self._session = session
        self._began_s = asyncio.get_running_loop().time()
        self._changed.set()
        asyncio.get_running_loop().call_soon(self._on_change, True)

    def _lose(self, error: LatchkeyError) -> None:
        self._last_error = error
        self._session = None
        asyncio.get_running_loop().call_soon(self._on_change, False)

    def _end(self, error: LatchkeyError | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._last_error = error
        self._session = None
        self._changed.set()
        for reader in list(self._readers):
            reader._finish(error)

    async def _wait_for_session(self) -> Session:
        while True:
            # One that has just ended is none, though nobody has been told yet.
            if self._session is not None and not self._session.closed.done():
                return self._session
            if self._is_over:
                if self._last_error is not None:
                    raise self._last_error.again()
                raise LatchkeyError("connection_closed", "The connection was closed")
            self._changed.clear()
            await self._changed.wait()

    def _notify(self, notification: Notification) -> None:
        for reader in list(self._readers):
            reader._put(notification)


class _Connecting:
    def __init__(self, device: Device, *, wait_for_device: bool) -> None:
        self._device = device
        self._wait_for_device = wait_for_device

    def __await__(self) -> Generator[Any, None, Device]:
        return self._run().__await__()

    async def __aenter__(self) -> Device:
        return await self._run()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._device.close()

    async def _run(self) -> Device:
        await self._device._open(wait_for_device=self._wait_for_device)
        return self._device


def connect(
    credentials: Credentials,
    *,
    envelope: Envelope = "json",
    timeout: float = DEFAULT_TIMEOUT_S,
    reconnect: bool = True,
    wait_for_device: bool = False,
    on_change: Callable[[bool], None] | None = None,
) -> _Connecting:
    """Connects to a paired device: `async with connect(...)` or `await connect(...)`.

    A lost session is followed by another after 1, 2, 4 … 30 s, until `close`, unless `reconnect` is
    False. `wait_for_device` waits in the same way where the device is away at first. `timeout` is
    how long it may take to accept a connection or to answer, in seconds. `on_change` hears that
    there is a session (True) or none (False). LatchkeyError: `unreachable`, `timeout`,
    `rate_limited`, `connection_closed` where the device refuses the session,
    `device_not_authentic`, `unsupported_version`, or `client_removed`, after which a program
    offers to pair again.
    """
    device = Device(
        credentials, envelope=envelope, timeout=timeout, reconnect=reconnect, on_change=on_change
    )
    return _Connecting(device, wait_for_device=wait_for_device)
