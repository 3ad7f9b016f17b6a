"""Lists of users and of groups, narrowed and put in order as a window asks."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Select, and_, func, or_

from keyturn.core.conditions import Field, Many, Part
from keyturn.core.users import Window
from keyturn.store.conditions import Listed, Row
from keyturn.store.documents import WORDS
from keyturn.store.schema import GROUPS, MEMBERS, USERS

AnySelect: TypeAlias = Select[*tuple[Any, ...]]

_U, _G, _M = USERS.c, GROUPS.c, MEMBERS.c
_PEOPLE: Final = USERS.alias("people_in")
_INNER: Final = GROUPS.alias("groups_in")

_IN_PROFILE: Final = (
    *(Field.DISPLAY_NAME, Field.GIVEN_NAME, Field.FAMILY_NAME, Field.TITLE, Field.LANGUAGE, Field.COUNTRY),
    *(Field.TIMEZONE, Field.OWNER, Field.EXTERNAL_ID, Many.EMAILS, Many.PHONES, Many.ADDRESSES),
)
_GROUPS_OF_USER: Final = Listed(
    MEMBERS.join(GROUPS, _M.group == _G.uid),
    and_(_M.member == _U.uid, _M.is_group.is_(False)),
    {Part.UID: _G.uid, Part.NAME: _G.name},
)
_MEMBERS_OF_GROUP: Final = Listed(
    MEMBERS.outerjoin(
        _PEOPLE, and_(_M.member == _PEOPLE.c.uid, _M.is_group.is_(False), _PEOPLE.c.deleted.is_(False))
    ).outerjoin(_INNER, and_(_M.member == _INNER.c.uid, _M.is_group.is_(True))),
    and_(_M.group == _G.uid, or_(_PEOPLE.c.uid.is_not(None), _INNER.c.uid.is_not(None))),
    {Part.UID: _M.member, Part.NAME: func.coalesce(_PEOPLE.c.login, _INNER.c.name)},
)

OF_USERS: Final[Mapping[str, Row]] = {
    name: Row(
        words,
        {
            Field.UID: _U.uid, Field.NUMBER: _U.number, Field.KEY: _U.key, Field.LOGIN: _U.login,
            Field.STATUS: _U.status, Field.MAIL: _U.mail, Field.VERSION: _U.version, Field.ADDED: _U.added_at,
            Field.UPDATED: _U.updated_at,
        },
        _U.profile,
        {one: (one.value,) for one in _IN_PROFILE},
        ("more",),
        {Many.GROUPS: _GROUPS_OF_USER},
        dict.fromkeys((Field.KEY, Field.LOGIN, Field.DISPLAY_NAME), _U.search),
    )
    for name, words in WORDS.items()
}  # fmt: skip
"""Where the values of a user are, by the name of the database."""

OF_GROUPS: Final[Mapping[str, Row]] = {
    name: Row(
        words,
        {
            Field.UID: _G.uid, Field.NAME: _G.name, Field.EXTERNAL_ID: _G.external_id, Field.VERSION: _G.version,
            Field.ADDED: _G.added_at, Field.UPDATED: _G.updated_at,
        },
        _G.external_id,
        lists={Many.MEMBERS: _MEMBERS_OF_GROUP},
    )
    for name, words in WORDS.items()
}  # fmt: skip
"""Where the values of a group are, by the name of the database."""


def narrowed(wanted: AnySelect, rows: Mapping[str, Row], window: Window, connection: Connection) -> AnySelect:
    """The statement for those that fulfil the condition of a window."""
    if window.where is None:
        return wanted
    return wanted.where(rows[connection.dialect.name].where(window.where))


def ordered(wanted: AnySelect, rows: Mapping[str, Row], window: Window, connection: Connection) -> AnySelect:
    """The statement in the order of a window, as far as it names one."""
    row = rows[connection.dialect.name]
    return wanted.order_by(*(row.order(order) for order in window.order))
