"""What every directory promises about users, whoever keeps it: exact ids, honest answers, rights."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.core.commands import CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.errors import Unreachable
from keyturn.core.outcomes import Changed, Created, Reason, Refused, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Address, Contact, Profile, Right, Status, Window
from tests.contract.kinds import ASKS_FIRST, GOOD, LATER, World, fresh, reason, world

OTHER = "eight blue kettles on a shelf"

pytestmark = pytest.mark.filterwarnings("error")
needs = pytest.mark.needs

ODD_IDS = ("007", "1E5", "0x1F", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "müller", "john doe",
           "a+b@x.com", "a/b", "a%2Fb", "a//b", "'; drop table", "日本", "e\u0301", "-", "a:b", "a&b=c")  # fmt: skip


@needs("names")
async def test_a_new_user_is_found_with_names_and_address(here: World) -> None:
    """The parts that every directory keeps."""
    who, before = fresh(), datetime.now(UTC)
    mail = f"{who}@example.com"
    profile = Profile("Amal Ba", "Amal", "Ba", emails=(Contact(mail, primary=True),))
    assert isinstance(await here.ask(CreateUser(who, profile)), Created)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.key, user.login, user.status) == (who, who, Status.ACTIVE)
    assert (user.profile.display_name, user.profile.given_name, user.profile.family_name) == ("Amal Ba", "Amal", "Ba")
    assert user.profile.mail() == mail
    assert before.replace(microsecond=0) <= user.added.at <= datetime.now(UTC) + timedelta(seconds=1)


@needs("own_ids")
async def test_a_new_user_is_found_as_told(here: World) -> None:
    """The whole profile comes back, with who made it and when."""
    who, before = fresh(), datetime.now(UTC)
    profile = Profile(
        "Amal Ba",
        "Amal",
        "Ba",
        "Architect",
        emails=(Contact(f"{who}@example.com", "Work", primary=True), Contact(f"{who}@example.org", "Home")),
        phones=(Contact("555-555-5555", "Mobile", primary=True),),
        addresses=(Address("1 Road", "Town", "CA", "01234", "USA", "1 Road, Town", "home", primary=True),),
        language="en",
        country="GB",
        timezone="Africa/Abidjan",
        extension={"badge": 7},
    )
    if here.kind == LATER:
        profile = Profile("Amal Ba", "Amal", "Ba", emails=profile.emails[:1])  # all that it has words for
    outcome = await here.ask(CreateUser(who, profile, login=f"{who}-login", rights=USER_RIGHTS))
    assert isinstance(outcome, Created)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.key, user.login, user.status, user.rights) == (
        who,
        f"{who}-login",
        Status.ACTIVE,
        USER_RIGHTS,
    )
    assert {**_facts(user.profile)} == {**_facts(profile)}
    # Where a creation takes several calls, who made the first would be taken for who made all of it.
    assert user.added.by == ("" if here.kind == LATER else here.account)
    assert before <= user.added.at <= datetime.now(UTC) + timedelta(seconds=1)
    assert not user.has_password


def _facts(profile: Profile) -> dict[str, object]:
    names = ("display_name", "given_name", "family_name", "title", "emails", "phones", "addresses", "language",
             "country", "timezone", "extension")  # fmt: skip
    return {name: getattr(profile, name) for name in names}


async def test_a_stranger_is_not_found(here: World) -> None:
    """None, not an error."""
    assert await here.directory.find(fresh()) is None


async def test_nobody_is_made_twice(here: World) -> None:
    """The second creation is refused and changes nothing."""
    who = await here.add()
    again = await here.ask(CreateUser(who, Profile("Another")))
    assert reason(again) is Reason.EXISTS
    user = await here.directory.find(who)
    assert user is not None
    assert not here.able.names or user.profile.display_name == f"Name of {who}"


@needs("own_ids")
async def test_a_sign_in_name_belongs_to_one_person(here: World) -> None:
    """Also when the id differs."""
    who = await here.add()
    assert reason(await here.ask(CreateUser(fresh(), Profile("X"), login=who))) is Reason.EXISTS


@needs("unique_mail")
async def test_a_mail_address_belongs_to_one_person(here: World) -> None:
    """Where the vendor says so."""
    mail = f"{fresh()}@example.com"
    await here.add(mail=mail)
    profile = Profile("X", emails=(Contact(mail, "work", primary=True),))
    assert reason(await here.ask(CreateUser(fresh(), profile))) is Reason.EXISTS


@needs("shared_mail")
async def test_a_mail_address_may_be_shared(here: World) -> None:
    """Where the vendor does not mind."""
    mail = f"{fresh()}@example.com"
    await here.add(mail=mail)
    await here.add(mail=mail)


async def test_a_deleted_user_is_gone_and_the_id_stays_reserved(here: World) -> None:
    """Nobody inherits the rights of somebody who left."""
    who = await here.add(password=GOOD)
    assert isinstance(await here.ask(DeleteUser(who)), Changed)
    assert await here.directory.find(who) is None
    assert await here.sign_in(who, Secret(GOOD)) is None
    assert reason(await here.ask(DeleteUser(who))) is Reason.NO_SUCH_USER
    assert reason(await here.ask(CreateUser(who, Profile("New")))) is Reason.RESERVED


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_an_odd_id_is_exactly_that_person(here: World, odd: str) -> None:
    """What other runners damage arrives unharmed; a neighbour is not touched."""
    who = f"{odd}{fresh()}"
    assert isinstance(await here.ask(CreateUser(who, Profile("Odd"))), Created)
    user = await here.directory.find(who)
    assert user is not None
    assert user.key == who
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    assert [event.verb for event in here.events(who)] == ["user.create", "password.reset"]


@pytest.mark.parametrize("empty", ["", " ", "\t", "a\nb", "a\x00b"])
async def test_an_id_that_is_none_is_refused(here: World, empty: str) -> None:
    """Never taken for everybody or for somebody else."""
    for command in (ResetPassword(empty, Secret(GOOD)), CreateUser(empty, Profile("X")), DeleteUser(empty)):
        assert isinstance(await here.ask(command), Refused)


@needs("short_ids")
async def test_an_id_over_the_limit_is_refused(here: World) -> None:
    """The vendor's limit, not ours."""
    longest = here.able.longest_id or 0
    base = fresh()
    fits = base + "x" * (longest - len(base))
    assert isinstance(await here.ask(CreateUser(fits, Profile("X"))), Created)
    assert reason(await here.ask(CreateUser(fits + "x", Profile("X")))) is Reason.UNSUPPORTED


