"""The vectors that all implementations share (tests/vectors in the project's root)."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[3] / "tests" / "vectors"
_FILE = _FOLDER / "v1.json"

ADDRESSES: dict[str, Any] = json.loads((_FOLDER / "addresses.json").read_text(encoding="utf-8"))


def rows(section: str) -> list[dict[str, Any]]:
    """The rows of a section; a section without rows is a mistake."""
    found: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))[section]
    if not found:
        raise AssertionError(f"{section} has no rows")
    return found


def row(section: str, name: str) -> dict[str, Any]:
    """The row of this name."""
    return next(found for found in rows(section) if found["name"] == name)
