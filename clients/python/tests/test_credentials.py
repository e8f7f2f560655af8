"""Credentials as a text and as a file."""

import json
import os
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from latchkey import Credentials, CredentialsError

MINE = Credentials(
    url="http://192.168.1.5:7497",
    client_id="6e1a9c0e-6c3c-4f9e-8a39-1f6a8f7f0d11",
    client_name="Mein Gerät 🎮",
    auth_token="550e8400-e29b-41d4-a716-446655440000",
    pairing_key=bytes(range(32)),
    paired_at=1_764_000_000,
)


class Texts(unittest.TestCase):
    def test_they_survive_json(self) -> None:
        self.assertEqual(Credentials.from_json(MINE.to_json()), MINE)

    def test_the_text_is_that_of_latchkey_remote(self) -> None:
        kept = json.loads(MINE.to_json())
        self.assertEqual(set(kept), {"url", "pairedAt", "credentials"})
        names = {"clientId", "clientName", "authToken", "pairingKey"}
        self.assertEqual(set(kept["credentials"]), names)

    def test_every_text_that_is_none_is_refused_without_its_words(self) -> None:
        kept = json.loads(MINE.to_json())
        inner = kept["credentials"]
        wrong = ["", "[]", "null", "{", "[" * 100_000, json.dumps(inner)]
        values: tuple[object, ...] = (None, "", [])
        wrong += [json.dumps({**kept, name: value}) for name in kept for value in values]
        broken = [{**inner, name: value} for name in inner for value in values]
        broken += [{**inner, "pairingKey": "secretword"}]
        wrong += [json.dumps({**kept, "credentials": fields}) for fields in broken]
        for text in wrong:
            with self.assertRaises(CredentialsError) as raised:
                Credentials.from_json(text)
            self.assertEqual(str(raised.exception), "Cannot understand credentials: pair again")
            self.assertIsNone(raised.exception.__cause__)

    def test_no_secret_is_shown(self) -> None:
        self.assertNotIn("550e8400", repr(MINE))
        self.assertNotIn("x01", repr(MINE))


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_file_is_for_this_user_only(self) -> None:
        path = self.folder / "device.json"
        path.write_text("old")
        path.chmod(0o644)
        before = os.umask(0)
        try:
            MINE.save(path)
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(Credentials.load(path), MINE)
        self.assertEqual(os.listdir(self.folder), ["device.json"])

    def test_a_link_under_its_name_is_replaced_and_not_followed(self) -> None:
        other = self.folder / "other"
        other.write_text("keep")
        path = self.folder / "device.json"
        path.symlink_to(other)
        MINE.save(path)
        self.assertEqual(other.read_text(), "keep")
        self.assertFalse(path.is_symlink())

    def test_a_failure_leaves_the_old_file(self) -> None:
        path = self.folder / "device.json"
        MINE.save(path)
        with mock.patch("os.fsync", side_effect=OSError), self.assertRaises(OSError):
            Credentials(**{**MINE.__dict__, "client_name": "other"}).save(path)
        self.assertEqual(Credentials.load(path), MINE)
        self.assertEqual(os.listdir(self.folder), ["device.json"])

    def test_no_file_is_no_credentials_and_a_broken_one_an_error(self) -> None:
        path = self.folder / "device.json"
        self.assertIsNone(Credentials.load(path))
        for broken in (b"{}", b"\xff"):
            path.write_bytes(broken)
            with self.assertRaises(CredentialsError):
                Credentials.load(path)
