"""From a collection to targets and the commands that do the same, with every secret where it belongs."""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from keyturn.app.config.settings import check_name
from keyturn.app.postman.playing import GENERIC, Played
from keyturn.bulk.job import Operation, PasswordFrom
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from keyturn.dialects.postman.wire import Collection
from keyturn.dialects.postman.wire_templates import names_in

_LONGEST: Final = 36
"""Of a name that is made of a host, so that a number fits behind it."""

_SIGN: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A target that a collection speaks of.  name: it is to have; table: as the config file has it; secret: what the
    collection signs in with; played: the requests that go there."""

    name: str
    table: Mapping[str, Any]
    secret: Secret
    played: Sequence[Played]


def columns_of(collection: Collection, known: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that nothing stands for: without a file, those are its columns."""
    texts = [text for item in collection.items for text in item.texts()]
    names = [name for text in (*texts, *collection.variables.values()) for name in names_in(text)]
    return tuple(dict.fromkeys(one for one in names if one not in known and not one.startswith("$")))


def targets_in(plays: Sequence[Played], wished: str, taken: Sequence[str]) -> list[Found]:
    """The targets of those requests that were recognised, each server and sign-in once.

    wished: a name for the first.  Raises ConfigError for one that is taken or is none, or when nothing was recognised.
    """
    if wished:
        check_name(wished)
    found: list[Found] = []
    for play in plays:
        credentials, settings = play.target.credentials, play.target.settings
        secret = credentials.token or credentials.password
        if settings.kind == GENERIC or secret is None:
            continue
        table = {"kind": settings.kind, "url": settings.url}
        table |= {"username": credentials.username} if credentials.username else {}
        same = next((one for one in found if one.table == table and one.secret == secret), None)
        if same is not None:
            found[found.index(same)] = Found(same.name, table, secret, (*same.played, play))
            continue
        name = _free(wished or _named(settings.url), [*taken, *(one.name for one in found)], wished != "")
        found.append(Found(name, table, secret, (play,)))
    if not found:
        raise ConfigError(
            "no request of the collection is one that keyturn knows",
            code="KT-COL-009",
            fix="keyturn postman run sends requests as they stand",
        )
    return found


def place_of(secret: Secret, name: str, folder: Path) -> Path:
    """Put a secret into a file that its owner alone can read.  Raises ConfigError when there is one already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.secret"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{secret.reveal()}\n")
    except FileExistsError:
        fix = "keep that one, or delete it and import again"
        raise ConfigError(
            "there is a secret of that name already", code="KT-COL-011", where=str(path), fix=fix
        ) from None
    return path


def command_of(play: Played, target: str, file: str) -> str:
    """The command that does what the request does for each row."""
    job = play.job
    words = ["keyturn", "create" if job.operation is Operation.CREATE else "reset", file, "-t", target]
    for field, header in play.reading.columns.items():
        words += ["--map", f"{field}={header}"]
    words += ["--email"] if job.email else []
    words += ["--password", str(job.password)] if job.password.origin is not PasswordFrom.GENERATE else []
    words += ["--old-password", f"column:{job.old}"] if job.old else []
    return shlex.join(words)


def _named(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0]
    return _SIGN.sub("-", host.casefold())[:_LONGEST].strip("-")


def _free(name: str, taken: Sequence[str], asked: bool) -> str:
    if name not in taken:
        return name
    if asked:
        fix = "choose another --name, or run it with the target that there is"
        raise ConfigError(f"there is a target {name} already", code="KT-COL-011", fix=fix)
    return next(f"{name}-{number}" for number in range(2, 1000) if f"{name}-{number}" not in taken)
