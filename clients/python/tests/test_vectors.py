"""The shared vectors through the code that ships."""

import base64
import json
import unittest

from latchkey.errors import LatchkeyError
from latchkey.frames import FrameCipher, SealedChannel, nonce_at
from latchkey.key_schedule import (
    DirectionKeys,
    confirm,
    derive_pairing_keys,
    derive_session_keys,
    length_prefixed,
    transcript,
)
from latchkey.pake import (
    ORDER,
    ClientExchange,
    Point,
    decode_device_message,
    encode_client_message,
    minimal_bytes,
)
from tests.vectors import row, rows


_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1


class Exchanges(unittest.TestCase):
    def test_shares_messages_and_keys(self) -> None:
        for given in rows("pake") + rows("pake_unreduced"):
            with self.subTest(given["name"]):
                exchange = ClientExchange(given["pin"], int(given["alpha_a_hex"], 16) % ORDER)
                x = Point(int(given["X"]["x"]), int(given["X"]["y"]))
                y = Point(int(given["Y"]["x"]), int(given["Y"]["y"]))
                self.assertEqual(exchange.x, x)
                self.assertEqual(decode_device_message(given["msgB"].encode()), y)
                self.assertEqual(exchange.session_key(y).hex(), given["session_key_hex"])
                sent = encode_client_message(x)
                self.assertEqual(json.loads(sent), json.loads(given["msgA"]))

    def test_messages_are_written_as_the_vectors_have_them(self) -> None:
        given = row("pake", "app-kat")
        exchange = ClientExchange(given["pin"], int(given["alpha_a_hex"], 16))
        self.assertEqual(encode_client_message(exchange.x).decode(), given["msgA"])

    def test_a_wrong_pin_gives_other_keys(self) -> None:
        (given,) = rows("pairing_wrong_pin")
        exchange = ClientExchange(given["typed_pin"], int(given["alpha_a_hex"], 16) % ORDER)
        message_a, message_b = given["msgA"].encode(), given["msgB"].encode()
        y = decode_device_message(message_b)
        assert y is not None
        key = exchange.session_key(y)
        self.assertEqual(key.hex(), given["client_session_key_hex"])
        keys = derive_pairing_keys(key, message_a, message_b)
        name = rows("pairing")[0]["client_name"]
        sent = confirm(keys.client_confirm_key, transcript(b"client", name, message_a, message_b))
        self.assertEqual(sent.hex(), given["client_sends_confirm_hex"])
        self.assertNotEqual(sent.hex(), given["server_expects_confirm_hex"])

    def test_numbers_and_lengths(self) -> None:
        for given in rows("minimal_bytes"):
            self.assertEqual(minimal_bytes(int(given["dec"])).hex(), given["hex"])
        for given in rows("length_prefix"):
            data = bytes.fromhex(given["hex_in"])
            self.assertEqual(length_prefixed(data).hex(), given["hex_out"])

    def test_what_is_no_device_message_is_refused(self) -> None:
        right = json.loads(row("pake", "app-kat")["msgB"])
        wrong = [
            {**right, "role": 0},
            {**right, "role": True},
            {**right, "yx": "0", "yy": "0"},
            {**right, "yx": int(right["yx"])},
            {**right, "yx": f"+{right['yx']}"},
            {**right, "yx": f"{right['yx']}\n"},
            {**right, "yy": str(int(right["yy"]) + 1)},
            {**right, "yx": str(int(right["yx"]) + _PRIME)},
            {**right, "yy": str(int(right["yy"]) + _PRIME)},
            {**right, "yy": ""},
            {key: value for key, value in right.items() if key != "yy"},
            [right],
        ]
        for message in wrong:
            self.assertIsNone(decode_device_message(json.dumps(message).encode()), message)
        for text in (b"", b"{", b"\xff", b"[" * 100_000):
            self.assertIsNone(decode_device_message(text))

    def test_what_is_no_pin_is_refused(self) -> None:
        for pin in ("", "12345", "1234567", "12345a", "12345٣"):
            with self.assertRaises(ValueError):
                ClientExchange(pin, 1)
        for scalar in (0, ORDER):
            with self.assertRaises(ValueError):
                ClientExchange("123456", scalar)


class Pairings(unittest.TestCase):
    def test_keys_transcripts_and_confirms(self) -> None:
        for given in rows("pairing"):
            exchange = row("pake", given["pake_case"])
            name = given["client_name"]
            messages = (exchange["msgA"].encode(), exchange["msgB"].encode())
            keys = derive_pairing_keys(bytes.fromhex(given["session_key_hex"]), *messages)
            self.assertEqual(keys.client_confirm_key.hex(), given["confirm_key_a_hex"])
            self.assertEqual(keys.device_confirm_key.hex(), given["confirm_key_b_hex"])
            self.assertEqual(keys.pairing_key.hex(), given["pairing_key_hex"])
            for role, side, key in (
                (b"client", "client", keys.client_confirm_key),
                (b"server", "server", keys.device_confirm_key),
            ):
                text = transcript(role, name, *messages)
                self.assertEqual(text.hex(), given[f"transcript_{side}_hex"])
                self.assertEqual(confirm(key, text).hex(), given[f"confirm_{side}_hex"])


