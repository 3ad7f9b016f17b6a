"""The client half against targets that misbehave: nothing counts that was not proved."""

import socket
from typing import Any

import pytest

from keyturn.core.commands import (
    ChangePassword,
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    SetStatus,
    UpdateUser,
)
from keyturn.core.errors import BadAnswer, Unreachable
from keyturn.core.outcomes import Changed, Created, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Profile, Right, Status
from keyturn.dialects.hdp.wire_user import MORE
from tests.dialects.hdp.target import (
    AMAL,
    BERT,
    FAULT,
    HTML,
    LIST,
    PEOPLE,
    RESET,
    answering,
    directory_at,
    done,
    person,
    reason,
)
from tests.support.player import CUT, Say, playing


@pytest.mark.parametrize("say", [Say(204), Say(204, headers={"content-type": "text/html"})])
async def test_204_is_a_change(say: Say) -> None:
    """As the page prints it."""
    assert await done(RESET, say) == Changed("amal")


@pytest.mark.parametrize(
    "say",
    [
        HTML,
        Say(200, {}),
        Say(201, {}),
        Say(202, {}),
        Say(CUT),
        Say(302, {}, {"location": "/login"}),
        Say(303, {}, {"location": "/done"}),
        Say(408, {}),
        Say(500, FAULT),
        Say(502, text=b"<html>bad gateway</html>"),
        Say(504, {}),
        Say(599, {}),
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_row_uncertain(say: Say) -> None:
    """Never done, never failed."""
    assert isinstance(await done(RESET, say), Uncertain)


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(400, FAULT), Reason.POLICY),
        (Say(400, {"error": {"code": 222207007}}), Reason.INVALID),
        (Say(401, FAULT), Reason.NOT_SIGNED_IN),
        (Say(403, FAULT), Reason.NOT_ALLOWED),
        (Say(404, {"error": {"code": 222207916}}), Reason.NO_SUCH_USER),
        (Say(404, text=b"<html>not here</html>"), Reason.OTHER),
        (Say(405, FAULT), Reason.OTHER),
        (Say(429, FAULT, {"retry-after": "7"}), Reason.TOO_MANY),
        (Say(501, FAULT), Reason.UNSUPPORTED),
        (Say(503, text=b"<html>", headers={"retry-after": "7"}), Reason.BUSY),
        (Say(301, {}, {"location": "https://elsewhere"}), Reason.OTHER),
    ],
)
async def test_a_refusal_is_a_value(say: Say, why: Reason) -> None:
    """Certain that nothing changed; a target that asks for patience says for how long."""
    outcome = await done(RESET, say)
    assert isinstance(outcome, Refused)
    assert (outcome.who, outcome.reason) == ("amal", why)
    assert outcome.retry_after == (7.0 if "retry-after" in say.headers else None)


async def test_the_vendor_s_words_are_withheld_when_they_quote_the_password() -> None:
    """A report is read by many."""
    outcome = await done(RESET, Say(400, {"error": {"code": 1, "message": {"value": "tempsecret1 is too simple"}}}))
    assert isinstance(outcome, Refused)
    assert "temp" not in outcome.text


async def test_a_creation_is_believed_when_it_speaks_of_the_new_user() -> None:
    """200 with the user, 201 without a body; the new one is known from then on."""
    new = CreateUser("cleo", Profile("Cleo"), password=Secret("TempSecret1!"))
    created = await done(new, Say(200, person(10, "cleo")))
    assert isinstance(created, Created)
    assert created.user is not None
    assert created.user.number == 10
    assert await done(new, Say(201, text=b"")) == Created("cleo")
    assert isinstance(await done(new, Say(200, person(10, "bert"))), Uncertain)
    assert isinstance(await done(new, Say(204)), Uncertain)
    assert isinstance(await done(new, Say(200, FAULT)), Uncertain)


