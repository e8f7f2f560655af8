"""A device that speaks sessions as it is told, over real sockets."""

import base64
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from latchkey import Credentials
from latchkey.frames import FrameCipher, decode_base64
from latchkey.key_schedule import derive_session_keys

KEY = bytes(range(32))
TOKEN = "550e8400-e29b-41d4-a716-446655440000"


class Peer:
    """One session, seen from the device."""

    def __init__(self, socket: ServerConnection, first: str | bytes) -> None:
        self.socket = socket
        self._is_binary = isinstance(first, bytes)
        if isinstance(first, bytes):
            token_end = 18 + first[17]
            self.salt, ciphertext = first[1:17], first[token_end:]
            assert first[18:token_end].decode() == TOKEN
        else:
            fields = json.loads(first)
            salt = decode_base64(fields["s"])
            ciphertext = decode_base64(fields["e"]) or b""
            assert salt is not None and fields["t"] == TOKEN and fields["v"] == 1
            self.salt = salt
        keys = derive_session_keys(KEY, self.salt)
        self._incoming = FrameCipher(keys.client_to_device, TOKEN)
        self._outgoing = FrameCipher(keys.device_to_client, TOKEN)
        assert self._incoming.open(ciphertext) == b"ping"

    async def send(self, text: str) -> None:
        sealed = self._outgoing.seal(text.encode())
        encoded = base64.b64encode(sealed).decode()
        await self.socket.send(sealed if self._is_binary else json.dumps({"e": encoded}))

    async def receive(self) -> str:
        message = await self.socket.recv()
        if isinstance(message, str):
            message = decode_base64(json.loads(message)["e"]) or b""
        plaintext = self._incoming.open(message)
        assert plaintext is not None
        return plaintext.decode()

    async def answer_calls(self, results: dict[str, Any]) -> None:
        """Answers until the socket closes: a method that is missing gets no answer."""
        while True:
            text = await self.receive()
            if text == "ping":
                await self.send("pong")
                continue
            call = json.loads(text)
            if call["method"] in results:
                answer = {"jsonrpc": "2.0", "id": call["id"], **results[call["method"]]}
                await self.send(json.dumps(answer))


class FakeDevice:
    """Hands each session to the next of `sessions`; the last one takes all that follow.

    With `status` it refuses every connection with that.
    """

    def __init__(
        self, *sessions: Callable[[Peer], Awaitable[None]], status: int | None = None
    ) -> None:
        self._sessions = list(sessions)
        self._status = status
        self.salts: list[bytes] = []
        self._server: Server | None = None

    async def __aenter__(self) -> "FakeDevice":
        self._server = await serve(
            self._handle, "127.0.0.1", 0, process_request=self._refusal
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.credentials = Credentials(f"http://127.0.0.1:{port}", "c", "n", TOKEN, KEY)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def _refusal(self, socket: ServerConnection, _: Request) -> Response | None:
        return None if self._status is None else socket.respond(self._status, "")

    async def _handle(self, socket: ServerConnection) -> None:
        session = self._sessions.pop(0) if len(self._sessions) > 1 else self._sessions[0]
        with contextlib.suppress(ConnectionClosed):
            peer = Peer(socket, await socket.recv())
            self.salts.append(peer.salt)
            await session(peer)
