"""The client half against targets that misbehave: nothing counts that was not proved."""

import socket

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
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status, Window
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.http.call import Site
from tests.support.player import CUT, Heard, Say, playing

RESET = ResetPassword("amal", Secret("NewUserPasswordHere1c"))
FAULT = {"exception": {"id": "X", "properties": []}, "message": "X: no"}


def signed_in(url: str) -> MasDirectory:
    """The client half with an access token."""
    return MasDirectory(MasSettings(Site(url, timeout=5.0), token=Secret("t")))


async def done(command: Command, say: Say) -> Outcome:
    """What comes of one command when the target answers so."""
    async with playing(lambda heard: say) as player:
        directory = signed_in(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    return outcome


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None


@pytest.mark.parametrize("say", [Say(200, {}), Say(200, text=b""), Say(200, {"id": "amal"}), Say(200, [])])
async def test_an_answer_that_agrees_is_a_change(say: Say) -> None:
    """MAS documents 200 and no body."""
    assert await done(RESET, say) == Changed("amal")


@pytest.mark.parametrize(
    "say",
    [
        Say(200, text=b"<html>please sign in</html>"),
        Say(200, {}, {"content-type": "text/html"}),
        Say(200, {"id": "bert"}),
        Say(200, FAULT),
        Say(200, text=b"OK"),
        Say(201, {}),
        Say(202, {}),
        Say(204),
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
        (Say(403, FAULT), Reason.NOT_ALLOWED),
        (Say(404, FAULT), Reason.NO_SUCH_USER),
        (Say(404, text=b""), Reason.NO_SUCH_USER),
        (Say(404, text=b"<html>not here</html>"), Reason.OTHER),
        (Say(405, FAULT), Reason.OTHER),
        (Say(409, FAULT), Reason.OTHER),
        (Say(429, FAULT, {"retry-after": "7"}), Reason.TOO_MANY),
        (Say(503, text=b"<html>", headers={"retry-after": "7"}), Reason.BUSY),
        (Say(301, {}, {"location": "https://elsewhere"}), Reason.OTHER),
        (Say(307, {}, {"location": "https://elsewhere"}), Reason.OTHER),
    ],
)
async def test_a_refusal_is_a_value(say: Say, why: Reason) -> None:
    """Certain that nothing changed; a target that asks for patience says for how long."""
    outcome = await done(RESET, say)
    assert isinstance(outcome, Refused)
    assert outcome.reason is why
    assert outcome.retry_after == (7.0 if "retry-after" in say.headers else None)


async def test_a_creation_needs_its_own_status() -> None:
    """200 is not 201; and the body must not be about somebody else."""
    new = CreateUser("amal", Profile("Amal"), password=Secret("x"))
    assert isinstance(await done(new, Say(201, {"id": "amal"})), Created)
    assert isinstance(await done(new, Say(201, text=b"")), Created)
    assert isinstance(await done(new, Say(200, {"id": "amal"})), Uncertain)
    assert isinstance(await done(new, Say(201, {"id": "bert"})), Uncertain)
    assert reason(await done(new, Say(409, {"exception": {"id": "AIUCO1005E"}}))) is Reason.EXISTS
    assert isinstance(await done(DeleteUser("amal"), Say(204)), Changed)
    assert isinstance(await done(DeleteUser("amal"), Say(200, {})), Uncertain)


@pytest.mark.parametrize(
    ("profile", "shown"),
    [(Profile(), "amal"), (Profile(given_name="A", family_name="B"), "A B"), (Profile("C", "A"), "C")],
)
async def test_a_new_user_has_a_display_name(profile: Profile, shown: str) -> None:
    """MAS requires one; without names it is the id."""
    async with playing(lambda heard: Say(201, {"id": "amal"})) as player:
        directory = signed_in(player.url)
        await directory.execute([CreateUser("amal", profile)])
        await directory.close()
    body = player.heard[0].sent()
    assert isinstance(body, dict)
    assert body["displayName"] == shown


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (Say(200, {"token": "made-up"}), Created("amal", secret=Secret("made-up"))),
        (Say(400, FAULT), Uncertain("amal", "created, but without a password: no")),
        (Say(CUT), None),
    ],
)
async def test_a_password_made_up_while_creating_takes_two_calls(local: Say, expected: Outcome | None) -> None:
    """The second gives the local identity; when it fails, the user is there and nobody calls that done or failed."""

    def part(heard: Heard) -> Say:
        return Say(201, text=b"") if heard.method == "POST" else local

    async with playing(part) as player:
        directory = signed_in(player.url)
        [outcome] = await directory.execute([CreateUser("amal", Profile("A"), login="am", generate=True)])
        await directory.close()
    assert [heard.target for heard in player.heard] == [
        "/v3/users?emailPassword=false",
        "/v3/users/amal/idps/local?emailPassword=false",
    ]
    assert player.heard[1].sent() == {"idpUserId": "am"}
    assert outcome == expected if expected is not None else isinstance(outcome, Uncertain)


