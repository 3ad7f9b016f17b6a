"""Keeps what users showed before their rows were sent, so that a reading afterwards can be held against it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from keyturn.bulk.record.private import open_private
from keyturn.core.evidence import Evidence
from keyturn.core.users import Stamp


class Before:
    """What one target showed, by row, in order of the rows.  Holds no password."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = self._read()
        self._ahead: tuple[int, Evidence] | None = next(self._lines, None)

    def of(self, number: int) -> Evidence | None:
        """What was shown of a row; None when nobody looked.  Rows are asked for in the order of their numbers."""
        while self._ahead is not None and self._ahead[0] < number:
            self._ahead = next(self._lines, None)
        return self._ahead[1] if self._ahead is not None and self._ahead[0] == number else None

    def _read(self) -> Iterator[tuple[int, Evidence]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                yield _evidence(json.loads(line))


@contextmanager
def writing_before(path: Path) -> Iterator[Callable[[int, Evidence], None]]:
    """Put in place of what was there, durably and as a whole, what is given; it comes in the order of the rows."""
    with open_private(path) as file:
        yield lambda number, seen: put(file, number, seen)


def put(file: BinaryIO, number: int, seen: Evidence) -> None:
    """Add what was shown of a row."""
    file.write(json.dumps(_told(number, seen), ensure_ascii=False).encode() + b"\n")


def _told(number: int, seen: Evidence) -> dict[str, object]:
    touched = seen.touched
    told: dict[str, object] = {
        "row": number,
        "exists": seen.exists,
        "password_changed": _text(seen.password_changed),
        "must_change": seen.must_change,
        "version": seen.version,
        "touched": _text(touched.at if touched is not None else None),
    }
    return {name: value for name, value in told.items() if value not in (None, "")}


def _evidence(told: dict[str, Any]) -> tuple[int, Evidence]:
    touched = _moment(told.get("touched"))
    return told["row"], Evidence(
        "",
        exists=told["exists"],
        password_changed=_moment(told.get("password_changed")),
        must_change=told.get("must_change"),
        version=told.get("version", ""),
        touched=Stamp("", touched) if touched is not None else None,
    )


def _text(at: datetime | None) -> str:
    return at.isoformat() if at is not None else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
