"""Who is in which group, as it is kept, and what rights that adds up to."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.core.users import Group, Groups, Right, Window


@dataclass(frozen=True, slots=True)
class Node:
    """What the closure of rights needs of a group: its own rights and the groups that it is a member of."""

    rights: frozenset[Right]
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """That a user or a group is a member of a group."""

    group: str
    member: str
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What is to change of a group; None leaves a part as it is.

    members: uids of all its members from now on; add, remove: of some.  version: refuse unless it is the stored one.
    """

    name: str | None = None
    rights: frozenset[Right] | None = None
    external_id: str | None = None
    members: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    version: int | None = None


class GroupTable(Protocol):
    """Groups of all tenants and who is in them."""

    def find(self, tenant: int, uids: Sequence[str]) -> Mapping[str, Group]:
        """Groups with their live members."""

    def page(self, tenant: int, window: Window) -> Groups:
        """A part of the groups, in order of making unless the window says otherwise."""

    def graph(self, tenant: int) -> Mapping[str, Node]:
        """Every group of the tenant, for the closure of rights."""

    def of(self, uids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The groups that each of these users is a direct member of."""

    def people(self, groups: Sequence[str]) -> Sequence[str]:
        """The uids of the users who are direct members of any of these groups."""

    def put(self, group: Group) -> None:
        """Insert or replace all but the members.  Raises Conflict when the name is taken."""

    def tie(self, ties: Sequence[Tie]) -> None:
        """Make members; whoever is one already stays one."""

    def untie(self, ties: Sequence[Tie]) -> None:
        """Members no more."""

    def remove(self, uid: str) -> None:
        """Delete a group and all its ties."""


def closure(graph: Mapping[str, Node], groups: Iterable[str]) -> frozenset[Right]:
    """The rights that membership in these groups gives: theirs, and those of all groups that they are in.

    >>> graph = {"staff": Node(frozenset()), "ops": Node(frozenset({Right.AUDIT}), ("staff",))}
    >>> closure(graph, ["ops"])
    frozenset({<Right.AUDIT: 16>})
    """
    return frozenset[Right]().union(*(graph[uid].rights for uid in above(graph, groups)))


def below(graph: Mapping[str, Node], groups: Iterable[str]) -> frozenset[str]:
    """These groups and all groups that are in them, directly or not."""
    children: dict[str, list[str]] = {}
    for uid, node in graph.items():
        for parent in node.parents:
            children.setdefault(parent, []).append(uid)
    return _reached((uid for uid in groups if uid in graph), lambda uid: children.get(uid, ()))


def above(graph: Mapping[str, Node], groups: Iterable[str]) -> frozenset[str]:
    """These groups and all groups that they are in, directly or not."""
    return _reached((uid for uid in groups if uid in graph), lambda uid: graph[uid].parents)


def _reached(begin: Iterable[str], further: Callable[[str], Iterable[str]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(begin)
    while waiting:
        uid = waiting.pop()
        if uid not in seen:
            seen.add(uid)
            waiting += further(uid)
    return frozenset(seen)
