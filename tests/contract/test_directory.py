"""What every directory promises, whoever keeps it: users, their passwords, and honest answers."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.core.commands import ChangePassword, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.outcomes import Changed, Created, Delivery, Reason, Refused, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import Address, Contact, Profile, Right, Status, Window
from tests.contract.kinds import GOOD, World, fresh, reason, without_secret, world

OTHER = "eight blue kettles on a shelf"

pytestmark = pytest.mark.filterwarnings("error")
needs = pytest.mark.needs

ODD_IDS = ("007", "1E5", "0x1F", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "müller", "john doe",
           "a+b@x.com", "a/b", "a%2Fb", "a//b", "'; drop table", "日本", "e\u0301", "-", "a:b", "a&b=c")  # fmt: skip


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
    outcome = await here.ask(CreateUser(who, profile, login=f"{who}-login", rights=frozenset({Right.USERS})))
    assert isinstance(outcome, Created)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.key, user.login, user.status, user.rights) == (
        who,
        f"{who}-login",
        Status.ACTIVE,
        frozenset({Right.USERS}),
    )
    assert {**_facts(user.profile)} == {**_facts(profile)}
    assert user.added.by == here.account
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
    assert user.profile.display_name == f"Name of {who}"


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
    assert [event.who for event in here.events(who)] == [who, who]


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


async def test_a_known_password_signs_in_once_and_must_be_changed(here: World) -> None:
    """It is temporary: it buys a session that can only set a new one."""
    who = await here.add()
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    signed = await here.sign_in(who, Secret(GOOD))
    assert signed is not None
    assert signed.must_change
    user = await here.directory.find(who)
    assert user is not None
    assert (user.has_password, user.must_change) == (True, True)


async def test_a_user_made_with_a_password_signs_in_with_it(here: World) -> None:
    """As an administrator's value it is temporary as well."""
    who = await here.add(password=GOOD)
    signed = await here.sign_in(who, Secret(GOOD))
    assert signed is not None
    assert signed.must_change


async def test_a_repeated_known_password_is_accepted(here: World) -> None:
    """So that a runner may send it again after a lost answer."""
    who = await here.add()
    for _ in range(2):
        assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    assert await here.sign_in(who, Secret(GOOD)) is not None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", Reason.TOO_SHORT),
        ("x" * 2000, Reason.TOO_LONG),
        ("", Reason.UNUSABLE_CHARACTER),
        ("nine green bottles\x07 on a wall", Reason.UNUSABLE_CHARACTER),
        ("1234567890123456", Reason.TOO_COMMON),
    ],
)
async def test_a_refused_password_changes_nothing(here: World, password: str, why: Reason) -> None:
    """The old one still signs in, the refusal is audited and no part of the password is told."""
    who = await here.add(password=GOOD)
    refused = await here.ask(ResetPassword(who, Secret(password)))
    assert reason(refused) is why
    assert isinstance(refused, Refused)
    assert len(password) < 6 or password[:6] not in refused.text
    assert await here.sign_in(who, Secret(GOOD)) is not None
    assert [event.reason for event in here.events(who)][-1] == why.value


async def test_a_stranger_is_refused_and_audited(here: World) -> None:
    """For every command."""
    who = fresh()
    commands = (ResetPassword(who, Secret(GOOD)), SetStatus(who, Status.DISABLED), DeleteUser(who),
                UpdateUser(who, Profile("X")))  # fmt: skip
    for command in commands:
        assert reason(await here.ask(command)) is Reason.NO_SUCH_USER
    assert {event.reason for event in here.events(who)} == {"no-such-user"}


@needs("hands_back")
async def test_a_generated_password_is_handed_back_and_works_once(here: World) -> None:
    """It dies at first use."""
    who = await here.add()
    outcome = await here.ask(ResetPassword(who))
    assert isinstance(outcome, Changed)
    assert outcome.secret
    signed = await here.sign_in(who, outcome.secret)
    assert signed is not None
    assert signed.must_change
    assert await here.sign_in(who, outcome.secret) is None


@needs("hands_back")
async def test_a_second_generated_password_ends_the_first(here: World) -> None:
    """Two resets, two secrets, one that works."""
    who = await here.add()
    first, second = await here.ask(ResetPassword(who)), await here.ask(ResetPassword(who))
    assert isinstance(first, Changed)
    assert isinstance(second, Changed)
    assert first.secret
    assert second.secret
    assert first.secret != second.secret
    assert await here.sign_in(who, first.secret) is None
    assert await here.sign_in(who, second.secret) is not None