async def test_a_stranger_is_refused_and_audited(here: World) -> None:
    """For every command."""
    who = fresh()
    update = UpdateUser(who, Profile("X")) if here.able.names else UpdateUser(who, status=Status.ACTIVE)
    commands = (ResetPassword(who, Secret(GOOD)), SetStatus(who, Status.DISABLED), DeleteUser(who), update)
    for command in (each for each in commands if type(each) in here.able.carries):
        assert reason(await here.ask(command)) is Reason.NO_SUCH_USER
    told = {event.reason for event in here.events(who)}
    # Where a name is looked up first, nobody is asked to do anything to whom the list does not show.
    assert told == {"no-such-user"} or here.kind in ASKS_FIRST


@needs("validates")
async def test_validating_makes_nobody(here: World) -> None:
    """What would be refused is refused, what would be done is not."""
    who, held = fresh(), await here.add()
    assert isinstance(await here.ask(CreateUser(who, Profile("V"), validate_only=True)), Unchanged)
    assert await here.directory.find(who) is None
    refused = await here.ask(CreateUser(held, Profile("V"), validate_only=True))
    assert reason(refused) is Reason.EXISTS


@needs("updates", "names")
async def test_a_profile_is_replaced_as_a_whole(here: World) -> None:
    """What the new one does not say is gone; login, rights and password stay."""
    who = await here.add(password=GOOD, mail=f"{fresh()}@example.com")
    assert isinstance(await here.ask(UpdateUser(who, Profile("New Name", "New", "Name"))), Changed)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.profile.display_name, user.profile.family_name, user.profile.emails) == ("New Name", "Name", ())
    assert user.login == who
    assert await here.sign_in(who, Secret(GOOD)) is not None


@needs("own_ids")
async def test_each_part_of_a_user_changes_alone(here: World) -> None:
    """None leaves a part as it is."""
    who = await here.add()
    login = f"{who}-new"
    assert isinstance(await here.ask(UpdateUser(who, login=login)), Changed)
    assert isinstance(await here.ask(UpdateUser(who, rights=frozenset({Right.KEYS}))), Changed)
    assert isinstance(await here.ask(UpdateUser(who, status=Status.DISABLED)), Changed)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.login, user.rights, user.status) == (login, frozenset({Right.KEYS}), Status.DISABLED)
    assert user.profile.display_name == f"Name of {who}"


@needs("own_ids")
async def test_all_parts_of_a_user_change_together(here: World) -> None:
    """One command, one version."""
    who = await here.add()
    before = await here.directory.find(who)
    command = UpdateUser(who, Profile("All"), f"{who}-all", Status.ACTIVE, USER_RIGHTS)
    assert isinstance(await here.ask(command), Changed)
    user = await here.directory.find(who)
    assert user is not None
    assert before is not None
    assert (user.profile.display_name, user.login, user.rights) == ("All", f"{who}-all", USER_RIGHTS)
    assert user.version == before.version + 1


