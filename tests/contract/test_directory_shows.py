"""What a directory says that it shows of users is what looking them up tells, and looking up only reads."""

from dataclasses import replace

import pytest

from keyturn.app.keeping.init import FOUNDER
from keyturn.bulk.job import Operation
from keyturn.bulk.planning.lookup import Finding, judged
from keyturn.core.commands import Command, CreateUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Changed, Created
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Contact, Profile, Shown, Status
from keyturn.http.call import overheard
from tests.contract.kinds import GOOD, World, fresh

pytestmark = pytest.mark.filterwarnings("error")

SAID_BY = {
    Shown.LOCAL: Finding.FEDERATED,
    Shown.LOCKED: Finding.LOCKED,
    Shown.DISABLED: Finding.DISABLED,
    Shown.RIGHTS: Finding.PRIVILEGED,
    Shown.MAIL: Finding.UNADDRESSED,
}


def make(here: World, *commands: Command) -> str:
    """Somebody in the directory behind, with a password and an address unless the commands say otherwise."""
    who = fresh()
    house = here.door.house.directory(FOUNDER, "test")
    profile = Profile(f"Name of {who}", emails=(Contact(f"{who}@example.com", primary=True),))
    for command in (CreateUser(who, profile), ResetPassword(who, Secret(GOOD)), *commands):
        [outcome] = house.execute([replace(command, who=who)])
        assert isinstance(outcome, Created | Changed)
    return who


async def told(here: World, who: str) -> Finding:
    """What is said of somebody; nothing but reads left for it."""
    await here.directory.probe()  # signs in, which is no read everywhere
    with overheard() as requests:
        user = await here.directory.find(who)
    assert set(requests) <= {"GET"}, requests
    assert (sum(requests.values()) > 0) == (here.kind != "local")
    return judged(user, Operation.RESET, here.able.shows, None)


async def test_nothing_is_said_of_an_ordinary_user(here: World) -> None:
    """Somebody with a password and an address, who administers nothing."""
    assert await told(here, make(here)) == Finding(0)


async def test_what_is_shown_is_told(here: World) -> None:
    """Each by a user of whom it is so."""
    bare = fresh()
    here.door.house.directory(FOUNDER, "test").execute([CreateUser(bare, Profile(bare))])
    found = {
        Shown.LOCKED: await told(here, make(here, SetStatus("", Status.LOCKED))),
        Shown.DISABLED: await told(here, make(here, SetStatus("", Status.DISABLED))),
        Shown.RIGHTS: await told(here, make(here, UpdateUser("", rights=ALL_RIGHTS))),
        Shown.LOCAL: await told(here, bare),
        Shown.MAIL: await told(here, bare),
    }
    for shown, finding in SAID_BY.items():
        assert (finding in found[shown]) == (shown in here.able.shows), shown


async def test_whoever_is_not_there_is_missing(here: World) -> None:
    """By a name that nobody has."""
    assert await told(here, fresh()) == Finding.MISSING