async def test_a_creation_without_its_password_is_finished_when_it_is_sent_again() -> None:
    """Sent whole it would be told that the user exists, and be taken for done."""
    identities = iter([Say(502, {}), Say(200, {"token": "made-up"})])

    def part(heard: Heard) -> Say:
        return Say(201, text=b"") if heard.method == "POST" else next(identities)

    async with playing(part) as player:
        directory = signed_in(player.url)
        command = CreateUser("amal", Profile("A"), generate=True, operation="op-1")
        [first] = await directory.execute([command])
        [second] = await directory.execute([command])
        await directory.close()
    assert isinstance(first, Uncertain)
    assert second == Created("amal", secret=Secret("made-up"))
    assert [heard.method for heard in player.heard] == ["POST", "PUT", "PUT"]


async def test_a_refused_creation_asks_for_no_password() -> None:
    """Nothing else is sent."""
    async with playing(lambda heard: Say(409, FAULT)) as player:
        directory = signed_in(player.url)
        [outcome] = await directory.execute([CreateUser("amal", Profile("A"), generate=True)])
        await directory.close()
    assert isinstance(outcome, Refused)
    assert len(player.heard) == 1


@pytest.mark.parametrize("who", ["", " ", ".", "..", "a\nb", "\x7f"])
async def test_an_id_that_is_no_part_of_an_address_never_becomes_a_request(who: str) -> None:
    """`..` would mean another resource."""
    async with playing(lambda heard: Say()) as player:
        directory = signed_in(player.url)
        outcomes = await directory.execute([ResetPassword(who, Secret("x")), DeleteUser(who)])
        await directory.close()
    assert [reason(outcome) for outcome in outcomes] == [Reason.INVALID, Reason.INVALID]
    assert player.heard == []


