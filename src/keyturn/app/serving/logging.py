"""What the server says of itself: one JSON object a line on stderr, with no secret and no body in it."""

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TextIO

from keyturn.core.secret import MASK, Secret

UNSAID: Final = frozenset({"body", "content", "headers", "authorization", "cookie", "query", "params", "parameters"})
"""Fields that may hold what a caller sent; they are dropped whatever is in them."""

NOISY: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiosmtplib", "sqlalchemy", "alembic")
"""Loggers of libraries: only their warnings are of use, and those go the same way as ours."""


class SecretMask(logging.Filter):
    """Replaces every `Secret` in a record by its mask and drops what holds a request's or a mail's body."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps every record, cleaned."""
        if isinstance(record.args, Mapping):
            record.args = {str(name): _masked(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(_masked(value) for value in record.args)
        if isinstance(record.msg, Secret):
            record.msg = MASK
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            record.fields = {
                str(name): _masked(value) for name, value in fields.items() if str(name).lower() not in UNSAID
            }
        return True


class JsonLines(logging.Formatter):
    """One event a line: time, level, name of the event, its fields.

    Of an exception only its type and the places it went through are told: its text may quote what a caller sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["through"] = [
                f"{frame.filename.rpartition('keyturn/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, default=str, ensure_ascii=True)


def set_up(level: int = logging.INFO, stream: TextIO | None = None) -> logging.Handler:
    """Send everything that is logged to the stream (stderr when None) as masked JSON lines; answers the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(SecretMask())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def _masked(value: object) -> object:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Mapping):
        return {str(name): _masked(inner) for name, inner in value.items() if str(name).lower() not in UNSAID}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(inner) for inner in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    return value
