"""Tells of every setting what holds now and where that comes from: environment, config file, or the code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keyturn.app.config.sections import Section
from keyturn.app.config.settings import SECRETS, Settings, variable
from keyturn.app.config.sources import Source

FILE: Final = "config file"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.  value: as JSON would hold it, of a secret where it is; origin: where it comes from, in words."""

    name: str
    value: Any
    origin: str

    @property
    def given(self) -> bool:
        """Whether anybody said it; False for what stands in the code."""
        return self.origin != DEFAULT


def told(settings: Settings) -> Iterator[Setting]:
    """Every setting in force, in the order of the page of settings; of a target those that were given."""
    raw, document = settings.raw, settings.document
    yield _one(settings, (), "default_target", document.default_target, raw)
    for section in ("runs", "handout", "serve"):
        yield from _of(settings, (section,), getattr(document, section), raw.get(section, {}))
    for name, target in document.targets.items():
        table = raw["targets"][name]
        yield from (each for each in _of(settings, ("targets", name), target, table) if each.given)


def _of(settings: Settings, path: tuple[str, ...], section: Section, table: Mapping[str, Any]) -> Iterator[Setting]:
    for field in msgspec.structs.fields(type(section)):
        yield _one(settings, path, field.name, getattr(section, field.name), table)


def _one(settings: Settings, path: tuple[str, ...], name: str, value: Any, table: Mapping[str, Any]) -> Setting:
    by = variable(path, name)
    asked = [by, f"{by}_FILE"] if path[:1] == ("targets",) and name in SECRETS else [by]
    found = next((each for each in asked if each and settings.environment.get(each)), "")
    origin = f"environment {found}" if found else FILE if name in table else DEFAULT
    plain = str(value) if isinstance(value, Source) else msgspec.to_builtins(value)
    return Setting(".".join((*path, name)), plain, origin)
