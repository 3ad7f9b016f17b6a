"""What every directory that takes people into groups promises: who is in, who is out, and no group that is none."""

from uuid import uuid4

import pytest

from keyturn.core.commands import CreateUser, UpdateUser
from keyturn.core.outcomes import Changed, Created, Reason
from keyturn.core.permissions import Actor
from keyturn.core.users import ALL_RIGHTS, Group, Profile
from tests.contract.kinds import World, fresh, reason

pytestmark = pytest.mark.filterwarnings("error")
needs = pytest.mark.needs


def group_of(here: World) -> str:
    """The uid of a new group without rights."""
    administration = here.door.house.administration(Actor("root", "root", 1, ALL_RIGHTS), "test")
    made = administration.groups.create(f"g{uuid4().hex[:12]}", frozenset(), (), "")
    assert isinstance(made, Group)
    return made.uid


async def groups_shown(here: World, who: str) -> list[str]:
    """The uids of the groups that somebody is shown in."""
    user = await here.directory.find(who)
    assert user is not None
    return [group.uid for group in user.groups]


@needs("groups")
async def test_a_new_user_is_in_the_groups_that_were_named(here: World) -> None:
    """All of them, and the user shows them."""
    who, groups = fresh(), sorted([group_of(here), group_of(here)])
    assert isinstance(await here.ask(CreateUser(who, Profile("Amal"), groups=tuple(groups))), Created)
    assert sorted(await groups_shown(here, who)) == groups


@needs("groups")
async def test_joining_and_leaving_leaves_everything_else_as_it_is(here: World) -> None:
    """Both in one command; whoever is in already stays in."""
    who, one, two = fresh(), group_of(here), group_of(here)
    assert isinstance(await here.ask(CreateUser(who, Profile("Amal"), groups=(one,))), Created)
    for _ in range(2):
        assert isinstance(await here.ask(UpdateUser(who, join=(two,), leave=(one,))), Changed)
        assert await groups_shown(here, who) == [two]
    assert here.stored(who).profile.display_name == "Amal"


@needs("groups")
async def test_a_group_that_is_not_there_refuses_the_whole_command(here: World) -> None:
    """Nobody is made without the groups that were asked for, and nothing else of the command is done."""
    who, nothing = fresh(), str(uuid4())
    assert reason(await here.ask(CreateUser(who, Profile("Amal"), groups=(nothing,)))) is Reason.NO_SUCH_GROUP
    assert await here.directory.find(who) is None
    assert isinstance(await here.ask(CreateUser(who, Profile("Amal"))), Created)
    refused = await here.ask(UpdateUser(who, Profile("Other"), join=(group_of(here), nothing)))
    assert reason(refused) is Reason.NO_SUCH_GROUP
    assert (here.stored(who).profile.display_name, await groups_shown(here, who)) == ("Amal", [])
