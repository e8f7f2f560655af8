"""A device over the life of a program: sessions, calls, notifications, what ends them."""

import asyncio
import json
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

from latchkey import Envelope, LatchkeyError, connect
from latchkey.device import FIRST_PAUSE_S, LAST_PAUSE_S, MAX_WAITING_NOTIFICATIONS, pause_before
from tests.fake_device import FakeDevice, Peer

RESULTS: dict[str, Any] = {
    "large": {"result": "x" * 3_000_000},
    "version": {"result": {"version": "latchkey-0.1.0"}},
    "null": {"result": None},
    "refused": {"error": {"code": 1, "message": "No", "data": {"code": "conflict"}}},
}
PLAIN_REMOVED = '{"jsonrpc":"2.0","id":null,"error":{"code":-32002,"message":"x"}}'


async def serving(peer: Peer) -> None:
    await peer.send("pong")
    await peer.answer_calls(RESULTS)


async def closing(peer: Peer) -> None:
    await peer.send("pong")
    await peer.receive()
    await peer.socket.close(1001)


async def refusing(peer: Peer) -> None:
    await peer.socket.close()


async def removing(peer: Peer) -> None:
    await peer.socket.send(PLAIN_REMOVED)


async def replacing(peer: Peer) -> None:
    await peer.send("pong")
    await peer.socket.close(4000)


async def forging(peer: Peer) -> None:
    await peer.socket.send('{"e":"AAAAAAAAAAAAAAAAAAAAAAAAAAA="}')


async def telling(peer: Peer) -> None:
    await peer.send("pong")
    await peer.receive()
    for number in range(3):
        note = {"jsonrpc": "2.0", "method": "told", "params": {"number": number}}
        await peer.send(json.dumps(note))
    await peer.receive()