@pytest.mark.parametrize(
    ("command", "say", "expected"),
    [
        (SetStatus("amal", Status.LOCKED), Say(200, {"status": 1, "accountLocked": True}), "Changed"),
        (SetStatus("amal", Status.LOCKED), Say(200, {}), "Changed"),
        (SetStatus("amal", Status.LOCKED), Say(200, []), "Changed"),
        (SetStatus("amal", Status.LOCKED), Say(200, {"status": 1, "accountLocked": False}), "Uncertain"),
        (SetStatus("amal", Status.DISABLED), Say(200, {"status": 1}), "Uncertain"),
        (DeleteUser("amal"), Say(204), "Changed"),
        (DeleteUser("amal"), Say(202, {}), "Uncertain"),
        (UpdateUser("amal", login="new"), Say(200, person(7, "new")), "Changed"),
        (UpdateUser("amal", login="new"), Say(200, person(8, "new")), "Uncertain"),
        (UpdateUser("amal", login="new"), Say(400, FAULT), "Refused"),
        (UpdateUser("amal", status=Status.LOCKED), Say(200, person(7, "amal")), "Changed"),
    ],
)
async def test_an_echo_must_not_contradict(command: Command, say: Say, expected: str) -> None:
    """What the answer does not say is left open, what it says must be what was meant."""
    outcome = await done(command, say)
    assert (type(outcome).__name__, outcome.who) == (expected, "amal")


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (Say(404, FAULT), Reason.NO_SUCH_USER),
        (Say(403, FAULT), Reason.NOT_ALLOWED),
        (Say(401, FAULT), Reason.NOT_SIGNED_IN),
        (Say(503, FAULT), Reason.BUSY),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(500, FAULT), Reason.OTHER),
        (Say(404, text=b"<html>"), Reason.OTHER),
        (Say(200, BERT), Reason.OTHER),
    ],
)
async def test_an_update_is_not_sent_without_the_user_as_it_is(stored: Say, why: Reason) -> None:
    """It would overwrite what nobody read."""
    async with playing(lambda heard: Say(200, PEOPLE) if heard.target == LIST else stored) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([UpdateUser("amal", status=Status.ACTIVE)])
        await directory.close()
    assert reason(outcome) is why
    assert all(heard.method == "GET" for heard in player.heard)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (ResetPassword("amal"), Reason.UNSUPPORTED),
        (ResetPassword("amal", Secret("x"), notify=True), Reason.UNSUPPORTED),
        (ResetPassword("amal", Secret("x"), permanent=True), Reason.UNSUPPORTED),
        (ResetPassword("amal", Secret("x" * 33)), Reason.TOO_LONG),
        (CreateUser("new", Profile(), password=Secret("x" * 33)), Reason.TOO_LONG),
        (CreateUser("x" * 129, Profile()), Reason.UNSUPPORTED),
        (CreateUser("new", Profile(), login="other"), Reason.UNSUPPORTED),
        (CreateUser("new", Profile(), generate=True), Reason.UNSUPPORTED),
        (CreateUser("new", Profile(), rights=frozenset({Right.KEYS})), Reason.UNSUPPORTED),
        (UpdateUser("amal", rights=frozenset({Right.AUDIT})), Reason.UNSUPPORTED),
        (UpdateUser("amal", login="x", version=3), Reason.UNSUPPORTED),
        (UpdateUser("amal", Profile("Names")), Reason.UNSUPPORTED),
        (ChangePassword("amal", Secret("x"), Secret("y")), Reason.UNSUPPORTED),
    ],
)
async def test_what_the_vendor_has_no_words_for_is_not_sent(command: Command, why: Reason) -> None:
    """Refused, not sent as something else."""
    async with playing(answering(Say(204))) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    assert reason(outcome) is why
    assert player.heard == []


async def test_a_profile_in_the_vendor_s_own_words_is_sent() -> None:
    """Roles and permissions on data, and what else is kept."""
    update = UpdateUser("amal", Profile(more={MORE: {"roles": [3], "x": 1}}), rights=USER_RIGHTS)
    async with playing(answering(Say(200, AMAL))) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([update])
        await directory.close()
    assert isinstance(outcome, Changed)
    sent: Any = player.heard[-1].sent()
    assert (sent["permissions"], sent["x"], sent["userName"]) == ({"roles": [3], "permissions": []}, 1, "amal")


@pytest.mark.parametrize("say", [HTML, Say(200, []), Say(200, {}), Say(404, {"userId": 1})])
async def test_what_is_no_such_server_fails_the_probe(say: Say) -> None:
    """A page for people, or some other API."""
    async with playing(lambda heard: say) as player:
        directory = directory_at(player.url)
        with pytest.raises(BadAnswer):
            await directory.probe()
        await directory.close()


@pytest.mark.parametrize("policy", [Say(404, FAULT), Say(200, {}), Say(CUT)])
async def test_without_a_policy_the_usual_lengths_hold(policy: Say) -> None:
    """An older server has no such call."""
    async with playing(lambda heard: Say(200, {"userId": 1}) if "mgmt" in heard.target else policy) as player:
        directory = directory_at(player.url)
        usual = directory.capabilities.usual
        probe = await directory.probe()
        assert (probe.account, probe.note, directory.account) == ("root", "", "root")
        assert directory.capabilities.usual == usual
        await directory.close()


async def test_a_policy_that_is_read_guides_the_passwords() -> None:
    """Lengths and classes, told to people as well."""
    rules = [{"ruleName": "PASSWORD_LENGTH_RULE", "minLength": 12, "maxLength": 128}, {"ruleName": "LOWER_CLASS_RULE"}]
    async with playing(lambda heard: Say(200, {"userId": 1, "rules": rules})) as player:
        directory = directory_at(player.url)
        assert (await directory.probe()).note == "passwords of 12 to 32 characters and 1 classes"
        assert directory.capabilities.usual is not None
        assert directory.capabilities.usual.shortest == 12
        await directory.close()


async def test_an_unreachable_target_is_certain_to_have_changed_nothing() -> None:
    """Nothing was sent."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        directory = directory_at(f"http://127.0.0.1:{taken.getsockname()[1]}")
        [outcome] = await directory.execute([RESET])
        assert reason(outcome) is Reason.UNREACHABLE
        with pytest.raises(Unreachable):
            await directory.probe()
        await directory.close()


async def test_a_target_that_goes_away_between_list_and_reset_changed_nothing() -> None:
    """No connection could be made, so that the row may be tried again."""
    closing = Say(200, PEOPLE, {"connection": "close"}).bytes()
    async with playing(lambda heard: Say(raw=closing)) as player:
        directory = directory_at(player.url)
        assert isinstance(await directory.execute([ResetPassword("nobody", Secret("x" * 9))]), list)
    [outcome] = await directory.execute([RESET])
    await directory.close()
    assert reason(outcome) is Reason.UNREACHABLE


async def test_the_operation_is_told() -> None:
    """A keyturn there honours it; a real server ignores it."""
    async with playing(answering(Say(204))) as player:
        directory = directory_at(player.url)
        await directory.execute([ResetPassword("amal", Secret("TempSecret1!"), operation="op-1")])
        assert directory.capabilities.repeats
        await directory.close()
    assert player.heard[-1].headers["idempotency-key"] == "op-1"
