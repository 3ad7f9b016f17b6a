"""Commands and users that fit SCIM, for property tests."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.secret import Secret
from keyturn.core.users import Address, Contact, Profile, Stamp, Status, User
from keyturn.dialects.scim.wire_user import ENTERPRISE, MORE

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = texts.filter(lambda text: bool(text.strip()))
ids = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=60)
secrets = st.builds(Secret, texts)
contacts = st.just(()) | st.tuples(st.builds(Contact, names, texts, st.booleans()), st.builds(Contact, names, texts))
addresses = st.just(()) | st.tuples(st.builds(Address, *[texts] * 7, st.booleans()))
kept = st.fixed_dictionaries(
    {},
    optional={
        "nickName": names,
        "locale": names,
        "roles": st.lists(st.fixed_dictionaries({"value": names}), min_size=1, max_size=2),
        ENTERPRISE: st.fixed_dictionaries({"department": names}, optional={"employeeNumber": names}),
        "name": st.fixed_dictionaries({"formatted": names}, optional={"middleName": names}),
    },
)
profiles = st.builds(
    Profile, texts, texts, texts, texts, contacts, contacts, addresses, texts, st.just(""), texts,
    external_id=texts, more=st.just({}) | kept.filter(bool).map(lambda value: {MORE: value}),
)  # fmt: skip
statuses = st.sampled_from([Status.ACTIVE, Status.DISABLED])
operations = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20)
creations = st.builds(
    CreateUser, ids, profiles, password=st.none() | secrets, imported=st.none() | secrets, status=statuses,
    operation=operations,
)  # fmt: skip
changes: st.SearchStrategy[Command] = st.one_of(
    st.builds(ResetPassword, ids, secrets, operation=operations),
    st.builds(SetStatus, ids, statuses, operations),
    st.builds(DeleteUser, ids, operations),
)
updates = st.builds(UpdateUser, ids, st.none() | profiles, st.none() | ids, st.none() | statuses)
times = st.integers(0, 10**15).map(lambda count: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=count))


@st.composite
def users(draw: st.DrawFn) -> User:
    """A user as far as SCIM shows one."""
    login = draw(ids)
    stamps = Stamp("", draw(times)), Stamp("", draw(times))
    return User(
        str(draw(st.uuids())), 0, 0, login, login, draw(profiles), *stamps, draw(statuses),
        version=draw(st.integers(1, 10**8)),
    )  # fmt: skip