@pytest.mark.parametrize(
    "command",
    [
        SetStatus("amal", Status.LOCKED),
        UpdateUser("amal", status=Status.LOCKED),
        CreateUser("amal", Profile(), status=Status.LOCKED),
        ResetPassword("amal", Secret("x"), permanent=True),
        ResetPassword("a" * 101, Secret("x")),
        ChangePassword("amal", Secret("x"), Secret("y")),
    ],
)
async def test_what_mas_has_no_words_for_is_refused_unsent(command: Command) -> None:
    """Rather than sending something else."""
    async with playing(lambda heard: Say()) as player:
        directory = signed_in(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    assert reason(outcome) is Reason.UNSUPPORTED
    assert player.heard == []


async def test_the_operation_id_travels() -> None:
    """Honoured by keyturn, ignored by a real MAS."""
    async with playing(lambda heard: Say()) as player:
        directory = signed_in(player.url)
        await directory.execute([ResetPassword("amal", operation="op-1"), ResetPassword("bert")])
        await directory.close()
    assert sorted(heard.headers.get("idempotency-key", "") for heard in player.heard) == ["", "op-1"]


async def test_whether_repeats_are_honoured_is_a_setting() -> None:
    """A real MAS does not honour them."""
    site = Site("http://127.0.0.1:1")
    assert not MasDirectory(MasSettings(site, token=Secret("t"))).capabilities.repeats
    assert MasDirectory(MasSettings(site, token=Secret("t"), repeats=True)).capabilities.repeats


async def test_a_mail_that_was_not_sent_is_told_by_our_own_server() -> None:
    """A real MAS does not tell; then it is believed."""
    reset = ResetPassword("amal", notify=True)
    mailed, silent = await done(reset, Say(200, {})), await done(reset, Say(200, {"emailed": False}))
    assert isinstance(mailed, Changed)
    assert isinstance(silent, Changed)
    assert (mailed.delivery, silent.delivery) == (Delivery.MAILED, Delivery.NONE)


async def test_nobody_listening_is_a_refusal_and_a_probe_says_so() -> None:
    """Certain that nothing changed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        directory = signed_in(f"http://127.0.0.1:{taken.getsockname()[1]}")
        [outcome] = await directory.execute([RESET])
        with pytest.raises(Unreachable):
            await directory.probe()
        await directory.close()
    assert reason(outcome) is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("say", "error", "code"),
    [
        (Say(CUT), Unreachable, "KT-NET-001"),
        (Say(401, FAULT), Unreachable, "KT-AUTH-001"),
        (Say(403, FAULT), Unreachable, "KT-AUTH-003"),
        (Say(429, FAULT), Unreachable, "KT-NET-001"),
        (Say(503, FAULT), Unreachable, "KT-NET-001"),
        (Say(404, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(200, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(500, FAULT), BadAnswer, "KT-TGT-001"),
        (Say(302, {}), BadAnswer, "KT-TGT-001"),
    ],
)
async def test_a_read_that_cannot_be_trusted_is_an_error(say: Say, error: type[Exception], code: str) -> None:
    """Never taken for `no such user`."""
    async with playing(lambda heard: say) as player:
        directory = signed_in(player.url)
        for read in (directory.find("amal"), directory.list(Window()), directory.probe()):
            with pytest.raises(error) as raised:
                await read
            assert getattr(raised.value, "code", "") == code
        await directory.close()


@pytest.mark.parametrize("body", [{}, [], {"username": "amal"}, None])
async def test_an_answer_that_is_no_user_is_an_error(body: object) -> None:
    """Also inside of a list."""
    async with playing(lambda heard: Say(200, body if "amal" in heard.target else [body])) as player:
        directory = signed_in(player.url)
        with pytest.raises(BadAnswer):
            await directory.find("amal")
        with pytest.raises(BadAnswer):
            await directory.list(Window())
        await directory.close()


async def test_a_list_may_not_tell_its_length() -> None:
    """Then the total is unknown; the search goes along."""
    async with playing(lambda heard: Say(200, [{"id": "amal"}])) as player:
        directory = signed_in(player.url)
        users = await directory.list(Window(20, 10, "a b"))
        await directory.close()
    assert [user.key for user in users.users] == ["amal"]
    assert users.total is None
    assert player.heard[0].target == "/v3/users?limit=10&offset=20&search=a%20b"


async def test_a_list_that_is_none_is_an_error() -> None:
    """An object where a list is expected."""
    async with playing(lambda heard: Say(200, {"users": []})) as player:
        directory = signed_in(player.url)
        with pytest.raises(BadAnswer):
            await directory.list(Window())
        await directory.close()


async def test_the_vendor_s_words_are_withheld_when_they_quote_the_password() -> None:
    """Four characters in a row are enough; a shorter password counts as a whole."""
    say = Say(400, {"message": "X1: 'Correct' is not allowed"})
    quoting = await done(ResetPassword("amal", Secret("xxcorrexx")), say)
    harmless = await done(ResetPassword("amal", Secret("battery staple")), say)
    assert isinstance(quoting, Refused)
    assert isinstance(harmless, Refused)
    assert "withheld" in quoting.text
    assert harmless.text == "X1: 'Correct' is not allowed"
