"""The table of dialects: the only list of vendors outside their folders; a new one is a folder and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keyturn.app.settings import TargetSettings
from keyturn.app.sources import Credentials
from keyturn.core.ports import Directory

Connect = Callable[[TargetSettings, Credentials], Directory]
"""Makes the client half for a target; opens no connection yet.  Paths in the settings are absolute."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's way of speaking, as the rest of the house sees it.  title: how people call the product."""

    title: str
    connect: Connect


DIALECTS: Mapping[str, Dialect] = {}
"""By the name that `kind` of a target has."""
