"""What every directory promises about passwords: known, generated, mailed, repeated, refused."""

import asyncio

import pytest

from keyturn.core.commands import ChangePassword, CreateUser, ResetPassword
from keyturn.core.outcomes import Changed, Created, Delivery, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Profile
from tests.contract.kinds import GOOD, World, fresh, reason, without_secret

OTHER = "eight blue kettles on a shelf"

pytestmark = pytest.mark.filterwarnings("error")
needs = pytest.mark.needs


@needs("temporary")
async def test_a_known_password_signs_in_once_and_must_be_changed(here: World) -> None:
    """It is temporary: it buys a session that can only set a new one."""
    who = await here.add()
    assert isinstance(await here.ask(ResetPassword(who, Secret(GOOD))), Changed)
    signed = await here.sign_in(who, Secret(GOOD))
    assert signed is not None
    assert signed.must_change
    user = here.stored(who)
    assert (user.has_password, user.must_change) == (True, True)


async def test_a_user_made_with_a_password_signs_in_with_it(here: World) -> None:
    """As an administrator's value it is temporary as well, where the vendor's contract does not say never."""
    who = await here.add(password=GOOD)
    signed = await here.sign_in(who, Secret(GOOD))
    assert signed is not None
    assert signed.must_change == here.able.temporary


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
    told = here.able.longest is None or len(password) <= here.able.longest
    assert here.events(who)[-1].reason == (why.value if told else "")


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


async def test_two_resets_at_once_leave_one_password_and_two_audit_rows(here: World) -> None:
    """Nobody's history is lost."""
    who = await here.add()
    await asyncio.gather(*(here.ask(ResetPassword(who, Secret(word))) for word in (GOOD, OTHER)))
    worked = [word for word in (GOOD, OTHER) if await here.sign_in(who, Secret(word)) is not None]
    assert len(worked) == 1
    assert [event.verb for event in here.events(who)].count("password.reset") == 2


async def test_a_password_in_any_script_works(here: World) -> None:
    """Normalised once, never cut."""
    who = await here.add()
    written = "zu\u0308ge \u2014 生日快乐 \U0001f511 fünf"
    assert isinstance(await here.ask(ResetPassword(who, Secret(written))), Changed)
    assert await here.sign_in(who, Secret("zü" + written[3:])) is not None


async def test_an_outcome_prints_the_same_whatever_its_secret(here: World) -> None:
    """Nothing of a password in a print."""
    who, other = await here.add(), await here.add()
    one = await here.ask(ResetPassword(who, Secret(GOOD)))
    two = await here.ask(ResetPassword(other, Secret(OTHER)))
    assert without_secret(one) == without_secret(two)
