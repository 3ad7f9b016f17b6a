"""Writes the config file: keeps the owner's comments and order, readable by nobody else, never half written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
import tomlkit.exceptions

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import SECRETS, Document
from keyturn.bulk.record.private import open_private
from keyturn.core.errors import ConfigError

FIRST_LINES = "keyturn's settings; keyturn target add writes here too.  Secrets stay where they are: only say where."


def put_target(path: Path, name: str, table: Mapping[str, Any], *, make_default: bool) -> None:
    """Add a target, or replace the one of this name."""
    document = _read(path)
    targets = document.setdefault("targets", tomlkit.table(is_super_table=True))
    written = tomlkit.table()
    for key, value in table.items():
        written[key] = _inline(value) if isinstance(value, Mapping) else value
    targets[name] = written
    if make_default and "default_target" not in document:
        document = _with_default(document, name)
    _write(path, tomlkit.dumps(document))


def set_in_target(path: Path, name: str, setting: str, value: Mapping[str, Any]) -> None:
    """Change one setting of a target that is in the file; the rest of the file stays as it is.

    Raises ConfigError where the file does not hold the target.
    """
    document = _read(path)
    _table_of(document, path, name)[setting] = _inline(value)
    _write(path, tomlkit.dumps(document))


def drop_target(path: Path, name: str) -> None:
    """Take a target out of the file, and the default that points to it.  Raises ConfigError where it is not there."""
    document = _read(path)
    _table_of(document, path, name)
    del document["targets"][name]
    if document.get("default_target") == name:
        del document["default_target"]
    _write(path, tomlkit.dumps(document))


def _table_of(document: tomlkit.TOMLDocument, path: Path, name: str) -> Any:
    table = document.get("targets", {}).get(name)
    if table is None:
        what, fix = f"the config file holds no target {name!r}", "keyturn target list   says which there are"
        raise ConfigError(what, code="KT-CFG-004", where=str(path), fix=fix)
    return table


def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    return msgspec.json.schema(Document)


def as_target(table: Mapping[str, Any]) -> TargetSettings:
    """The target that a table describes.  Raises ConfigError."""
    try:
        return msgspec.convert(table, TargetSettings)
    except msgspec.ValidationError as error:
        fix = "keyturn config schema   says what each takes"
        raise ConfigError("a setting of the target is wrong", code="KT-CFG-002", why=str(error), fix=fix) from error


def as_table(target: TargetSettings) -> dict[str, Any]:
    """What may be printed of a target: all that was set, since it holds no secret; of a secret, where it is."""
    table: dict[str, Any] = msgspec.to_builtins(target)
    return table | {name: str(getattr(target, name)) for name in SECRETS if name in table}


def _with_default(document: tomlkit.TOMLDocument, name: str) -> tomlkit.TOMLDocument:
    """The same document with the setting before its first table, behind the comment that stands on top."""
    made, waiting = tomlkit.document(), True
    for key, item in document.body:
        if key is not None and waiting:
            made.append("default_target", tomlkit.item(name))
            made.add(tomlkit.nl())
            waiting = False
        made.append(key, item)
    return made


def _inline(value: Mapping[str, Any]) -> tomlkit.items.InlineTable:
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        document = tomlkit.document()
        document.add(tomlkit.comment(FIRST_LINES))
        document.add(tomlkit.nl())
        return document
    except OSError as error:
        raise _cannot("read", path, error) from error
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError) as error:
        what = "the config file is not TOML, so nothing can be added to it"
        fix = "mend the line, then repeat:  keyturn config check"
        raise ConfigError(what, code="KT-CFG-003", where=str(path), why=str(error), fix=fix) from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open_private(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise _cannot("written", path, error) from error


def _cannot(be: str, path: Path, error: OSError) -> ConfigError:
    what = f"the config file cannot be {be}"
    fix = "make the file and its folder yours, or name another with --config"
    return ConfigError(what, code="KT-CFG-003", where=str(path), why=error.strerror or "", fix=fix)
