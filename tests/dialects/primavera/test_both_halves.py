"""Both halves in a row, before a real directory: what one says is what the other understands."""

from collections.abc import AsyncIterator, Iterator

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.core.commands import Command, CreateUser, DeleteUser, Origin, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Changed, Created, Reason, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Group, Handle, Profile, Status, User
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.dialects.primavera.client_session import PrimaveraSettings
from keyturn.http.call import Site
from tests.dialects.primavera.asking import do
from tests.dialects.primavera.calling import reason
from tests.support.server import OpenDoor, served

GOOD = Secret("nine green bottles on a wall")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory that is served."""
    with served(tmp_path_factory.mktemp("primavera")) as door:
        yield door


@pytest.fixture
async def target(door: OpenDoor) -> AsyncIterator[PrimaveraDirectory]:
    """It as a target."""
    directory = PrimaveraDirectory(PrimaveraSettings(Site(door.url), door.made.admin, door.made.password, pause=0.0))
    yield directory
    await directory.close()


def stored(door: OpenDoor, login: str) -> User:
    """Somebody as they are kept."""
    with door.house.store.reading() as view:
        user = view.users.get(1, login, Handle.LOGIN)
    assert user is not None
    return user


async def test_a_set_of_new_users_is_made_changed_and_deleted_each_with_an_outcome(
    door: OpenDoor, target: PrimaveraDirectory
) -> None:
    """Each change is a job, and its result is asked for."""
    mail = (Contact("a@example.com", primary=True),)
    made = await target.execute(
        [CreateUser(who, Profile("New", emails=mail), password=GOOD) for who in ("A", "B", "admin")]
    )
    assert [type(one) for one in made[:2]] == [Created, Created]
    assert reason(made[2]) is Reason.EXISTS
    changed = await target.execute([UpdateUser("A", Profile("Amal Ba")), UpdateUser("C", Profile("X"))])
    assert [reason(one) for one in changed] == [None, Reason.NO_SUCH_USER]
    assert (stored(door, "A").profile.display_name, stored(door, "A").profile.emails) == ("Amal Ba", ())
    gone = await target.execute([DeleteUser("A"), DeleteUser("C"), DeleteUser("B")])
    assert [reason(one) for one in gone] == [None, Reason.NO_SUCH_USER, None]


async def test_a_change_of_a_name_takes_nobody_out_of_a_group(door: OpenDoor, target: PrimaveraDirectory) -> None:
    """Nor does it take a right or a role; taking the right takes only that."""
    administration = door.house.gate.administration(FOUNDER, "test", Origin())
    group = await administration.create_group("Planners")
    assert isinstance(group, Group)
    kept = {"primavera": {"roles": [{"name": "Unifier"}], "organization": {"name": "sfo"}}}
    do(door, CreateUser("keeper", Profile("K", more=kept), rights=USER_RIGHTS, groups=(group.uid,)))  # type: ignore[arg-type]  # JSON
    [outcome] = await target.execute([UpdateUser("keeper", Profile("Other Name"))])
    assert isinstance(outcome, Changed)
    user = stored(door, "keeper")
    assert (user.rights, [one.uid for one in user.groups], user.profile.more) == (USER_RIGHTS, [group.uid], kept)
    assert user.profile.display_name == "Other Name"
    await target.execute([UpdateUser("keeper", rights=frozenset())])
    assert (stored(door, "keeper").rights, len(stored(door, "keeper").groups)) == (frozenset(), 1)


@pytest.mark.parametrize("before", list(Status))
async def test_to_activate_is_to_activate_whoever_it_is(
    door: OpenDoor, target: PrimaveraDirectory, before: Status
) -> None:
    """Also by an update of the whole user."""
    commands: list[Command] = [
        SetStatus(f"s-{before}", Status.ACTIVE),
        UpdateUser(f"u-{before}", status=Status.ACTIVE),
    ]
    for command in commands:
        do(door, CreateUser(command.who, Profile(command.who)))
        do(door, SetStatus(command.who, before))
        [outcome] = await target.execute([command])
        assert isinstance(outcome, Changed)
        assert stored(door, command.who).status is Status.ACTIVE


async def test_a_set_without_a_usable_password_takes_one_call_and_says_why(
    door: OpenDoor, target: PrimaveraDirectory
) -> None:
    """Nobody is uncertain."""
    do(door, *(CreateUser(f"short{number}", Profile("S")) for number in range(5)))
    outcomes = await target.execute([ResetPassword(f"short{number}", Secret("short")) for number in range(5)])
    assert [reason(one) for one in outcomes] == [Reason.TOO_SHORT] * 5
    assert not any(isinstance(one, Uncertain) for one in outcomes)
