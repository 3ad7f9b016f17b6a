"""The client half against targets that misbehave: nothing counts that was not proved, user by user."""

import json
from typing import Any

import pytest

from keyturn.core.commands import ChangePassword, Command, CreateUser, ResetPassword, SetStatus
from keyturn.core.outcomes import Changed, Delivery, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status
from tests.dialects.primavera.calling import FAULT, NAMES, RESET, done, fine, reason, reset
from tests.support.player import CUT, Heard, Say


async def test_a_set_goes_out_in_one_call() -> None:
    """Each outcome stands in the place of its command."""
    outcomes, heard = await done([reset(who) for who in NAMES], fine)
    assert outcomes == [Changed(who) for who in NAMES]
    assert [one.target for one in heard] == ["/cloudapi/restapi/user/manual-reset-pwd/false"]


async def test_a_set_is_split_by_who_is_mailed_and_by_who_comes_twice() -> None:
    """One call has one switch, and one verdict a name."""
    commands: list[Command] = [reset("A"), reset("B", notify=True), reset("a"), reset("C")]
    outcomes, heard = await done(commands, fine)
    assert [type(one) for one in outcomes] == [Changed] * 4
    assert [(one.target[-5:], [each["loginId"] for each in one.sent()]) for one in heard] == [  # type: ignore[attr-defined]  # JSON
        ("false", ["A", "C"]),
        ("/true", ["B"]),
        ("false", ["a"]),
    ]
    assert [one.delivery for one in outcomes if isinstance(one, Changed)][1] is Delivery.MAILED


async def test_a_user_whom_the_answer_does_not_name_is_uncertain() -> None:
    """Law 8: a vendor who documents a verdict must give it."""
    answer = [{"loginId": "JSMITH"}, {"loginId": "ELSE"}, {"loginId": "AMAL"}, {"loginId": "AMAL"}]
    outcomes, _ = await done([reset("JSMITH"), reset("DPATEL"), reset("AMAL")], Say(200, answer))
    assert [type(one) for one in outcomes] == [Changed, Uncertain, Uncertain]


@pytest.mark.parametrize(
    "say",
    [
        Say(200, {"loginId": "JSMITH"}),
        Say(200, [{"loginId": "JSMITH"}]),
        Say(200, text=b'{"loginId":"JSMITH"}{"loginId":"ELSE"}'),
        Say(200, {"JSMITH": ""}),
        Say(200, [{"loginId": "jsmith"}]),
    ],
)
async def test_an_answer_that_names_the_user_is_a_change(say: Say) -> None:
    """In every shape that the page may mean."""
    [outcome], _ = await done([RESET], say)
    assert outcome == Changed("JSMITH")


@pytest.mark.parametrize(
    "say",
    [
        Say(200, []),
        Say(200, {}),
        Say(200, text=b""),
        Say(200, text=b"OK"),
        Say(200, text=b"<html>please sign in</html>"),
        Say(200, [{"loginId": "JSMITH"}], {"content-type": "text/html"}),
        Say(200, FAULT),
        Say(200, [{"loginId": "JSMITH", "statusInfo": "half done"}]),
        Say(201, [{"loginId": "JSMITH"}]),
        Say(202, text=b""),
        Say(204),
        Say(CUT),
        Say(302, {}, {"location": "/login"}),
        Say(408, {}),
        Say(500, FAULT),
        Say(502, text=b"<html>bad gateway</html>"),
        Say(504, {}),
        Say(599, {}),
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_row_uncertain(say: Say) -> None:
    """Never done, never failed."""
    [outcome], heard = await done([RESET], say)
    assert isinstance(outcome, Uncertain)
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(200, [{"loginId": "JSMITH", "statusInfo": "no", "statusInfoOK": False}]), Reason.OTHER),
        (Say(200, {"JSMITH": "no"}), Reason.OTHER),
        (Say(307, {}, {"location": "/elsewhere"}), Reason.OTHER),
        (Say(400, FAULT), Reason.POLICY),
        (Say(401, FAULT), Reason.NOT_SIGNED_IN),
        (Say(403, FAULT), Reason.NOT_ALLOWED),
        (Say(404, text=b"<html>nothing</html>"), Reason.OTHER),
        (Say(404, FAULT), Reason.OTHER),
        (Say(429, {}, {"retry-after": "7"}), Reason.TOO_MANY),
        (Say(503, {}, {"retry-after": "7"}), Reason.BUSY),
    ],
)
async def test_a_refusal_is_a_value(say: Say, why: Reason) -> None:
    """With the seconds that the target asked for."""
    [outcome], _ = await done([RESET], say)
    assert isinstance(outcome, Refused)
    assert outcome.reason is why
    assert outcome.retry_after == (7.0 if "retry-after" in say.headers else None)


