"""All settings, each with the sentence that explains it.  Order: flag, environment, config file, what stands here.

The only module that reads the environment.  A setting `[runs] report` is also `KEYTURN_RUNS_REPORT`; of a target
that the file knows, `jobs` is also `KEYTURN_TARGET_<NAME>_JOBS`.  What decides where a secret is sent to (kind, url,
certificates) comes from the file alone.
"""

import os
import re
import stat
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs

from keyturn.app.config.sections import Section, ServeSettings
from keyturn.app.config.sections_runs import HandoutSettings, RunSettings
from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import REFUSED
from keyturn.bulk.regular import open_regular
from keyturn.core.errors import ConfigError

PREFIX: Final = "KEYTURN"
HOME: Final = "KEYTURN_HOME"
SECRETS: Final = ("token", "password", "manage_key")
"""The settings of a target that say where a secret is."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def check_name(name: str) -> None:
    """Raises ConfigError for what cannot be the name of a target: tables, files and variables are named after it."""
    if not NAME.fullmatch(name):
        fix = "small letters, digits, dots, dashes and underlines; at most 40"
        raise ConfigError(f"{name!r} cannot be the name of a target", code="KT-CFG-002", fix=fix)


class Document(Section, frozen=True):
    """The config file."""

    default_target: str = ""
    """The target that is meant where none is named."""

    runs: RunSettings = msgspec.field(default_factory=RunSettings)
    """How runs are guarded and recorded."""

    handout: HandoutSettings = msgspec.field(default_factory=HandoutSettings)
    """The sealed file with new passwords."""

    serve: ServeSettings = msgspec.field(default_factory=ServeSettings)
    """The directory server."""

    targets: dict[str, TargetSettings] = msgspec.field(default_factory=dict)
    """The directories to run against, each a table `[targets.NAME]`."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where keyturn keeps things.  `KEYTURN_HOME` puts all of them in one place.

    config: the file.  data: the directory of `keyturn serve`.  state: runs, with their journals and reports.
    keys: the runner's key file and handout identity.
    """

    config: Path
    data: Path
    state: Path
    keys: Path

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.state / "runs"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this call: the file with the environment over it, and where things are.  raw: the file alone."""

    folders: Folders
    document: Document = field(default_factory=Document)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def runs(self) -> RunSettings:
        """How runs are guarded and recorded."""
        return self.document.runs

    @property
    def handout(self) -> HandoutSettings:
        """The sealed file with new passwords."""
        return self.document.handout

    @property
    def serve(self) -> ServeSettings:
        """The directory server."""
        return self.document.serve

    @property
    def targets(self) -> Mapping[str, TargetSettings]:
        """The directories to run against."""
        return self.document.targets

    def target(self, name: str = "") -> tuple[str, TargetSettings]:
        """The named target, or the default one.  Raises ConfigError with the names that exist."""
        wanted = name or self.document.default_target
        if not wanted:
            fix = "name one with -t NAME, or set default_target in the config file"
            raise ConfigError("no target was named", code="KT-CFG-004", fix=fix)
        if wanted not in self.targets:
            names = ", ".join(sorted(self.targets)) or "none yet"
            raise ConfigError(
                f"there is no target {wanted!r}",
                code="KT-CFG-004",
                where=str(self.folders.config),
                why=f"targets there: {names}",
                fix=f"keyturn target add {wanted}" if NAME.fullmatch(wanted) else "",
            )
        return wanted, self.targets[wanted]


def environment() -> Mapping[str, str]:
    """The environment as it is now; everybody else gets what they need of it handed down."""
    return dict(os.environ)


def folders(given: Mapping[str, str], config: Path | None = None) -> Folders:
    """Where things are; never under the current directory unless somebody said so."""
    home = given.get(HOME, "")
    if home:
        root = Path(home).expanduser().absolute()
        return Folders(config or root / "config.toml", root / "data", root / "state", root / "keys")
    data = platformdirs.user_data_path("keyturn", appauthor=False)
    return Folders(
        config or platformdirs.user_config_path("keyturn", appauthor=False, roaming=True) / "config.toml",
        data / "directory",
        platformdirs.user_state_path("keyturn", appauthor=False),
        data / "keys",
    )


