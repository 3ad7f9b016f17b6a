"""Tells what a file is from its first bytes, and whether its name says the same."""

from collections.abc import Mapping
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

from keyturn.bulk.intake.content import Content
from keyturn.core.errors import SourceError


@unique
class Kind(StrEnum):
    """The kinds that are read."""

    TEXT = "text with rows of cells"
    WORKBOOK = "an Excel workbook"
    ARRAY = "JSON"
    LINES = "JSON lines"


_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED: Final = "EncryptedPackage".encode("utf-16-le")
_HEAD: Final = 4096
_MARKUP: Final = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<head", b"<meta")
_NAMED: Final[Mapping[str, Kind]] = {
    ".xlsx": Kind.WORKBOOK, ".xlsm": Kind.WORKBOOK, ".json": Kind.ARRAY,
    ".jsonl": Kind.LINES, ".ndjson": Kind.LINES, ".csv": Kind.TEXT, ".tsv": Kind.TEXT, ".tab": Kind.TEXT,
}  # fmt: skip
_UNREAD: Final[Mapping[str, str]] = {
    ".xls": "a workbook of the old kind", ".xlsb": "a binary workbook", ".ods": "an OpenDocument sheet",
    ".numbers": "a sheet of Apple Numbers", ".zip": "an archive", ".gz": "an archive", ".pdf": "a PDF",
}  # fmt: skip
_BETTER: Final = "save it as .xlsx or as CSV UTF-8 (Save As), or export it again as CSV"


def kind_of(content: Content) -> Kind:
    """What the file is.  Raises SourceError for a kind that is not read, and where name and bytes disagree."""
    path = content.path
    with content.open() as file:
        head = file.read(_HEAD)
    named = _NAMED.get(path.suffix.lower())
    _refuse_unread(path, head)
    found = _found(head, named)
    if named is None or found is named:
        return found
    if found is Kind.WORKBOOK:
        raise _refused(path, f"{path.name} is {found}, whatever its name says", f"name it {path.stem}.xlsx")
    if named is Kind.WORKBOOK:
        what = f"{path.name} is no workbook, whatever its name says"
        raise _refused(path, what, f"if it is text, name it {path.stem}.csv; else save it again as .xlsx")
    return found if (named, found) == (Kind.ARRAY, Kind.LINES) else named


def _found(head: bytes, named: Kind | None) -> Kind:
    """By the bytes; text that begins as JSON does is JSON only where no name says that it is a table."""
    if head.startswith(_ZIP):
        return Kind.WORKBOOK
    begins = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]
    if named is Kind.TEXT or begins not in (b"[", b"{"):
        return Kind.TEXT
    return Kind.ARRAY if begins == b"[" else Kind.LINES


def _refuse_unread(path: Path, head: bytes) -> None:
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if begins.startswith(_MARKUP):
        raise _refused(path, f"{path.name} is a web page or XML, whatever its name says", _BETTER)
    if head.startswith(_OLE):
        if _LOCKED in head or _NAMED.get(path.suffix.lower()) is Kind.WORKBOOK:
            raise locked(path)
        raise _refused(path, f"{path.name} is {_UNREAD['.xls']}, which keyturn does not read", _BETTER)
    unread = _UNREAD.get(path.suffix.lower())
    if unread is not None:
        raise _refused(path, f"{path.name} is {unread}, which keyturn does not read", _BETTER)


def locked(path: Path) -> SourceError:
    """A workbook that asks for a password before it says anything."""
    fix = "take the password off (in Excel: File, Info, Protect Workbook), or save it as CSV UTF-8"
    return _refused(path, f"{path.name} is locked by a password, or a workbook of the old kind", fix)


def _refused(path: Path, what: str, fix: str) -> SourceError:
    return SourceError(what, code="KT-IN-012", where=str(path), fix=fix)
