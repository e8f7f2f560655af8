"""The vectors that all implementations share (tests/vectors in the project's root)."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[3] / "tests" / "vectors" / "v1.json"


def rows(section: str) -> list[dict[str, Any]]:
    """The rows of a section; a section without rows is a mistake."""
    found: list[dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))[section]
    if not found:
        raise AssertionError(f"{section} has no rows")
    return found


def row(section: str, name: str) -> dict[str, Any]:
    """The row of this name."""
    return next(found for found in rows(section) if found["name"] == name)