class Sessions(unittest.TestCase):
    def test_keys(self) -> None:
        for given in rows("session_keys"):
            salt = bytes.fromhex(given["salt_hex"])
            keys = derive_session_keys(bytes.fromhex(given["pairing_key_hex"]), salt)
            self.assertEqual(keys.client_to_device.key.hex(), given["c2s_key_hex"])
            self.assertEqual(keys.client_to_device.nonce_base.hex(), given["c2s_base_hex"])
            self.assertEqual(keys.device_to_client.key.hex(), given["s2c_key_hex"])
            self.assertEqual(keys.device_to_client.nonce_base.hex(), given["s2c_base_hex"])

    def test_nonces(self) -> None:
        for given in rows("nonces"):
            base = bytes.fromhex(given["base_hex"])
            self.assertEqual(nonce_at(base, int(given["counter"])).hex(), given["nonce_hex"])
        for given in rows("nonces_invalid"):
            with self.assertRaises(OverflowError):
                nonce_at(bytes(12), int(given["counter"]))

    def test_frames_of_both_directions(self) -> None:
        for given in rows("frames"):
            session = row("session_keys", given["session"])
            direction = given["direction"]
            keys = DirectionKeys(
                bytes.fromhex(session[f"{direction}_key_hex"]),
                bytes.fromhex(session[f"{direction}_base_hex"]),
            )
            token, counter = given["auth_token"], int(given["counter"])
            plaintext = bytes.fromhex(given["plaintext_hex"])
            sealed = FrameCipher(keys, token, counter=counter).seal(plaintext)
            self.assertEqual(sealed.hex(), given["ciphertext_tag_hex"])
            self.assertEqual(FrameCipher(keys, token, counter=counter).open(sealed), plaintext)
            frame = json.loads(given["frame"])
            self.assertEqual(base64.b64decode(frame["e"]), sealed)

    def test_frames_follow_each_other(self) -> None:
        given = [row for row in rows("frames") if row["direction"] == "c2s"]
        in_order = {
            int(row["counter"]): row for row in given if row["session"] == given[0]["session"]
        }
        keys = row("session_keys", given[0]["session"])
        sealing, opening = (
            FrameCipher(
                DirectionKeys(
                    bytes.fromhex(keys["c2s_key_hex"]), bytes.fromhex(keys["c2s_base_hex"])
                ),
                given[0]["auth_token"],
            )
            for _ in range(2)
        )
        for counter in range(3):
            plaintext = bytes.fromhex(in_order[counter]["plaintext_hex"])
            sealed = sealing.seal(plaintext)
            self.assertEqual(sealed.hex(), in_order[counter]["ciphertext_tag_hex"])
            self.assertEqual(opening.open(sealed), plaintext)

    def test_the_first_frame_in_both_envelopes(self) -> None:
        given = row("frames", "first")
        session = row("session_keys", given["session"])
        pairing_key = bytes.fromhex(session["pairing_key_hex"])
        salt = bytes.fromhex(session["salt_hex"])
        token, text = given["auth_token"], given["plaintext_utf8"]
        as_json = SealedChannel(token, pairing_key, salt).seal(text)
        self.assertEqual(as_json, given["frame"])
        as_bytes = SealedChannel(token, pairing_key, salt, envelope="binary").seal(text)
        head = b"\x01" + salt + bytes([len(token)]) + token.encode()
        self.assertEqual(as_bytes, head + bytes.fromhex(given["ciphertext_tag_hex"]))

    def test_plaintext_errors_count_before_the_session_is_proven_only(self) -> None:
        kinds = {-32001: "unsupported_version", -32002: "client_removed"}
        for given in rows("plaintext_errors"):
            code = json.loads(given["frame"])["error"]["code"]
            with self.assertRaises(LatchkeyError) as raised:
                SealedChannel("token", bytes(32), bytes(16)).open(given["frame"])
            self.assertEqual(raised.exception.kind, kinds[code])
            answered = json.dumps({**json.loads(given["frame"]), "id": 1})
            with self.assertRaises(LatchkeyError) as raised:
                SealedChannel("token", bytes(32), bytes(16)).open(answered)
            self.assertEqual(raised.exception.kind, "device_not_authentic")
            channel = SealedChannel("token", bytes(32), bytes(16))
            keys = derive_session_keys(bytes(32), bytes(16)).device_to_client
            sealed = base64.b64encode(FrameCipher(keys, "token").seal(b"pong")).decode()
            self.assertEqual(channel.open(json.dumps({"e": sealed})), "pong")
            with self.assertRaises(LatchkeyError) as raised:
                channel.open(given["frame"])
            self.assertEqual(raised.exception.kind, "device_not_authentic")

    def test_every_changed_byte_of_a_frame_ends_the_session(self) -> None:
        keys = derive_session_keys(bytes(32), bytes(16)).device_to_client
        sealed = FrameCipher(keys, "token").seal(b"pong")
        for index in range(len(sealed)):
            broken = bytearray(sealed)
            broken[index] ^= 1
            channel = SealedChannel("token", bytes(32), bytes(16), envelope="binary")
            with self.assertRaises(LatchkeyError) as raised:
                channel.open(bytes(broken))
            self.assertEqual(raised.exception.kind, "device_not_authentic")
        channel = SealedChannel("token", bytes(32), bytes(16), envelope="binary")
        with self.assertRaises(LatchkeyError):
            channel.open("text in a binary session")