@pytest.mark.parametrize("status", [400, 500])
async def test_a_set_that_is_refused_whole_is_split_until_each_has_its_own_answer(status: int) -> None:
    """One bad row costs nobody else; the password is ours, so that setting it again does no harm."""

    def part(heard: Heard) -> Say:
        sent: Any = heard.sent()
        return Say(status, FAULT) if any(each["loginId"] == "BERT" for each in sent) else fine(heard)

    outcomes, heard = await done([reset(who) for who in NAMES], part)
    bad = outcomes.pop(3)
    assert outcomes == [Changed(who) for who in NAMES if who != "BERT"]
    assert reason(bad) is Reason.POLICY if status == 400 else isinstance(bad, Uncertain)
    assert len(heard) < 2 * len(NAMES)


NO = {"statusInfo": "KTPRM2001E: too short", "statusInfoOK": False}


@pytest.mark.parametrize(
    ("users", "calls"),
    [
        ([{"loginId": "AMAL", **NO}, {"loginId": "BERT", **NO}], 1),
        ([{"loginId": "AMAL", **NO}], 3),
        ([{"loginId": "AMAL", **NO}, {"loginId": "BERT", "statusInfo": ""}], 3),
        ([7], 3),
        (7, 3),
    ],
)
async def test_a_refusal_that_tells_of_each_user_is_not_asked_for_in_halves(users: object, calls: int) -> None:
    """Only where it refuses everybody; what it says is believed user by user."""
    outcomes, heard = await done([reset("AMAL"), reset("BERT")], Say(400, {**FAULT, "users": users}))
    assert len(heard) == calls
    told = Reason.TOO_SHORT if calls == 1 else Reason.POLICY
    assert [reason(one) for one in outcomes][1] is told


@pytest.mark.parametrize(
    ("say", "kind"), [(Say(CUT), Uncertain), (Say(403, FAULT), Refused), (Say(429, {}), Refused), (Say(502), Uncertain)]
)
async def test_what_is_not_about_a_row_is_not_asked_again(say: Say, kind: type) -> None:
    """A server that hangs, or that does not let us, gets one call and not a hundred."""
    outcomes, heard = await done([reset(who) for who in NAMES], say)
    assert [type(one) for one in outcomes] == [kind] * len(NAMES)
    assert len(heard) == 1


async def test_passwords_that_the_target_makes_up_are_asked_for_one_by_one() -> None:
    """Such a call must never be sent again for the sake of somebody else in it."""

    def part(heard: Heard) -> Say:
        [who] = json.loads(heard.body)
        return Say(500, FAULT) if who == "B" else Say(200, {who: "no such user" if who == "C" else ""})

    commands: list[Command] = [ResetPassword(who, notify=True, permanent=who == "A") for who in "ABC"]
    outcomes, heard = await done(commands, part)
    assert outcomes[0] == Changed("A", delivery=Delivery.MAILED)
    assert isinstance(outcomes[1], Uncertain)
    assert outcomes[2] == Refused("C", Reason.OTHER, "no such user")
    assert [one.target for one in heard] == ["/cloudapi/restapi/user/auto-reset-pwd"] * 3


@pytest.mark.parametrize(
    "command",
    [
        ChangePassword("a", Secret("x"), Secret("y")),
        ResetPassword("a"),
        CreateUser("a", Profile(), generate=True),
        CreateUser("a", Profile(title="Dr")),
        CreateUser("a", Profile(), login="b"),
        CreateUser("a", Profile(), validate_only=True),
        SetStatus("a", Status.LOCKED),
    ],
)
async def test_what_cannot_be_carried_is_refused_unsent(command: Command) -> None:
    """Rather than something else."""
    [outcome], heard = await done([command], Say())
    assert reason(outcome) is Reason.UNSUPPORTED
    assert heard == []


async def test_a_name_that_is_none_is_refused_unsent() -> None:
    """The others of its set go out."""
    outcomes, [heard] = await done([reset(" "), reset("a\nb"), reset("AMAL")], fine)
    assert [reason(one) for one in outcomes] == [Reason.INVALID, Reason.INVALID, None]
    assert len(json.loads(heard.body)) == 1


@pytest.mark.parametrize("fine", [False, None])
async def test_a_quoted_password_is_withheld(fine: bool | None) -> None:
    """In a refusal and in a doubt, of one user and of the whole call."""
    told = {"loginId": "JSMITH", "statusInfo": "GREEN is not\nallowed", "statusInfoOK": fine}
    for say in (Say(200, [told]), Say(400, {"message": "GREEN is not\nallowed"})):
        [outcome], _ = await done([RESET], say)
        assert isinstance(outcome, Refused | Uncertain)
        assert "withheld" in outcome.text
