"""From the name of a target to a directory that commands can be sent to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import msgspec

from keyturn.app.asking import LOCAL_FORM, Form
from keyturn.app.config.sections import ServeSettings
from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import Settings
from keyturn.app.config.sources import Credentials, Source, fetch, guard
from keyturn.app.dialects import DIALECTS
from keyturn.app.target.binding import Bindings, origin_of
from keyturn.core.errors import ConfigError
from keyturn.core.hosts import is_loopback
from keyturn.core.ports import Directory
from keyturn.core.secret import Secret

FILES: Final = ("ca_bundle", "certificate", "certificate_key")
"""The settings of a target that are files; relative ones are under the config's folder."""

LOCAL: Final = "local"
"""The kind that needs no server: a directory in a folder of this machine."""


Keyring: TypeAlias = Callable[[str], Secret | None]
"""Reads the keyring of the operating system: what is kept under a name, None when nothing is."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target as a run needs it.  settings: checked, paths absolute.  warnings: to be said each time it is used.

    mail: how a directory on this machine hands its mail over; servers do that themselves.  connector: makes the
    directory where no dialect does.
    """

    name: str
    settings: TargetSettings
    credentials: Credentials
    warnings: tuple[str, ...] = ()
    mail: ServeSettings = field(default_factory=ServeSettings)
    connector: Callable[[TargetSettings], Directory] | None = None

    def connect(self) -> Directory:
        """The directory of a server; no request has been sent yet.  For `LOCAL` there is `local_target.connect`."""
        if self.connector is not None:
            return self.connector(self.settings)
        return DIALECTS[self.settings.kind].connect(self.settings, self.credentials)


def kinds() -> Mapping[str, str]:
    """The kinds of targets and how people call them."""
    return {kind: dialect.title for kind, dialect in DIALECTS.items()} | {LOCAL: "a directory on this machine"}


def form_of(kind: str) -> Form:
    """What a new target of a kind is asked for.  Raises ConfigError for a kind that there is not."""
    if kind not in kinds():
        raise _unspoken(kind, "--kind")
    return LOCAL_FORM if kind == LOCAL else DIALECTS[kind].form


def prepare(settings: Settings, name: str = "", *, piped: Secret | None = None, safe: Keyring | None = None) -> Target:
    """Find a target, check it, and fetch its secret if that may go to its address.

    piped: a secret from standard input, used in place of its own.  safe: reads the keyring, for secrets that are there.
    Raises ConfigError before anything is sent.
    """
    name, target = settings.target(name)
    target = check(name, target, settings.folders.config.parent)
    if target.kind != LOCAL:
        Bindings(settings.folders.state).hold(name, target)
    shown = target.certificate_key or target.certificate
    if shown:
        guard(Path(shown), f"targets.{name}.certificate")
    warnings = ("requests go over plain http: whoever sits between can read them",) if _is_open(target) else ()
    return Target(name, target, credentials(settings, name, target, piped=piped, safe=safe), warnings, settings.serve)


def other_version(said: str, told: str) -> bool:
    """Whether the version in the settings and the one that a server tells are two; `9.1` and `9.1.3` are not.

    >>> other_version("9.1", "9.1.3"), other_version("9.1", "9.10"), other_version("", "9.1")
    (False, True, False)
    """
    ours, theirs = said.split("."), told.split(".")
    length = min(len(ours), len(theirs))
    return bool(said and told) and ours[:length] != theirs[:length]