def load(config: Path | None = None, given: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.  config: a file that was asked for and must exist; given: the environment.

    Raises ConfigError with the name of the setting that is wrong.
    """
    given = environment() if given is None else given
    places = folders(given, config)
    raw = _read(places.config, wanted=config is not None)
    _refuse_bare_secrets(raw, places.config)
    try:
        document = msgspec.convert(_with_environment(raw, given), Document, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        where = path.strip("`").removeprefix("$.")
        raise ConfigError(
            f"a setting is wrong: {what[:1].lower()}{what[1:]}",
            code="KT-CFG-003",
            where=f"{places.config}, {where}" if where else str(places.config),
            fix="docs/reference/config.md lists the settings and how each is written",
        ) from error
    return Settings(places, document, given, raw)


def _read(path: Path, *, wanted: bool) -> dict[str, Any]:
    try:
        with open_regular(path) as file:
            if sys.platform != "win32" and os.fstat(file.fileno()).st_mode & stat.S_IWOTH:
                what, fix = "everybody on this machine can change the config file", f"chmod 600 {path}"
                raise ConfigError(what, code="KT-CFG-007", where=str(path), fix=fix)
            _refuse_open_folder(path.parent)
            return tomllib.load(file)
    except FileNotFoundError as error:
        if not wanted:
            return {}
        fix = "keyturn config path says which one is read without --config"
        raise ConfigError("there is no such config file", code="KT-CFG-003", where=str(path), fix=fix) from error
    except OSError as error:
        what, fix = "the config file cannot be read", "name a file that you may read"
        raise ConfigError(what, code="KT-CFG-003", where=str(path), why=error.strerror or "", fix=fix) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise ConfigError("the config file is not TOML", code="KT-CFG-003", where=str(path), why=why) from error


def _refuse_open_folder(folder: Path) -> None:
    """Whoever may write into a folder may put another config file into it; a sticky one keeps others' files apart."""
    mode = folder.stat().st_mode
    if sys.platform != "win32" and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        what = "everybody on this machine can put another config file there"
        raise ConfigError(what, code="KT-CFG-007", where=str(folder), fix=f"chmod o-w {folder}")


def _refuse_bare_secrets(raw: Mapping[str, Any], path: Path) -> None:
    targets = raw.get("targets", {})
    for name, table in targets.items() if isinstance(targets, dict) else ():
        for secret in SECRETS:
            if isinstance(table, dict) and isinstance(table.get(secret), str):
                raise ConfigError(
                    "a secret stands in the config file itself",
                    code=REFUSED,
                    where=f"{path}, targets.{name}.{secret}",
                    why="the file is read, copied and backed up by people and programs who must not have it",
                    fix=f'{secret} = {{ file = "..." }}   or {{ env = "..." }}   or {{ command = ["..."] }}',
                )


_OF_FILE_ALONE = frozenset(
    {
        "kind", "url", "sign_in_url", "manage_url", "ca_bundle", "certificate", "certificate_key", "allow_plain_http",
        "password_rules", "data", "database",
    }
)  # fmt: skip


def variable(path: tuple[str, ...], name: str) -> str:
    """The environment variable of a setting; empty for what comes from the file alone.

    >>> variable(("targets", "west-2"), "jobs"), variable(("runs",), "report"), variable((), "default_target")
    ('KEYTURN_TARGET_WEST_2_JOBS', 'KEYTURN_RUNS_REPORT', 'KEYTURN_DEFAULT_TARGET')
    """
    if path[:1] == ("targets",):
        return "" if name in _OF_FILE_ALONE else f"{PREFIX}_TARGET_{_shout(path[1])}_{name.upper()}"
    if (*path, name) == ("handout", "recipients"):  # a table has no place in one variable
        return ""
    return "_".join((PREFIX, *map(_shout, path), name.upper()))


def _with_environment(raw: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    merged = dict(raw)
    for section, fields in (("runs", RunSettings), ("handout", HandoutSettings), ("serve", ServeSettings)):
        table = raw.get(section, {})
        if isinstance(table, dict):
            merged[section] = table | _given(fields, (section,), given)
    targets = raw.get("targets", {})
    if isinstance(targets, dict):
        merged["targets"] = {
            name: table | _given(TargetSettings, ("targets", name), given) if isinstance(table, dict) else table
            for name, table in targets.items()
        }
    default = variable((), "default_target")
    if default in given:
        merged["default_target"] = given[default]
    return merged


def _given(section: type[Section], path: tuple[str, ...], given: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for info in msgspec.structs.fields(section):
        name = variable(path, info.name)
        if not name:
            continue
        if info.name in SECRETS:
            if given.get(f"{name}_FILE"):
                found[info.name] = {"file": given[f"{name}_FILE"]}
            elif given.get(name):
                found[info.name] = {"env": name}
        elif given.get(name):
            found[info.name] = given[name].split(",") if isinstance(info.default, tuple) else given[name]
    return found


def _shout(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())
