"""What judging needs of users, read in sets and without their profiles: the hottest reading path."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from keyturn.core.credentials import Credential, Source
from keyturn.core.storage import Subject
from keyturn.core.users import Handle, Status
from keyturn.store.schema import CREDENTIALS, USERS
from keyturn.store.statement import Among, Prepared
from keyturn.store.values import RIGHTS, moment, moment_or_none, numbers

_U, _K = USERS.c, CREDENTIALS.c
_COLUMNS: Final = (
    _U.uid, _U.number, _U.tenant, _U.key, _U.login, _U.status, _U.rights, _U.mail, _U.epoch, _U.version, _U.failures,
    _U.wait_until, _K.verifier, _K.pepper_id, _K.source, _K.must_change, _K.changed, _K.expires, _K.operation,
    _K.derive_id, _U.through, _U.administers, _U.guessed_from,
)  # fmt: skip
_STATUS: Final = {status.value: status for status in Status}
_SOURCE: Final = {source.value: source for source in Source}
_PLACE: Final = {Handle.UID: 0, Handle.NUMBER: 1, Handle.KEY: 3, Handle.LOGIN: 4}

LIVE: Final = select(*_COLUMNS).select_from(USERS.outerjoin(CREDENTIALS)).where(_U.deleted.is_(False))
BY_UID: Final = Prepared(LIVE.where(Among(_U.uid, "uids")), "uids")
BY_LOGIN: Final = Prepared(LIVE.where(_U.login == bindparam("name")).order_by(_U.tenant), "name")
BY_HANDLE: Final[Mapping[Handle, Prepared]] = {
    handle: Prepared(LIVE.where(_U.tenant == bindparam("of"), Among(_U[handle.value], "whos")), "of", "whos")
    for handle in Handle
}

MOST: Final = 2**63 - 1
_NOWHERE: Final[frozenset[int]] = frozenset()


def by_handle(connection: Connection, tenant: int, whos: Sequence[str], by: Handle) -> dict[str, Subject]:
    """The subjects by the handle as it was asked."""
    place = _PLACE[by]
    return {str(row[place]): _subject(row) for row in BY_HANDLE[by].all(connection, tenant, handles(whos, by))}


def by_uid(connection: Connection, uids: Iterable[str]) -> dict[str, Subject]:
    """The subjects by uid over all tenants."""
    return {row[0]: _subject(row) for row in BY_UID.all(connection, storable(uids))}


def by_login(connection: Connection, login: str) -> list[Subject]:
    """Every live user with this sign-in name, in order of tenant."""
    return [_subject(row) for name in storable([login]) for row in BY_LOGIN.all(connection, name)]


def handles(whos: Iterable[str], by: Handle) -> list[str] | list[int]:
    """Those that can be a handle of this kind at all: `007` is no number, since no number is written so."""
    if by is not Handle.NUMBER:
        return storable(whos)
    digits = {int(who) for who in whos if who.isascii() and who.isdigit() and len(who) < 20 and str(int(who)) == who}
    return [number for number in digits if number <= MOST]


def storable(texts: Iterable[str]) -> list[str]:
    """Those that a database can hold, each once: no zero characters, no halves of a surrogate pair."""
    return [text for text in dict.fromkeys(texts) if "\0" not in text and (text.isascii() or _encodes(text))]


def _encodes(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _subject(row: Sequence[Any]) -> Subject:
    (
        uid, number, tenant, key, login, status, rights, mail, epoch, version, failures, wait, verifier, pepper_id,
        source, must_change, changed, expires, operation, derive_id, through, administers, guessed_from,
    ) = row  # fmt: skip
    credential = None
    if verifier is not None:
        credential = Credential(
            uid, verifier, pepper_id, _SOURCE[source], bool(must_change), moment(changed), moment_or_none(expires),
            operation, derive_id,
        )  # fmt: skip
    return Subject(
        uid, number, tenant, key, login, _STATUS[status], RIGHTS[rights | through], mail, epoch, version, failures,
        moment_or_none(wait), credential, RIGHTS[rights], RIGHTS[through],
        numbers(administers) if administers else _NOWHERE, guessed_from,
    )  # fmt: skip
