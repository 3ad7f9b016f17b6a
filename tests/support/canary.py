"""Looks for secrets in clear where none may be: files, logs, databases, reports, process lists."""

import base64
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path


def leaks(secrets: Iterable[str], *places: Path | bytes) -> list[str]:
    """Where one of the secrets stands, in any of the usual disguises; a folder is searched with all below it."""
    found = []
    disguises = [form for secret in secrets for form in _disguises(secret).items()]
    for name, data in _contents(places):
        found += [f"{name}: {disguise}" for disguise, form in disguises if form in data]
    return found


def _contents(places: Iterable[Path | bytes]) -> Iterable[tuple[str, bytes]]:
    for place in places:
        if isinstance(place, bytes):
            yield "bytes", place
        elif place.is_dir():
            for file in sorted(path for path in place.rglob("*") if path.is_file()):
                yield str(file), file.read_bytes()
        else:
            yield str(place), place.read_bytes()


def _disguises(secret: str) -> Mapping[str, bytes]:
    raw = secret.encode()
    forms = {
        "raw": raw,
        "json": json.dumps(secret)[1:-1].encode(),
        "url": urllib.parse.quote(secret, safe="").encode(),
        "base64": base64.b64encode(raw).rstrip(b"=")[:-1],
        "hex": raw.hex().encode(),
        "utf-16": secret.encode("utf-16-le"),
        "reversed": raw[::-1],
        "letters": json.dumps(list(secret)).encode(),
    }
    seen: set[bytes] = set()
    return {name: form for name, form in forms.items() if form not in seen and not seen.add(form)}  # type: ignore[func-returns-value]  # the usual way to keep the first of equals
