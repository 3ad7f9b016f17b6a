"""Commands and users that fit Primavera Administration, for property tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Profile, Right, Stamp, Status, User
from keyturn.dialects.primavera.wire_user import ADMINISTRATOR, MORE

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=60)
secrets = st.builds(Secret, texts)
roles = st.fixed_dictionaries({"name": words.filter(lambda name: name != ADMINISTRATOR)}, optional={"id": words})
own_words: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "middleName": texts,
        "employeeNumber": texts,
        "userType": st.sampled_from(["EMP", "Employee"]),
        "organization": st.fixed_dictionaries({"name": texts}, optional={"id": words}),
        "roles": st.lists(roles, min_size=1, max_size=2),
    },
).filter(bool)
statuses = st.sampled_from([Status.ACTIVE, Status.DISABLED])
rights = st.sampled_from([frozenset[Right](), USER_RIGHTS])


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """What the vendor has a field for; the display name is made of the other two."""
    given, family = draw(texts), draw(texts)
    mail = draw(texts)
    return Profile(
        f"{given} {family}".strip(),
        given,
        family,
        emails=(Contact(mail, primary=True),) if mail else (),
        more=draw(st.just({}) | own_words.map(lambda kept: {MORE: kept})),
    )


creations = st.builds(CreateUser, ids, profiles(), status=statuses, rights=rights)


@st.composite
def batches(draw: st.DrawFn) -> Sequence[Command]:
    """Commands of one kind that one call carries."""
    notify = draw(st.booleans())
    one: st.SearchStrategy[Command] = draw(
        st.sampled_from(
            [
                st.builds(ResetPassword, ids, secrets, st.just(notify), st.just(True)),
                st.builds(ResetPassword, ids, st.none(), st.just(True)),
                st.builds(SetStatus, ids, statuses),
                st.builds(DeleteUser, ids),
                creations,
            ]
        )
    )
    return draw(st.lists(one, min_size=1, max_size=4))


times = st.integers(0, 10**9).map(lambda count: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=count))
stamps = st.builds(Stamp, st.just(""), times)


@st.composite
def users(draw: st.DrawFn) -> User:
    """A stored user, as far as the vendor shows one."""
    login, changed = draw(ids), draw(st.none() | times)
    return User(
        "", draw(st.integers(1, 10**9)), 0, login, login, draw(profiles()), draw(stamps), draw(stamps),
        status=draw(st.sampled_from(list(Status))), rights=draw(rights), has_password=changed is not None,
        must_change=draw(st.booleans()), password_changed=changed,
    )  # fmt: skip