@needs("repeats")
async def test_a_repeated_operation_is_answered_alike(here: World) -> None:
    """The same secret, and nothing is done a second time."""
    who, operation = await here.add(), f"op-{fresh()}"
    outcomes = [await here.ask(ResetPassword(who, operation=operation)) for _ in range(2)]
    first, again = outcomes
    assert isinstance(first, Changed)
    assert isinstance(again, Changed)
    assert first.secret
    assert first.secret == again.secret
    assert [event.outcome for event in here.events(who)][-2:] == ["changed", "repeated"]


@needs("repeats")
async def test_many_equal_operations_at_once_have_one_effect(here: World) -> None:
    """As after a storm of retries."""
    who, operation = await here.add(), f"op-{fresh()}"
    outcomes = await asyncio.gather(*(here.ask(ResetPassword(who, operation=operation)) for _ in range(8)))
    secrets = [outcome.secret for outcome in outcomes if isinstance(outcome, Changed)]
    assert len(secrets) == 8
    assert all(secret == secrets[0] for secret in secrets)
    assert [event.outcome for event in here.events(who)].count("changed") == 1


@needs("repeats")
async def test_an_operation_id_is_not_used_for_another_command(here: World) -> None:
    """Same id, other password."""
    who, operation = await here.add(), f"op-{fresh()}"
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD), operation=operation)), Changed)
    again = await here.ask(ResetPassword(who, Secret(OTHER), operation=operation))
    assert reason(again) is Reason.OPERATION_REUSED
    assert await here.sign_in(who, Secret(GOOD)) is not None


@needs("generates", "mails")
async def test_a_mailed_password_is_in_the_outbox_and_not_in_the_answer(here: World) -> None:
    """Exactly one mail, to the primary address."""
    mail = f"{fresh()}@example.com"
    who = await here.add(mail=mail)
    outcome = await here.ask(ResetPassword(who, notify=True))
    assert isinstance(outcome, Changed)
    assert outcome.secret is None
    assert outcome.delivery is Delivery.MAILED
    assert [(m.recipient, m.template) for m in here.mails(who)] == [(mail, "secret")]


@needs("mails")
async def test_a_known_password_is_not_mailed_but_a_link_is(here: World) -> None:
    """The value itself never travels by mail."""
    who = await here.add(mail=f"{fresh()}@example.com")
    outcome = await here.ask(ResetPassword(who, Secret(GOOD), notify=True))
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.MAILED
    assert [mail.template for mail in here.mails(who)] == ["link"]


@needs("mails")
async def test_without_an_address_nothing_is_mailed_and_that_is_told(here: World) -> None:
    """Delivery is a fact of its own."""
    who = await here.add()
    outcome = await here.ask(ResetPassword(who, Secret(GOOD), notify=True))
    assert isinstance(outcome, Changed)
    assert outcome.delivery is Delivery.NONE
    assert here.mails(who) == []


@needs("generates", "hands_back")
async def test_a_user_may_be_made_with_a_generated_password(here: World) -> None:
    """Handed back when it is not mailed."""
    who = fresh()
    outcome = await here.ask(CreateUser(who, Profile("G"), generate=True))
    assert isinstance(outcome, Created)
    assert outcome.secret
    assert await here.sign_in(who, outcome.secret) is not None


@needs("validates")
async def test_validating_makes_nobody(here: World) -> None:
    """What would be refused is refused, what would be done is not."""
    who, held = fresh(), await here.add()
    assert isinstance(await here.ask(CreateUser(who, Profile("V"), validate_only=True)), Unchanged)
    assert await here.directory.find(who) is None
    refused = await here.ask(CreateUser(held, Profile("V"), validate_only=True))
    assert reason(refused) is Reason.EXISTS


async def test_a_profile_is_replaced_as_a_whole(here: World) -> None:
    """What the new one does not say is gone; login, rights and password stay."""
    who = await here.add(password=GOOD, mail=f"{fresh()}@example.com")
    assert isinstance(await here.ask(UpdateUser(who, Profile("New Name", title="Dr"))), Changed)
    user = await here.directory.find(who)
    assert user is not None
    assert (user.profile.display_name, user.profile.title, user.profile.emails) == ("New Name", "Dr", ())
    assert user.login == who
    assert await here.sign_in(who, Secret(GOOD)) is not None


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