def check(name: str, target: TargetSettings, folder: Path) -> TargetSettings:
    """Refuse what cannot work or is not safe; make paths absolute (relative ones are under the config's folder)."""
    where = f"targets.{name}"
    if target.kind not in kinds():
        raise _unspoken(target.kind, f"{where}.kind")
    if target.kind == LOCAL:
        if isinstance(target.database, str) and _holds_password(target.database):
            raise ConfigError(
                "a secret stands in the config file itself",
                code="KT-CFG-005",
                where=f"{where}.database",
                fix='database = { file = "..." }   or { env = "..." }',
            )
        return msgspec.structs.replace(target, data=_absolute(target.data, folder))
    _check_url(target.url, where, target)
    for at in ("sign_in_url", "manage_url"):
        if getattr(target, at):
            _check_url(getattr(target, at), where, target, at)
    files = {file: _absolute(getattr(target, file), folder) for file in FILES}
    return msgspec.structs.replace(target, **files)


def entry_of(name: str, field: str, target: TargetSettings) -> str:
    """Under which name the keyring keeps a secret of a target: for its server alone."""
    url = target.manage_url or target.url if field == "manage_key" else target.url
    return f"targets.{name}.{field} at {origin_of(url)}"


def credentials(
    settings: Settings,
    name: str,
    target: TargetSettings,
    *,
    piped: Secret | None = None,
    safe: Keyring | None = None,
) -> Credentials:
    """Fetch what the target is signed in to with.  Raises ConfigError when it says nothing, or both."""

    def get(place: Source, field: str) -> Secret:
        kept = None if safe is None else partial(safe, entry_of(name, field, target))
        folder, given = settings.folders.config.parent, settings.environment
        return fetch(place, f"targets.{name}.{field}", environment=given, folder=folder, safe=kept)

    if target.kind == LOCAL:
        known = target.database
        database = Secret(known) if isinstance(known, str) else get(known, "database")
        return Credentials(source=target.data, password=database)
    both = target.token is not None and target.password is not None
    if both or (piped is None and target.token is None and target.password is None):
        given = "both a token and a password" if both else "no secret"
        fix = f"keyturn target login {name}   (or say token = {{ file = ... }}, env, command, credential)"
        raise ConfigError(f"{name} has {given} to sign in with", code="KT-CFG-009", where=f"targets.{name}", fix=fix)
    field, place = ("password", target.password) if target.password is not None else ("token", target.token)
    if piped is not None or place is None:
        secret, source = piped, "standard input"
    else:
        secret, source = get(place, field), str(place)
    second = target.manage_key
    manage = None if second is None else get(second, "manage_key")
    if field == "password":
        return Credentials(username=target.username, password=secret, source=source, manage_key=manage)
    return Credentials(key_id=target.key_id, token=secret, source=source, manage_key=manage)


def _unspoken(kind: str, where: str) -> ConfigError:
    fix = "one of " + ", ".join(kinds())
    return ConfigError(f"nobody here speaks {kind!r}", code="KT-CFG-008", where=where, fix=fix)


def _check_url(url: str, where: str, target: TargetSettings, field: str = "url") -> None:
    fault, fix = "", "as in https://api.inst1.example.com"
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.username is not None or parts.password is not None:
        fault, fix = "an address must not hold a name or a password", "put them where `token` or `password` points"
    elif parts.scheme not in ("https", "http") or not parts.hostname:
        fault = "an address begins with https:// and a host"
    elif parts.query or parts.fragment:
        fault = "an address has no ? and no #"
    elif parts.scheme == "http" and not is_loopback(parts.hostname or "") and not target.allow_plain_http:
        fault = "passwords would cross the network in clear"
        fix = "use https://, or say allow_plain_http = true in this target (--allow-plain-http) if you must"
    if fault:
        raise ConfigError(fault, code="KT-CFG-008", where=f"{where}.{field}", fix=fix)


def _holds_password(url: str) -> bool:
    return "@" in url and ":" in url.partition("://")[2].partition("@")[0]


def _is_open(target: TargetSettings) -> bool:
    parts = [urlsplit(url) for url in (target.url, target.sign_in_url, target.manage_url)]
    return any(part.scheme == "http" and not is_loopback(part.hostname or "") for part in parts)


def _absolute(path: str, folder: Path) -> str:
    return str((folder / Path(path).expanduser()).absolute()) if path else ""
