"""Pairing with a device that answers as it is told; the real one is asked by the system tests."""

import asyncio
import base64
import http.server
import json
import threading
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

from latchkey import LatchkeyError, pair
from latchkey.address import base_url, socket_url
from tests.vectors import ADDRESSES, row

Answer = tuple[int, object]


class FakeDevice:
    """Answers requests of pairing; `answer` gets the step and the body."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Answer]) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        device = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                step = self.path.removeprefix("/api/pair/")
                device.requests.append((step, body))
                status, said = answer(step, body)
                text = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


STARTED: Answer = (
    200,
    {"session": "s", "pake": base64.b64encode(row("pake", "app-kat")["msgB"].encode()).decode()},
)


def always(answer: Answer) -> Callable[[str, dict[str, Any]], Answer]:
    return lambda _, __: answer


def started_then(answer: Answer) -> Callable[[str, dict[str, Any]], Answer]:
    return lambda step, _: STARTED if step == "start" else answer


class Pairing(unittest.TestCase):
    def device(self, answer: Callable[[str, dict[str, Any]], Answer]) -> FakeDevice:
        device = FakeDevice(answer)
        self.addCleanup(device.close)
        return device

    def error_of(self, url: str, pin: str = "123456") -> LatchkeyError:
        with self.assertRaises(LatchkeyError) as raised:
            asyncio.run(pair(url, pin, name="x"))
        self.assertNotIn(pin, str(raised.exception))
        return raised.exception

    def test_refusals_have_their_kinds(self) -> None:
        texts = {
            (400, "no pairing in progress"): "no_pairing",
            (410, "pairing expired"): "pairing_expired",
            (403, "too many failed attempts"): "too_many_attempts",
            (403, "maximum paired clients reached"): "no_place",
            (404, "unknown pairing session"): "no_pairing",
            (401, "wrong PIN"): "wrong_pin",
            (400, "invalid PAKE message"): "refused",
            (400, "client name too long"): "refused",
            (500, "internal error"): "refused",
            (400, "other words"): "no_pairing",
            (410, "other words"): "pairing_expired",
        }
        for (status, text), kind in texts.items():
            device = self.device(always((status, {"error": text})))
            self.assertEqual(self.error_of(device.url).kind, kind, text)
            self.assertEqual(len(device.requests), 1)

    def test_refusals_of_finish_without_known_words_go_by_their_status(self) -> None:
        kinds = {401: "wrong_pin", 403: "too_many_attempts", 404: "no_pairing", 418: "refused"}
        for status, kind in kinds.items():
            device = self.device(started_then((status, b"not JSON")))
            self.assertEqual(self.error_of(device.url).kind, kind)

    def test_a_busy_device_is_asked_again_and_not_for_ever(self) -> None:
        device = self.device(always((429, {"error": "rate limited"})))
        with mock.patch("latchkey.pairing.RETRY_DELAY_S", 0):
            self.assertEqual(self.error_of(device.url).kind, "rate_limited")
        self.assertEqual([step for step, _ in device.requests], ["start"] * 4)
        self.assertEqual(len({json.dumps(body) for _, body in device.requests}), 1)

    def test_a_device_that_cannot_prove_the_pin_is_none(self) -> None:
        forged = base64.b64encode(bytes(32)).decode()
        finished = {"authToken": "t", "clientId": "c", "confirm": forged}
        device = self.device(started_then((200, finished)))
        self.assertEqual(self.error_of(device.url).kind, "device_not_authentic")

    def test_answers_that_are_none_of_the_protocol(self) -> None:
        answers: list[object] = [b"", b"[]", {}, {"session": "s", "pake": "!"}]
        answers += [{"session": "s", "pake": base64.b64encode(b"{}").decode()}]
        for answer in answers:
            device = self.device(always((200, answer)))
            self.assertEqual(self.error_of(device.url).kind, "bad_answer")

    def test_nobody_there(self) -> None:
        device = FakeDevice(always(STARTED))
        device.close()
        self.assertEqual(self.error_of(device.url).kind, "unreachable")

    def test_the_proxy_of_the_environment_is_not_asked(self) -> None:
        device = self.device(always((401, {"error": "wrong PIN"})))
        with mock.patch.dict("os.environ", {"http_proxy": "http://127.0.0.1:9"}):
            self.assertEqual(self.error_of(device.url).kind, "wrong_pin")

    def test_what_cannot_be_sent_is_not(self) -> None:
        device = self.device(always(STARTED))
        for pin, name in (("12345", "x"), ("123456", ""), ("123456", "ü" * 65)):
            with self.assertRaises(ValueError):
                asyncio.run(pair(device.url, pin, name=name))
        self.assertEqual(device.requests, [])

    def test_a_pin_may_be_typed_with_its_gap(self) -> None:
        device = self.device(always((401, {"error": "wrong PIN"})))
        self.assertEqual(self.error_of(device.url, "123 456").kind, "wrong_pin")
        self.assertGreater(len(device.requests[0][1]["name"]), 0)


class Addresses(unittest.TestCase):
    def test_they_are_completed(self) -> None:
        self.assertGreaterEqual(len(ADDRESSES["bases"]), 15)
        for address, url in ADDRESSES["bases"].items():
            self.assertEqual(base_url(address), url)
            # What pair() keeps is an address too.
            self.assertEqual(base_url(url), url)
        self.assertEqual(socket_url("a:1"), "ws://a:1/api/v0.1")
        self.assertEqual(socket_url("https://a/den"), "wss://a/den/api/v0.1")

    def test_what_is_none_is_refused(self) -> None:
        self.assertGreaterEqual(len(ADDRESSES["refused"]), 15)
        for address in ADDRESSES["refused"]:
            for read in (base_url, socket_url):
                with self.assertRaises(ValueError, msg=address) as raised:
                    read(address)
                self.assertIn("expected one such as 192.168.1.5:7497", str(raised.exception))
