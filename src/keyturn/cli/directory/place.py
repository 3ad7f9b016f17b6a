"""Which directory on this machine a command works on: the flags, and opening it for as long as the command runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from keyturn.cli.frame import Frame

if TYPE_CHECKING:
    from keyturn.app.house.build import House, Place
    from keyturn.core.permissions import Actor

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


TENANT = "keyturn.tenant"


def remember(context: click.Context, _: click.Parameter, value: str) -> str:
    """Keep the tenant that the command line names, for `acting`."""
    context.meta[TENANT] = value
    return value


_tenant = click.option(
    "--tenant",
    default="",
    metavar="NAME",
    expose_value=False,
    callback=remember,
    help="The tenant that it is about; else `default`.",
)


def tenant_flag(command: F) -> F:
    """Give a command `--tenant`, which `acting` reads."""
    return _tenant(command)


def acting(house: "House") -> "Actor":
    """Who acts on a directory of this machine: its operator, in the tenant that the command line names."""
    from keyturn.app.operator import operator

    wanted = click.get_current_context().meta.get(TENANT, "")
    return operator().abroad(tenant_number(house, wanted)) if wanted else operator()


def tenant_number(house: "House", wanted: str) -> int:
    """The number of the tenant of that name.  Raises ConfigError when there is none."""
    from keyturn.core.errors import ConfigError

    with house.store.reading() as view:
        number = next((tenant.number for tenant in view.tenants.all() if tenant.name == wanted), None)
    if number is None:
        raise ConfigError(f"there is no tenant {wanted!r}", code="KT-TGT-040", fix="keyturn tenant list")
    return number


def place_flags(command: F) -> F:
    """Give a command `--data` and `--database`."""
    return _data(_database(command))


def place_of(frame: Frame, data: Path | None, database: str) -> "Place":
    """The place that the flags mean, else the one of the settings."""
    from keyturn.app.config.sources import fetch
    from keyturn.app.house.build import Place
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
    from keyturn.app.house.build import open_house

    if data is not None and click.get_current_context().get_parameter_source("data") is ParameterSource.COMMANDLINE:
        frame.place = f" --data {quote(str(data))}"
    house = open_house(place_of(frame, data, database))
    try:
        yield house
    finally:
        house.close()
