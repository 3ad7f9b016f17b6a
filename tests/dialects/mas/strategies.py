"""Commands and users that fit MAS, for property tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.secret import Secret
from keyturn.core.users import SECRET_NAMES, Address, Contact, Grant, Profile, Right, Stamp, Status, User
from keyturn.dialects.mas.wire_user import EXTERNAL_ID, MORE, NOT_KEPT, PERMISSIONS

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8).filter(
    lambda name: name.casefold() not in SECRET_NAMES  # nothing is kept under these
)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=100).filter(
    lambda text: text not in (".", "..")
)
secrets = st.builds(Secret, texts)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
contacts = st.tuples(st.builds(Contact, texts, texts, st.booleans()))
addresses = st.tuples(st.builds(Address, texts, texts, texts, texts, texts, texts, texts, st.booleans()))
own_words = st.dictionaries(words.filter(lambda name: name not in {*NOT_KEPT, "status"}), plain, min_size=1, max_size=3)
dates = st.fixed_dictionaries({"status": st.fixed_dictionaries({"expiresAt": texts, "inactivityTimeout": texts})})
more = st.one_of(st.just({}), st.builds(lambda mine: {MORE: mine}, st.one_of(own_words, dates)))
profiles = st.builds(
    Profile,
    texts,
    texts,
    texts,
    texts,
    emails=st.just(()) | contacts,
    phones=st.just(()) | contacts,
    addresses=st.just(()) | addresses,
    language=texts,
    country=texts,
    timezone=texts,
    owner=texts.filter(bool),
    external_id=texts,
    extension=st.dictionaries(words.filter(lambda name: name != EXTERNAL_ID), plain, max_size=2),
    more=more,
)
rights = st.sets(st.sampled_from(list(PERMISSIONS.values()))).map(lambda parts: frozenset[Right]().union(*parts))
statuses = st.sampled_from([Status.ACTIVE, Status.DISABLED])
operations = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)


@st.composite
def creations(draw: st.DrawFn) -> CreateUser:
    """A sign-in name that is the id is written as none: both mean the same."""
    who = draw(ids)
    login = draw(st.just("") | ids.filter(lambda name: name != who))
    return CreateUser(
        who, draw(profiles), login, draw(st.none() | secrets), notify=draw(st.booleans()),
        validate_only=draw(st.booleans()), status=draw(statuses), rights=draw(rights), operation=draw(operations),
    )  # fmt: skip


updates = st.builds(
    UpdateUser,
    ids,
    st.none() | profiles,
    st.none() | ids,
    st.none() | statuses,
    st.none() | rights,
    st.none() | st.integers(1, 2**31),
    operations,
)
resets = st.builds(ResetPassword, ids, st.none() | secrets, st.booleans(), operation=operations)
commands: st.SearchStrategy[Command] = st.one_of(
    creations(),
    updates,
    resets,
    st.builds(SetStatus, ids, statuses, operations),
    st.builds(DeleteUser, ids, operations),
)

times = st.integers(0, 10**15).map(lambda count: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=count))
stamps = st.builds(Stamp, texts, times)
grants = st.builds(Grant, words, st.just("") | words, st.sampled_from(["ADMIN", "USER", "MANAGEUSER"]), times)


@st.composite
def users(draw: st.DrawFn) -> User:
    """A stored user, as far as MAS can show one."""
    key, local = draw(ids), draw(st.booleans())
    return User(
        "", 0, 0, key, draw(ids), draw(profiles), draw(stamps), draw(stamps),
        status=draw(st.sampled_from(list(Status))) if local else draw(statuses), rights=draw(rights),
        version=draw(st.integers(1, 10**6)), has_password=local, must_change=local and draw(st.booleans()),
        failures=draw(st.integers(0, 99)) if local else 0, last_failure=draw(st.none() | times),
        grants=tuple(draw(st.lists(grants, max_size=2))),
    )  # fmt: skip