async def test_all_parts_of_a_user_change_together(here: World) -> None:
    """One command, one version."""
    who = await here.add()
    before = await here.directory.find(who)
    command = UpdateUser(who, Profile("All"), f"{who}-all", Status.ACTIVE, frozenset({Right.USERS}))
    assert isinstance(await here.ask(command), Changed)
    user = await here.directory.find(who)
    assert user is not None
    assert before is not None
    assert (user.profile.display_name, user.login, user.rights) == ("All", f"{who}-all", frozenset({Right.USERS}))
    assert user.version == before.version + 1


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


@needs("changes")
async def test_a_password_is_changed_with_the_old_one(here: World) -> None:
    """The new one is permanent."""
    who = await here.add(password=GOOD)
    assert isinstance(await here.ask(ChangePassword(who, Secret(OTHER), Secret(GOOD))), Changed)
    signed = await here.sign_in(who, Secret(OTHER))
    assert signed is not None
    assert not signed.must_change
    wrong = await here.ask(ChangePassword(who, Secret(GOOD), Secret("wrong one it is indeed")))
    assert reason(wrong) is Reason.WRONG_PASSWORD


@needs("permanent")
async def test_a_permanent_password_need_not_be_changed(here: World) -> None:
    """Where a vendor's contract says so."""
    who = await here.add()
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD), permanent=True)), Changed)
    signed = await here.sign_in(who, Secret(GOOD))
    assert signed is not None
    assert not signed.must_change


async def test_each_command_of_many_gets_its_own_outcome(here: World) -> None:
    """In its place, whatever became of the others."""
    one, two = await here.add(), await here.add()
    commands = [ResetPassword(one, Secret(GOOD)), ResetPassword(fresh(), Secret(GOOD)), ResetPassword(two, Secret("x"))]
    outcomes = await here.directory.execute(commands)
    assert [outcome.who for outcome in outcomes] == [command.who for command in commands]
    assert [reason(outcome) for outcome in outcomes] == [None, Reason.NO_SUCH_USER, Reason.TOO_SHORT]


async def test_two_resets_at_once_leave_one_password_and_two_audit_rows(here: World) -> None:
    """Nobody's history is lost."""
    who = await here.add()
    await asyncio.gather(*(here.ask(ResetPassword(who, Secret(word))) for word in (GOOD, OTHER)))
    worked = [word for word in (GOOD, OTHER) if await here.sign_in(who, Secret(word)) is not None]
    assert len(worked) == 1
    assert [event.verb for event in here.events(who)].count("password.reset") == 2


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
        assert await weak.directory.find(who) is None
        assert (await weak.directory.list(Window())).users == ()
    assert [event.reason for event in here.events(who)][-1] == "not-allowed"


async def test_nobody_touches_or_confers_rights_that_they_lack(here: World) -> None:
    """An administrator of users does not become one of keys that way."""
    mighty = await here.add(rights=frozenset({Right.USERS, Right.KEYS}))
    async with world(here.kind, here.door, frozenset({Right.USERS})) as weaker:
        assert reason(await weaker.ask(ResetPassword(mighty, Secret(GOOD)))) is Reason.NOT_ALLOWED
        made = await weaker.ask(CreateUser(fresh(), Profile("X"), rights=frozenset({Right.KEYS})))
        assert reason(made) is Reason.NOT_ALLOWED


async def test_a_password_in_any_script_works(here: World) -> None:
    """Normalised once, never cut."""
    who = await here.add()
    written = "zu\u0308ge \u2014 生日快乐 \U0001f511 fünf"
    assert isinstance(await here.ask(ResetPassword(who, Secret(written))), Changed)
    assert await here.sign_in(who, Secret("zü" + written[3:])) is not None


async def test_a_probe_tells_who_we_are(here: World) -> None:
    """The same name that stands in `added` of what we make."""
    assert (await here.directory.probe()).account == here.directory.account == here.account


async def test_an_outcome_prints_the_same_whatever_its_secret(here: World) -> None:
    """Nothing of a password in a print."""
    who, other = await here.add(), await here.add()
    one = await here.ask(ResetPassword(who, Secret(GOOD)))
    two = await here.ask(ResetPassword(other, Secret(OTHER)))
    assert without_secret(one) == without_secret(two)
