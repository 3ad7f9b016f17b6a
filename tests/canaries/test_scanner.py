"""The search that guards every journey finds what is planted, in each disguise, and nothing where nothing is."""

import base64
import html
import json
import quopri
import textwrap
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.canary import leaks

SECRETS = ("Zq7Kw9Xv-plain-and-long", 'Zq"7\\K&9<Xv signs', "Zqé7Kwß9-Zürich-人")

PLANTED: dict[str, Callable[[str], bytes]] = {
    "raw": lambda secret: f"reset to {secret}\n".encode(),
    "latin-1": lambda secret: f"reset to {secret}\n".encode("latin-1", "replace"),
    "json": lambda secret: json.dumps({"token": secret}).encode(),
    "json as it is": lambda secret: json.dumps({"token": secret}, ensure_ascii=False).encode(),
    "json in json": lambda secret: json.dumps({"sent": json.dumps({"token": secret})}).encode(),
    "code": lambda secret: repr({"token": secret, "raw": secret.encode()}).encode(),
    "path": lambda secret: f"/claim/{urllib.parse.quote(secret, safe='')}".encode(),
    "form": lambda secret: urllib.parse.urlencode({"a": "b", "new": secret}).encode(),
    "page": lambda secret: f'<input value="{html.escape(secret)}">'.encode(),
    "base64": lambda secret: base64.b64encode(secret.encode()),
    "base64 after one": lambda secret: base64.b64encode(f"a{secret}b".encode()),
    "base64 after two": lambda secret: base64.urlsafe_b64encode(f"a:{secret}".encode()),
    "hex": lambda secret: secret.encode().hex().encode(),
    "HEX": lambda secret: secret.encode().hex().upper().encode(),
    "utf-16": lambda secret: b"\xff\xfe" + f"x{secret}".encode("utf-16-le"),
    "utf-16 of others": lambda secret: f"x{secret}".encode("utf-16-be"),
    "reversed": lambda secret: secret[::-1].encode(),
    "letters": lambda secret: json.dumps([*secret], ensure_ascii=False).encode(),
    "letters of code": lambda secret: str([*secret]).encode(),
    "lines": lambda secret: "\n".join(textwrap.wrap(secret, 5, drop_whitespace=False)).encode(),
    "folded": lambda secret: f"Subject: {secret[:8]}\r\n {secret[8:]}".encode(),
}


@pytest.mark.proves("R-8")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("way", PLANTED)
def test_a_planted_secret_is_found_in_each_disguise(secret: str, way: str, tmp_path: Path) -> None:
    """In a file, below a folder, and in bytes."""
    (tmp_path / "deep").mkdir()
    planted = tmp_path / "deep" / "kept"
    planted.write_bytes(b"before " + PLANTED[way](secret) + b" after")
    assert leaks([secret], tmp_path)
    assert {hit.partition(":")[0] for hit in leaks([secret], planted)} == {str(planted)}
    assert leaks([secret], planted.read_bytes())


def test_a_secret_that_a_mail_wraps_is_found() -> None:
    """Quoted-printable breaks a line wherever it is full."""
    letter = quopri.encodestring(b"x" * 60 + SECRETS[0].encode() + b"y" * 60)
    assert SECRETS[0].encode() not in letter
    assert leaks(SECRETS[:1], letter) == ["bytes: apart"]


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_is_found_where_another_secret_stands(secret: str) -> None:
    """The halves of it, and one that differs in its last sign."""
    others = b"".join(way(secret[:-1] + "!") + way(secret[4:]) for way in PLANTED.values())
    assert leaks([secret], others, b"") == []
