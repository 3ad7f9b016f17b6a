"""Commands and users that fit UiPath, for property tests."""

from datetime import UTC, datetime, timedelta

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
from keyturn.core.users import Contact, Membership, Profile, Stamp, Status, User
from keyturn.dialects.uipath.wire_user import FLAGS, MORE

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=60).filter(
    lambda text: text not in (".", "..")
)
secrets = st.builds(Secret, texts)
emails = st.just(()) | st.tuples(st.builds(Contact, texts.filter(bool), primary=st.just(True)))
flags = st.dictionaries(st.sampled_from(sorted(FLAGS)), st.booleans(), min_size=1)
profiles = st.builds(
    Profile, texts, texts, texts, emails=emails, more=st.just({}) | flags.map(lambda kept: {MORE: kept})
)
statuses = st.sampled_from([Status.ACTIVE, Status.DISABLED])
operations = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)
uids = st.uuids(version=4).map(str)
groups = st.lists(uids, unique=True, max_size=3).map(tuple)
some_groups = groups.filter(bool)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(CreateUser, ids, profiles, uid=st.just("") | uids, groups=groups, operation=operations),
    st.builds(UpdateUser, ids, profiles, status=st.none() | statuses, join=groups, leave=groups, operation=operations),
    st.builds(UpdateUser, ids, status=st.none() | statuses, join=some_groups, leave=groups, operation=operations),
    st.builds(ResetPassword, ids, secrets, operation=operations),
    st.builds(ChangePassword, ids, secrets, secrets, operations),
    st.builds(SetStatus, ids, statuses, operations),
    st.builds(DeleteUser, ids, operations),
)

times = st.integers(0, 10**15).map(lambda count: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=count))


@st.composite
def users(draw: st.DrawFn) -> User:
    """A user as far as UiPath shows one."""
    login = draw(ids)
    stamps = Stamp("", draw(times)), Stamp("", draw(times))
    profile = draw(st.builds(Profile, texts, texts, texts, emails=emails))
    return User(
        draw(uids), draw(st.integers(1, 10**9)), 0, login, login, profile, *stamps, draw(statuses),
        groups=tuple(Membership(uid, "") for uid in draw(groups)),
    )  # fmt: skip
