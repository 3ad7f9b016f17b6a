"""Looks for secrets in clear where none may be: files, logs, databases, reports, process lists.

Nine disguises: as it is, escaped as in JSON and code, as in an address, as in a page, base64 at each of its three
offsets, hexadecimal, UTF-16, backwards, and taken apart into single letters or over lines.
"""

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

APART: Final = b"\"' ,[]\t\r\n=\\"
"""What stands between the letters of a value that was taken apart: lists, folded lines, quoted-printable."""


def leaks(secrets: Iterable[str], *places: Path | bytes) -> list[str]:
    """Where one of the secrets stands, in any of the usual disguises; a folder is searched with all below it."""
    found = []
    wanted = [(disguises(secret), secret.encode().translate(None, APART)) for secret in secrets]
    for name, data in _contents(places):
        apart = data.translate(None, APART)
        for forms, letters in wanted:
            seen = [disguise for disguise, ways in forms.items() if any(way in data for way in ways)]
            found += [f"{name}: {disguise}" for disguise in seen or (["apart"] if letters in apart else [])]
    return found


def disguises(secret: str) -> Mapping[str, frozenset[bytes]]:
    """Every way to write a secret that is looked for as it is; `apart` comes on top."""
    raw = secret.encode()
    in_json = json.dumps(secret)[1:-1]
    in_url = urllib.parse.quote(secret, safe="")
    ways: dict[str, Iterable[bytes]] = {
        "raw": (raw, secret.encode("latin-1", "replace")),
        "json": _texts(
            in_json,
            re.sub(r"\\u[0-9a-f]{4}", lambda code: "\\u" + code[0][2:].upper(), in_json),
            json.dumps(secret, ensure_ascii=False)[1:-1],
            json.dumps(in_json)[1:-1],
            repr(secret)[1:-1],
            repr(raw)[2:-1],
        ),
        "url": _texts(in_url, urllib.parse.quote_plus(secret), in_url.lower(), urllib.parse.quote(in_url)),
        "page": _texts(html.escape(secret), html.escape(secret, quote=False)),
        "base64": _base64(raw),
        "hex": _texts(raw.hex(), raw.hex().upper(), raw.hex(" "), raw.hex(":")),
        "utf-16": (secret.encode("utf-16-le"), secret.encode("utf-16-be")),
        "reversed": (raw[::-1], secret[::-1].encode()),
    }
    seen: set[bytes] = set()
    told = {}
    for name, forms in ways.items():
        told[name] = frozenset(forms) - seen
        seen |= told[name]
    return told


def _texts(*texts: str) -> Iterator[bytes]:
    return (text.encode() for text in texts)


def _base64(raw: bytes) -> Iterator[bytes]:
    """What is surely in the base64 of anything that holds these bytes, wherever in it they begin."""
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + raw)
        first, last = -(-offset * 8 // 6), (offset + len(raw)) * 8 // 6  # letters that others had no part in
        yield text[first:last]
        yield text[first:last].replace(b"+", b"-").replace(b"/", b"_")


def _contents(places: Iterable[Path | bytes]) -> Iterable[tuple[str, bytes]]:
    for place in places:
        if isinstance(place, bytes):
            yield "bytes", place
        elif place.is_dir():
            for file in sorted(path for path in place.rglob("*") if path.is_file()):
                yield str(file), file.read_bytes()
        else:
            yield str(place), place.read_bytes()
