"""Who calls and which host was meant: the address that limits and the audit see, and the names that are ours."""

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.types import Scope

from keyturn.http.json import BadRequest

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The names under which this machine is its own."""

_WATCHED: Final = frozenset({"/livez", "/readyz"})
"""What a supervisor asks by whatever address it has; nothing of the request is in the answer."""

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:[0-9]{1,5})?", re.ASCII)
_FOR: Final = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>[0-9.]+))(?::\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Front:
    """What is believed of who calls.

    hosts: the names by which the server is asked, in small letters and without a port; None: any.
    proxies: whose word is taken for whom they speak for.  https: TLS is in front, though we speak http.
    """

    hosts: frozenset[str] | None = LOOPBACK
    proxies: Collection[Network] = ()
    https: bool = False

    def admit(self, scope: Scope) -> None:
        """Put the true address and scheme of the caller into the scope.  Raises BadRequest for a strange host."""
        if self.https:
            scope["scheme"] = "https"
        peer = scope.get("client")
        if peer and self.proxies and is_within(peer[0], self.proxies):
            self._believe(scope, peer[0])
        if self.hosts is not None and scope["path"] not in _WATCHED:
            self._judge_host(_values(scope, b"host"), self.hosts)

    def _believe(self, scope: Scope, peer: str) -> None:
        """Take a proxy's word.  The address is the last one that no proxy of ours has."""
        plain = [_address(told) for told in _list(scope, b"x-forwarded-for")]
        standard = [_address(told) for told in _forwarded(scope, "for")]
        if plain and standard and plain != standard:
            raise BadRequest("X-Forwarded-For and Forwarded contradict each other")
        scope["client"] = (self._last_stranger(plain or standard, peer), 0)
        schemes = _list(scope, b"x-forwarded-proto") or _forwarded(scope, "proto")
        if schemes and schemes[-1].lower() in ("http", "https"):
            scope["scheme"] = schemes[-1].lower()

    def _last_stranger(self, chain: Sequence[str], peer: str) -> str:
        for address in reversed(chain):
            if not is_within(peer, self.proxies) or not address:
                break
            peer = address
        return peer

    def _judge_host(self, given: Sequence[str], hosts: frozenset[str]) -> None:
        if len(given) != 1:
            raise BadRequest("a request has one Host")
        found = _HOST.fullmatch(given[0].lower())
        if found is None or found["name"].removesuffix(".") not in hosts:
            raise BadRequest("this server does not go by that name", 421)


def is_within(address: str, networks: Collection[Network]) -> bool:
    """Whether an address is in one of these networks; an IPv4 address may be written as an IPv6 one."""
    if not networks:
        return False
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in network for network in networks)


def _address(told: str) -> str:
    """An address as a proxy tells it, with or without a port; empty for anything else."""
    found = _FOR.fullmatch(told)
    bare = (found["six"] or found["four"]) if found is not None else told
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for given, value in scope["headers"] if given == name]


def _list(scope: Scope, name: bytes) -> list[str]:
    """The elements of a header that is a list, over all its lines, in order."""
    return [part.strip() for value in _values(scope, name) for part in value.split(",")]


def _forwarded(scope: Scope, wanted: str) -> list[str]:
    """One parameter of each element of `Forwarded` (RFC 7239) that has it."""
    found = []
    for element in _list(scope, b"forwarded"):
        for pair in element.split(";"):
            name, _, value = pair.strip().partition("=")
            if name.lower() == wanted:
                found.append(value.strip('"'))
    return found
