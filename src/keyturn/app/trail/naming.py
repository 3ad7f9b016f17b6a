"""Who is who in the audit: the trail holds uids, which no rename changes, and people know names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from keyturn.app.trail.exporting import as_record
from keyturn.core.audit import Entry, Event
from keyturn.core.storage import Store
from keyturn.core.users import Handle, Window

_UID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIES: Final = frozenset({"group.join", "group.leave"})


@dataclass(frozen=True, slots=True)
class Names:
    """Sign-in names of users and names of groups by uid, and names of tenants by number, as they are now."""

    known: Mapping[str, str]
    tenants: Mapping[int, str]

    def actor(self, event: Event) -> str:
        """Who did it."""
        return self.known.get(event.actor, event.actor)

    def whom(self, event: Event) -> str:
        """Whom or what it touched; the id as it was asked for where nobody has that uid any more."""
        return self.known.get(event.target) or self.known.get(event.who) or event.who or event.target

    def tenant(self, event: Event) -> str:
        """In which tenant."""
        return self.tenants.get(event.tenant, str(event.tenant))

    def detail(self, event: Event) -> str:
        """What is said of it; the group by name where somebody joined or left one."""
        return f"group {self.known.get(event.detail, event.detail)}" if event.verb in _TIES else event.detail

    def record(self, entry: Entry) -> dict[str, object]:
        """The entry as a flat record, with the names beside what the chain holds."""
        event = entry.event
        names = {
            "actor_name": self.actor(event),
            "target_name": self.whom(event),
            "tenant_name": self.tenant(event),
            "said": self.detail(event),
        }
        return {**as_record(entry), **names}


def names_of(store: Store, found: Iterable[Entry]) -> Names:
    """The names of all whom these entries are about."""
    uids: dict[int, set[str]] = {}
    for event in (entry.event for entry in found):
        texts = (event.actor, event.target, event.who, event.detail)
        uids.setdefault(event.tenant, set()).update(text for text in texts if _UID.fullmatch(text))
    known: dict[str, str] = {}
    with store.reading() as view:
        for tenant, wanted in uids.items():
            known |= {uid: group.name for uid, group in view.groups.find(tenant, sorted(wanted)).items()}
            known |= {uid: subject.login for uid, subject in view.users.by_uid(sorted(wanted)).items()}
        return Names(known, {tenant.number: tenant.name for tenant in view.tenants.all()})


def meant_by(store: Store, text: str) -> frozenset[str]:
    """The uids of everybody whom a text may mean: by id, sign-in name, number or uid, and groups by name."""
    found = set()
    with store.reading() as view:
        for tenant in view.tenants.all():
            for handle in Handle:
                found |= {one.uid for one in view.users.subjects(tenant.number, [text], handle).values()}
            groups = view.groups.page(tenant.number, Window(0, 1000, text)).groups
            found |= {group.uid for group in groups if group.name.casefold() == text.casefold()}
    return frozenset(found)


def about(found: Iterable[Entry], text: str, meant: frozenset[str]) -> Iterator[Entry]:
    """The entries that touched whom the text means, or that were asked for with this text.

    Who was created or signed in under that id stays the same person when they are renamed or deleted later.
    """
    known, folded = set(meant), text.casefold()
    for entry in found:
        event = entry.event
        asked = event.who.casefold() == folded
        if asked and event.target and event.verb in ("user.create", "session.start"):
            known.add(event.target)
        if asked or event.target in known or (event.verb in _TIES and event.detail in known):
            yield entry


def done_by(found: Iterable[Entry], text: str, meant: frozenset[str]) -> Iterator[Entry]:
    """The entries of an actor: a user, a key by its id, or an account of this machine."""
    actors = {*meant, text, f"os:{text}"}
    return (entry for entry in found if entry.event.actor in actors)