@needs("own_ids")
async def test_a_stale_version_is_refused(here: World) -> None:
    """Two administrators do not overwrite each other."""
    who = await here.add()
    user = await here.directory.find(who)
    assert user is not None
    assert isinstance(await here.ask(UpdateUser(who, Profile("One"), version=user.version)), Changed)
    assert reason(await here.ask(UpdateUser(who, Profile("Two"), version=user.version))) is Reason.STALE_VERSION


async def test_who_is_disabled_does_not_sign_in_until_enabled(here: World) -> None:
    """And the password stays."""
    who = await here.add(password=GOOD)
    assert isinstance(await here.ask(SetStatus(who, Status.DISABLED)), Changed)
    assert await here.sign_in(who, Secret(GOOD)) is None
    user = await here.directory.find(who)
    assert user is not None
    assert user.status is Status.DISABLED
    assert isinstance(await here.ask(SetStatus(who, Status.ACTIVE)), Changed)
    assert await here.sign_in(who, Secret(GOOD)) is not None


async def test_locking_works_or_is_refused_as_unsupported(here: World) -> None:
    """Never silently something else."""
    who = await here.add(password=GOOD)
    outcome = await here.ask(SetStatus(who, Status.LOCKED))
    assert isinstance(outcome, Changed) or reason(outcome) is Reason.UNSUPPORTED
    signed = await here.sign_in(who, Secret(GOOD))
    assert (signed is None) == isinstance(outcome, Changed)


async def test_each_command_of_many_gets_its_own_outcome(here: World) -> None:
    """In its place, whatever became of the others."""
    one, two = await here.add(), await here.add()
    commands = [ResetPassword(one, Secret(GOOD)), ResetPassword(fresh(), Secret(GOOD)), ResetPassword(two, Secret("x"))]
    outcomes = await here.directory.execute(commands)
    assert [outcome.who for outcome in outcomes] == [command.who for command in commands]
    assert [reason(outcome) for outcome in outcomes] == [None, Reason.NO_SUCH_USER, Reason.TOO_SHORT]


async def test_users_are_listed_in_parts(here: World) -> None:
    """A stable order, the whole counted where the directory tells."""
    for _ in range(3):
        await here.add()
    first = await here.directory.list(Window(0, 2))
    rest = await here.directory.list(Window(2, 1000))
    assert len(first.users) == 2
    both = [user.key for user in (*first.users, *rest.users)]
    assert len(both) == len(set(both))
    assert first.total in (None, len(both))


async def test_a_search_finds_by_a_part_of_a_name(here: World) -> None:
    """Never by anything of a password."""
    who = await here.add(password=GOOD)
    assert [user.key for user in (await here.directory.list(Window(search=who[2:]))).users] == [who]
    assert (await here.directory.list(Window(search=GOOD))).users == ()


async def test_who_lacks_the_right_is_refused_and_audited(here: World) -> None:
    """For reading as well as for writing."""
    who = await here.add()
    async with world(here.kind, here.door, frozenset({Right.AUDIT})) as weak:
        assert reason(await weak.ask(ResetPassword(who, Secret(GOOD)))) is Reason.NOT_ALLOWED
        assert reason(await weak.ask(CreateUser(fresh(), Profile("X")))) is Reason.NOT_ALLOWED
        assert await _sees_nobody(weak, who)
    # Who may not look a name up cannot even ask.
    assert here.events(who)[-1].reason == "not-allowed" or here.kind in ASKS_FIRST


async def _sees_nobody(weak: World, who: str) -> bool:
    """Whether reads show nobody: as no user and an empty list, or by saying that the account may not read there."""
    shown: list[object] = []
    with suppress(Unreachable):
        shown += [await weak.directory.find(who)]
    with suppress(Unreachable):
        shown += (await weak.directory.list(Window())).users
    return not any(shown)


@needs("own_ids")
async def test_nobody_touches_or_confers_rights_that_they_lack(here: World) -> None:
    """An administrator of users does not become one of keys that way."""
    mighty = await here.add(rights=USER_RIGHTS | {Right.KEYS})
    async with world(here.kind, here.door, USER_RIGHTS) as weaker:
        assert reason(await weaker.ask(ResetPassword(mighty, Secret(GOOD)))) is Reason.NOT_ALLOWED
        made = await weaker.ask(CreateUser(fresh(), Profile("X"), rights=frozenset({Right.KEYS})))
        assert reason(made) is Reason.NOT_ALLOWED


async def test_a_probe_tells_who_we_are(here: World) -> None:
    """The same name that stands in `added` of what we make."""
    assert (await here.directory.probe()).account == here.directory.account == here.account
