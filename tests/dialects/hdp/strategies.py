"""Commands and users that fit Hybrid Data Pipeline, for property tests."""

from typing import Any

from hypothesis import strategies as st

from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, SECRET_NAMES, USER_RIGHTS, Profile, Right, Status, User
from keyturn.dialects.hdp.wire_user import LONG_AGO, MORE, NOT_KEPT

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8).filter(
    lambda name: name.casefold() not in SECRET_NAMES  # nothing is kept under these
)
logins = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=128)
numbers = st.integers(1, 2**31).map(str)
secrets = st.builds(Secret, texts)
plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
own_words = st.dictionaries(words.filter(lambda name: name not in NOT_KEPT), plain, max_size=3)
sign_ins = st.lists(
    st.fixed_dictionaries({"authUserName": texts.filter(bool), "authServiceId": st.integers(1, 9)}), max_size=2
)
data = st.lists(st.sampled_from([1, 2, 5, 9, 11, 17, 27]), unique=True, min_size=1, max_size=4).map(sorted)
rights = st.just(ALL_RIGHTS) | st.sets(st.sampled_from(sorted(USER_RIGHTS, key=str))).map(frozenset)
statuses = st.sampled_from(list(Status))
operations = words | st.just("")


@st.composite
def profiles(draw: st.DrawFn, allowed: frozenset[Right]) -> Profile:
    """What this vendor keeps; a role that is kept says no more than the rights."""
    mine: dict[str, Any] = dict(draw(own_words))
    if draw(st.booleans()):
        mine["authenticationInfo"] = {"authUsers": draw(sign_ins)}
    if draw(st.booleans()):
        mine["permissions"] = draw(data)
    fit = [role for role, needed in ((1, ALL_RIGHTS), (3, USER_RIGHTS), (2, set())) if needed <= allowed]
    roles = draw(st.lists(st.sampled_from(fit), unique=True, max_size=3))
    if roles not in ([], [2]):
        mine["roles"] = roles
    return Profile(more={MORE: mine} if mine else {})


@st.composite
def creations(draw: st.DrawFn) -> CreateUser:
    """A new user is named by the sign-in name."""
    allowed = draw(rights)
    return CreateUser(
        draw(logins), draw(profiles(allowed)), password=draw(st.none() | secrets), status=draw(statuses),
        rights=allowed, operation=draw(operations),
    )  # fmt: skip


@st.composite
def updates(draw: st.DrawFn) -> UpdateUser:
    """A whole user: that is what the vendor's call replaces."""
    allowed = draw(rights)
    return UpdateUser(
        draw(numbers), draw(profiles(allowed)), draw(logins), draw(statuses), allowed, operation=draw(operations)
    )


commands: st.SearchStrategy[Command] = st.one_of(
    creations(),
    updates(),
    st.builds(ResetPassword, numbers, secrets, operation=operations),
    st.builds(ChangePassword, st.just(""), secrets, secrets, operations),
    st.builds(SetStatus, numbers, statuses, operations),
    st.builds(DeleteUser, numbers, operations),
)


@st.composite
def users(draw: st.DrawFn) -> User:
    """A stored user, as far as this vendor can show one."""
    allowed, login, local = draw(rights), draw(logins), draw(st.booleans())
    return User(
        "", int(draw(numbers)), draw(st.integers(1, 9)), login, login, draw(profiles(allowed)), LONG_AGO, LONG_AGO,
        status=draw(statuses), rights=allowed, has_password=local, must_change=local and draw(st.booleans()),
    )  # fmt: skip
