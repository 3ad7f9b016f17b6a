"""Reads paths once and exactly: `//` collapses, each segment is decoded one time, an id arrives as it was written."""

from typing import Final
from urllib.parse import quote, unquote_to_bytes

from starlette.requests import Request

from keyturn.http.json import BadRequest

_SLASH: Final = "\0"
"""Stands for a slash inside a segment while routes are matched; a path that holds a real U+0000 is refused."""


def canonical(raw: bytes) -> str:
    """The path that routes are matched against.  Raises BadRequest for text that is not UTF-8 or holds U+0000."""
    segments = [segment for segment in raw.split(b"/") if segment]
    if b"%" not in raw and raw.isascii():
        return "/" + b"/".join(segments).decode("ascii")
    return "/" + "/".join(_decoded(segment) for segment in segments)


def segment(request: Request, name: str) -> str:
    """A part of the path as the client wrote it, an encoded slash included."""
    return str(request.path_params[name]).replace(_SLASH, "/")


def quoted(text: str) -> str:
    """The text as one segment of a path: everything but unreserved characters is percent-encoded as UTF-8."""
    return quote(text, safe="")


def _decoded(segment: bytes) -> str:
    try:
        text = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("the path is not UTF-8") from None
    if _SLASH in text:
        raise BadRequest("the path holds the character U+0000")
    return text.replace("/", _SLASH)
