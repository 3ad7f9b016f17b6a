"""What must be right before the server starts: whom it believes, by which names it is asked, whose its files are."""

import ipaddress
import os
import re
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from keyturn.core.errors import ConfigError
from keyturn.core.hosts import is_loopback
from keyturn.http.front import LOOPBACK, Front, Network

_NAME: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?)", re.ASCII)
_WIDEST: Final = {4: 8, 6: 16}
"""Shortest prefix of a proxies' network: what is wider speaks for half the world."""


def front_of(
    host: str, *, behind_tls: bool, public_url: str = "", hosts: Sequence[str] = (), proxies: Sequence[str] = ()
) -> Front:
    """What the server believes of who calls.  host: the address that it listens on.

    Raises ConfigError for a name that is none, for a proxies' network that is everybody, for links in plain http, and
    where other machines could ask but no name is known by which they do.
    """
    names = {_name(each) for each in hosts}
    names |= {_public_name(public_url)} if public_url else set()
    names |= {f"[{host}]" if ":" in host else host.lower()} - {"0.0.0.0", "[::]"}  # noqa: S104  # those are no names
    if not names:
        raise ConfigError(
            "nobody said by which name other machines ask for the server",
            code="KT-CFG-026",
            why=f"it listens on {host}, and a request for a strange name is refused",
            fix="--base-url https://id.example.com, or [serve] hosts in the settings",
        )
    return Front(frozenset(names) | LOOPBACK, tuple(_network(each) for each in proxies), behind_tls)


def refuse_open_files(data: Path, database: Path | None) -> None:
    """Refuse a data folder that others can write to, and a database that others can read.  Raises ConfigError."""
    if sys.platform == "win32":
        return
    for path, bits, wrong, fix in (
        (data, stat.S_IWGRP | stat.S_IWOTH, "others can write to the data folder", "700"),
        (database, stat.S_IRWXG | stat.S_IRWXO, "others can read or change the database", "600"),
    ):
        if path is not None and path.exists() and os.stat(path).st_mode & bits:
            why = "whoever can put a file there, or read one, has the passwords' verifiers in their hands"
            raise ConfigError(wrong, code="KT-CFG-028", where=str(path), why=why, fix=f"chmod {fix} {path}")


def refuse_debugging(host: str, *, debugging: bool) -> None:
    """Refuse Python's development mode where other machines can ask: it logs too much.  Raises ConfigError."""
    if debugging and not is_loopback(host):
        why = "python -X dev or PYTHONDEVMODE logs the arguments of calls"
        raise ConfigError("Python runs in its development mode", code="KT-CFG-029", why=why, fix="start it without")


def _name(text: str) -> str:
    name = text.strip().lower().removesuffix(".")
    if _NAME.fullmatch(name) is None:
        why, fix = "no scheme, no port, no path, and no * for any", 'hosts = ["id.example.com"]'
        raise ConfigError(f"{text!r} is no name of a host", code="KT-CFG-026", where="hosts", why=why, fix=fix)
    return name


def _public_name(url: str) -> str:
    """The host of the address that links begin with."""
    try:
        found = urlsplit(url)
        host, _ = (found.hostname or "").lower(), found.port
    except ValueError:
        host = ""
    if not host or found.username is not None or found.query or found.fragment:
        what, fix = "the public address is no address", "as in https://id.example.com"
        raise ConfigError(what, code="KT-CFG-026", where="public_url", fix=fix)
    if found.scheme != "https" and not (found.scheme == "http" and is_loopback(host)):
        why = "links to set a password would cross the network in clear"
        fix = "the address of the TLS proxy in front, as in https://id.example.com"
        raise ConfigError("the public address is not https", code="KT-CFG-020", where="public_url", why=why, fix=fix)
    return f"[{host}]" if ":" in host else host


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError as error:
        fix = "as in 10.0.3.0/24 or 10.0.3.7"
        raise ConfigError(f"{text!r} is no network", code="KT-CFG-027", where="proxies", fix=fix) from error
    if network.prefixlen < _WIDEST[network.version]:
        why, fix = "everybody in it could say to be anybody", "name the proxies alone, as in 10.0.3.7"
        raise ConfigError(f"{text} is not a network of proxies", code="KT-CFG-027", where="proxies", why=why, fix=fix)
    return network