class Devices(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        patch = mock.patch("latchkey.device.FIRST_PAUSE_S", 0.01)
        patch.start()
        self.addCleanup(patch.stop)

    def assert_kind(self, error: BaseException, kind: str) -> None:
        self.assertIsInstance(error, LatchkeyError)
        self.assertEqual(getattr(error, "kind"), kind)

    async def test_calls_in_both_envelopes(self) -> None:
        envelopes: tuple[Envelope, ...] = ("json", "binary")
        for envelope in envelopes:
            async with FakeDevice(serving) as fake:
                async with connect(fake.credentials, envelope=envelope) as device:
                    self.assertTrue(device.is_connected)
                    self.assertEqual(
                        await device.call("version"), {"version": "latchkey-0.1.0"}
                    )
                    self.assertIsNone(await device.call("null", {"a": 1}))
                    await device.ping()
                    answers = await asyncio.gather(*[device.call("version") for _ in range(50)])
                    self.assertEqual(len(answers), 50)
                    with self.assertRaises(LatchkeyError) as raised:
                        await device.call("refused")
                    error = raised.exception
                    self.assertEqual((error.kind, error.rpc_code), ("rpc_error", 1))
                    self.assertEqual((str(error), error.data), ("No", {"code": "conflict"}))
                with self.assertRaises(LatchkeyError) as raised:
                    await device.call("version")
                self.assert_kind(raised.exception, "connection_closed")

    async def test_large_answers_arrive(self) -> None:
        async with FakeDevice(serving) as fake, connect(fake.credentials) as device:
            self.assertEqual(len(await device.call("large")), 3_000_000)

    async def test_a_proxy_of_the_environment_is_not_for_devices(self) -> None:
        proxies = {"http_proxy": "http://127.0.0.1:9", "no_proxy": ""}
        async with FakeDevice(serving) as fake:
            with mock.patch.dict("os.environ", proxies):
                async with connect(fake.credentials) as device:
                    self.assertIsNone(await device.call("null"))

    async def test_a_refused_connection_tells_whether_to_wait(self) -> None:
        for status, kind in [(429, "rate_limited"), (403, "unreachable")]:
            async with FakeDevice(serving, status=status) as fake:
                with self.assertRaises(LatchkeyError) as raised:
                    await connect(fake.credentials)
                self.assert_kind(raised.exception, kind)

    async def test_a_call_without_an_answer_times_out_and_the_session_goes_on(self) -> None:
        async with FakeDevice(serving) as fake, connect(fake.credentials) as device:
            with self.assertRaises(LatchkeyError) as raised:
                await device.call("silence", timeout=0.05)
            self.assert_kind(raised.exception, "timeout")
            self.assertIsNone(await device.call("null"))
        self.assertEqual(len(fake.salts), 1)

    async def test_a_lost_session_fails_its_calls_and_is_followed_by_a_fresh_one(self) -> None:
        heard: list[bool] = []
        async with FakeDevice(closing, refusing, serving) as fake:
            async with connect(fake.credentials, on_change=heard.append) as device:
                with self.assertRaises(LatchkeyError) as raised:
                    await device.call("version")
                self.assert_kind(raised.exception, "connection_closed")
                self.assertEqual(await device.call("version"), {"version": "latchkey-0.1.0"})
                self.assertEqual(heard, [True, False, True])
        self.assertEqual(len(fake.salts), 3)
        self.assertEqual(len(set(fake.salts)), 3)

    async def test_notifications_reach_every_reader_and_end_with_the_device(self) -> None:
        async with FakeDevice(telling) as fake:
            device = await connect(fake.credentials)
            readers = [device.notifications(), device.notifications()]
            asyncio.get_running_loop().create_task(device.ping()).add_done_callback(
                lambda task: task.exception()
            )
            for reader in readers:
                told = [await anext(reader) for _ in range(3)]
                self.assertEqual([note.params["number"] for note in told], [0, 1, 2])
                self.assertEqual({note.method for note in told}, {"told"})
            waiting = asyncio.ensure_future(anext(readers[0]))
            await device.close()
            with self.assertRaises(StopAsyncIteration):
                await waiting
            self.assertEqual([note async for note in device.notifications()], [])

    async def test_a_slow_reader_loses_the_oldest(self) -> None:
        async with FakeDevice(serving) as fake, connect(fake.credentials) as device:
            reader = device.notifications()
            from latchkey import Notification

            for number in range(MAX_WAITING_NOTIFICATIONS + 2):
                device._notify(Notification("told", number))
            self.assertEqual(reader.dropped, 2)
            self.assertEqual((await anext(reader)).params, 2)

    async def test_what_no_waiting_helps_against_ends_the_device(self) -> None:
        ends: list[tuple[Callable[[Peer], Any], str]] = [
            (removing, "client_removed"),
            (replacing, "connection_closed"),
        ]
        for last, kind in ends:
            async with FakeDevice(closing, last, serving) as fake:
                async with connect(fake.credentials) as device:
                    reader = device.notifications()
                    with self.assertRaises(LatchkeyError):
                        await device.call("version")
                    with self.assertRaises(LatchkeyError) as raised:
                        await anext(reader)
                    self.assert_kind(raised.exception, kind)
                    with self.assertRaises(LatchkeyError) as raised:
                        await device.call("version")
                    self.assert_kind(raised.exception, kind)
            self.assertEqual(len(fake.salts), 2)

    async def test_the_first_session_fails_at_once_unless_the_program_waits(self) -> None:
        failures: list[tuple[Callable[[Peer], Any], str]] = [
            (refusing, "connection_closed"),
            (removing, "client_removed"),
            (forging, "device_not_authentic"),
        ]
        for first, kind in failures:
            async with FakeDevice(first) as fake:
                with self.assertRaises(LatchkeyError) as raised:
                    await connect(fake.credentials)
                self.assert_kind(raised.exception, kind)
                self.assertEqual(len(fake.salts), 1)
        async with FakeDevice(refusing, refusing, serving) as fake:
            async with connect(fake.credentials, wait_for_device=True) as device:
                self.assertTrue(device.is_connected)
        async with FakeDevice(removing) as fake:
            with self.assertRaises(LatchkeyError) as raised:
                await connect(fake.credentials, wait_for_device=True)
            self.assert_kind(raised.exception, "client_removed")

    async def test_without_reconnecting_the_first_loss_is_the_last(self) -> None:
        async with FakeDevice(closing, serving) as fake:
            async with connect(fake.credentials, reconnect=False) as device:
                for _ in range(2):
                    with self.assertRaises(LatchkeyError) as raised:
                        await device.call("version")
                    self.assert_kind(raised.exception, "connection_closed")
        self.assertEqual(len(fake.salts), 1)

    async def test_a_call_while_the_device_is_away_tells_why(self) -> None:
        async with FakeDevice(closing) as fake:
            credentials = fake.credentials
            device = await connect(credentials)
        async with device:
            while device.is_connected:
                await asyncio.sleep(0.01)
            kind = "connection_closed"
            while kind == "connection_closed":  # Until coming back was tried once.
                with self.assertRaises(LatchkeyError) as raised:
                    await device.call("version", timeout=0.1)
                kind = raised.exception.kind
            self.assertEqual(kind, "unreachable")
        with self.assertRaises(LatchkeyError) as raised:
            await connect(credentials)
        self.assert_kind(raised.exception, "unreachable")

    async def test_pauses_grow_and_begin_anew_after_a_session_that_lasted(self) -> None:
        async def pauses(steady_s: float) -> list[int]:
            failures: list[int] = []

            def no_pause(count: int) -> float:
                failures.append(count)
                return 0.0

            sessions = [closing, refusing, refusing, closing, refusing, serving]
            with (
                mock.patch("latchkey.device.STEADY_S", steady_s),
                mock.patch("latchkey.device.pause_before", no_pause),
            ):
                async with FakeDevice(*sessions) as fake:
                    async with connect(fake.credentials) as device:
                        for _ in range(2):
                            with self.assertRaises(LatchkeyError):
                                await device.call("version")
                        await device.call("version")
            return failures

        self.assertEqual(await pauses(0.0), [0, 1, 2, 0, 1])
        self.assertEqual(await pauses(60.0), [0, 1, 2, 3, 4])

    async def test_a_ping_without_an_answer_ends_the_session(self) -> None:
        async def silent(peer: Peer) -> None:
            await peer.send("pong")
            await peer.socket.wait_closed()

        async with FakeDevice(silent, serving) as fake:
            async with connect(fake.credentials) as device:
                with self.assertRaises(LatchkeyError) as raised:
                    await device.ping(timeout=0.05)
                self.assert_kind(raised.exception, "timeout")
                self.assertIsNone(await device.call("null"))
                self.assertEqual(len(fake.salts), 2)

    async def test_a_device_that_stops_answering_pings_is_lost(self) -> None:
        async def silent(peer: Peer) -> None:
            await peer.send("pong")
            await peer.receive()
            await peer.socket.wait_closed()

        with (
            mock.patch("latchkey.session.PING_PERIOD_S", 0.02),
            mock.patch("latchkey.session.PING_TIMEOUT_S", 0.02),
        ):
            async with FakeDevice(silent, serving) as fake:
                async with connect(fake.credentials):
                    while len(fake.salts) < 2:
                        await asyncio.sleep(0.01)


class Pauses(unittest.TestCase):
    def test_they_grow_to_a_limit_and_are_drawn(self) -> None:
        for failures in range(12):
            whole = min(FIRST_PAUSE_S * 2**failures, LAST_PAUSE_S)
            drawn = {pause_before(failures) for _ in range(50)}
            self.assertGreater(len(drawn), 1)
            self.assertTrue(all(whole / 2 <= pause <= whole for pause in drawn))
        self.assertLessEqual(pause_before(10**6), LAST_PAUSE_S)
