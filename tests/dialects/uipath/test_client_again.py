"""After a lost answer to a change of password: which one is valid is found out, and never guessed."""

from collections.abc import Iterator, Mapping
from itertools import count

import pytest

from keyturn.core.commands import ChangePassword
from keyturn.core.outcomes import Changed, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.dialects.uipath.client import UipathDirectory
from keyturn.dialects.uipath.client_session import UipathSettings
from keyturn.http.call import Site
from tests.dialects.uipath.kit import GOOD, OTHER, client_of, fresh, token_of
from tests.support.player import CUT, Heard, Player, Say, playing
from tests.support.server import OpenDoor, served

DONE = {"succeeded": True, "errors": []}
WRONG = Say(400, {"succeeded": False, "errors": [{"code": "PasswordMismatch", "description": "Incorrect password."}]})
SHORT = Say(400, {"succeeded": False, "errors": [{"code": "PasswordTooShort", "description": "Too short."}]})
REUSED = Say(400, {"succeeded": False, "errors": [{"code": "PasswordWasUsed", "description": "Used before."}]})
GUID = "5f0a8f6e-2f4e-4c3f-8f0e-000000000001"
AGAIN = ChangePassword(GUID, Secret(OTHER), Secret(GOOD), "op-1", again=True)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDoor]:
    """A directory with its UiPath door."""
    with served(tmp_path_factory.mktemp("uipath")) as door:
        yield door


@pytest.fixture(scope="module")
def token(door: OpenDoor) -> str:
    """The token of a client that may do everything."""
    return token_of(door, client_of(door))


def at(player: Player, token: str = "t") -> UipathDirectory:
    """The client half with an access token."""
    return UipathDirectory(UipathSettings(Site(player.url, timeout=5.0), secret=Secret(token)))


async def asked(*answers: Say) -> tuple[Outcome, list[Heard]]:
    """What comes of a change that is asked again, when the target answers so, and what it heard."""
    turns = iter(answers)
    async with playing(lambda heard: next(turns)) as player:
        directory = at(player)
        [outcome] = await directory.execute([AGAIN])
        await directory.close()
    return outcome, player.heard


class Line:
    """A bad line to a directory that keeps no operation ids: the first call is lost before or after its effect."""

    def __init__(self, door: OpenDoor, *, before: bool, lost: Say) -> None:
        self._door = door
        self._before = before
        self._lost = lost
        self._calls = count()

    def __call__(self, heard: Heard) -> Say:
        """Pass a call on, or lose it."""
        first = next(self._calls) == 0
        if first and self._before:
            return self._lost
        kept: Mapping[str, str] = {name: heard.headers[name] for name in ("authorization", "content-type")}
        answer = self._door.ask(heard.method, heard.target, headers=kept, body=heard.body)
        return self._lost if first else Say(answer.status, answer.json)


@pytest.mark.parametrize(("before", "lost"), [(False, Say(CUT)), (True, Say(CUT)), (False, Say(500, {}))])
async def test_a_change_whose_answer_was_lost_is_found_out(door: OpenDoor, token: str, before: bool, lost: Say) -> None:
    """Whether it was lost before or after its effect; at most one wrong password was sent."""
    who = fresh(door, password=GOOD)
    first = ChangePassword(who, Secret(OTHER), Secret(GOOD), "op-1")
    async with playing(Line(door, before=before, lost=lost)) as player:
        directory = at(player, token)
        assert [type(one) for one in await directory.execute([first])] == [Uncertain]
        again = ChangePassword(who, first.new, first.old, "op-1", again=True)
        assert await directory.execute([again]) == [Changed(who)]
        await directory.close()
    assert len(player.heard) == (2 if before else 3)
    assert door.sign_in(who, OTHER).status == 201


async def test_where_neither_password_is_right_nothing_was_changed(door: OpenDoor, token: str) -> None:
    """The old one in the file was wrong from the beginning."""
    who = fresh(door, password="a third one, not in the file")
    again = ChangePassword(who, Secret(OTHER), Secret(GOOD), again=True)
    async with playing(Line(door, before=True, lost=Say(CUT))) as player:
        directory = at(player, token)
        await directory.execute([again])
        [outcome] = await directory.execute([again])
        await directory.close()
    text = "neither the present password nor the new one is valid"
    assert outcome == Refused(who, Reason.WRONG_PASSWORD, text, "PasswordMismatch")


async def test_a_directory_that_keeps_operation_ids_is_asked_once(door: OpenDoor, token: str) -> None:
    """It says again what came of the first try, and no wrong password is sent at all."""
    who = fresh(door, password=GOOD)
    path = f"/identity_/api/User/{who}/changepassword"
    sent = {"oldPassword": GOOD, "newPassword": OTHER}
    assert door.ask("POST", path, token=token, headers={"idempotency-key": "op-1"}, send=sent).status == 200

    def part(heard: Heard) -> Say:
        answer = door.ask(heard.method, heard.target, headers=heard.headers, body=heard.body)
        return Say(answer.status, answer.json)

    async with playing(part) as player:
        directory = at(player, token)
        again = ChangePassword(who, Secret(OTHER), Secret(GOOD), "op-1", again=True)
        assert await directory.execute([again]) == [Changed(who)]
        await directory.close()
    assert len(player.heard) == 1


async def test_the_question_is_a_change_from_the_new_password_to_itself() -> None:
    """After the very same change; as an operation of its own."""
    outcome, heard = await asked(WRONG, Say(200, DONE))
    assert outcome == Changed(GUID)
    assert [one.sent() for one in heard] == [
        {"oldPassword": GOOD, "newPassword": OTHER},
        {"oldPassword": OTHER, "newPassword": OTHER},
    ]
    assert ["idempotency-key" in one.headers for one in heard] == [True, False]


@pytest.mark.parametrize("refused", [SHORT, REUSED])
async def test_a_refusal_of_the_password_itself_is_looked_into(refused: Say) -> None:
    """A rule against old passwords may speak of the one that the lost try had set."""
    assert (await asked(refused, Say(200, DONE)))[0] == Changed(GUID)
    outcome, _ = await asked(refused, WRONG)
    assert isinstance(outcome, Refused)
    assert outcome.reason is not Reason.WRONG_PASSWORD


@pytest.mark.parametrize("second", [REUSED, SHORT, Say(CUT), Say(500, {}), Say(429, {}), Say(200, {})])
async def test_what_cannot_be_found_out_stays_uncertain(second: Say) -> None:
    """A rule may be looked at before the password is: being refused for it proves nothing."""
    outcome, _ = await asked(WRONG, second)
    assert isinstance(outcome, Uncertain)
    assert outcome.text.startswith("whether the new password is valid was not to be found out: ")


@pytest.mark.parametrize("said", [Say(429, {}), Say(503, {}), Say(403, {}), Say(404, {})])
async def test_a_refusal_of_the_moment_or_of_the_caller_asks_nothing_more(said: Say) -> None:
    """It would only be a wrong password more."""
    outcome, heard = await asked(said, Say(200, DONE))
    assert isinstance(outcome, Refused)
    assert len(heard) == 1


async def test_a_change_that_is_asked_once_is_never_followed_by_a_question() -> None:
    """There was no other try whose answer could have been lost."""
    async with playing(lambda heard: WRONG) as player:
        directory = at(player)
        [outcome] = await directory.execute([ChangePassword(GUID, Secret(OTHER), Secret(GOOD))])
        await directory.close()
    assert isinstance(outcome, Refused)
    assert len(player.heard) == 1
