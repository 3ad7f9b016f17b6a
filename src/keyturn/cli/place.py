"""Which directory on this machine a command works on: the flags, and opening it for as long as the command runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from keyturn.cli.frame import Frame

if TYPE_CHECKING:
    from keyturn.app.build import House, Place

F = TypeVar("F", bound=Callable[..., Any])

_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The data folder; else that of the settings.",
)
_database = click.option(
    "--database",
    default="",
    metavar="URL",
    help="The store, when not in the folder; give it as KEYTURN_DATABASE when it holds a password.",
)


def place_flags(command: F) -> F:
    """Give a command `--data` and `--database`."""
    return _data(_database(command))


def place_of(frame: Frame, data: Path | None, database: str) -> "Place":
    """The place that the flags mean, else the one of the settings."""
    from keyturn.app.build import Place
    from keyturn.app.sources import fetch
    from keyturn.core.secret import Secret

    settings = frame.settings
    folder = data or Path(settings.serve.data or settings.folders.data)
    known = settings.serve.database
    if database or isinstance(known, str):
        return Place(folder, Secret(database or str(known)))
    config = settings.folders.config.parent
    return Place(folder, fetch(known, "serve.database", environment=settings.environment, folder=config))


@contextmanager
def opened(frame: Frame, data: Path | None, database: str) -> "Iterator[House]":
    """The directory, closed when the block ends.  Raises ConfigError when there is none."""
    from keyturn.app.build import open_house

    house = open_house(place_of(frame, data, database))
    try:
        yield house
    finally:
        house.close()
