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
from keyturn.core.errors import BadAnswer, ConfigError, Unreachable
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status, Window
from keyturn.dialects.uipath.client import UipathDirectory
from keyturn.dialects.uipath.client_names import MOST
from keyturn.dialects.uipath.client_session import UipathSettings
from keyturn.http.call import Site
from tests.support.player import CUT, Heard, Say, playing

GUID = "5f0a8f6e-2f4e-4c3f-8f0e-000000000001"
PASSWORD = Secret("patr0nu5-of-harry")
RESET = ResetPassword(GUID, PASSWORD)
NEW = CreateUser("amal", Profile("Amal"))
DONE = {"succeeded": True, "errors": []}
AMAL = {"id": GUID, "userName": "amal"}
MADE = {"result": DONE, "users": [AMAL]}
FAULT = {"succeeded": False, "errors": [{"code": "X", "description": "no"}]}


def at(url: str, organization: str = "") -> UipathDirectory:
    """The client half with an access token."""
    return UipathDirectory(UipathSettings(Site(url, timeout=5.0), secret=Secret("t"), organization=organization))


async def done(command: Command, say: Say) -> Outcome:
    """What comes of one command when the target answers so."""
    async with playing(lambda heard: say) as player:
        directory = at(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    return outcome


def reason(outcome: Outcome) -> Reason | None:
    """The reason of a refusal, None for everything else."""
    return outcome.reason if isinstance(outcome, Refused) else None


async def test_a_verdict_that_says_yes_is_a_change() -> None:
    """And a creation shows the new user."""
    assert await done(RESET, Say(200, DONE)) == Changed(GUID)
    made = await done(NEW, Say(200, MADE))
    assert isinstance(made, Created)
    assert made.user is not None
    assert made.user.uid == GUID


@pytest.mark.parametrize("say", [Say(200, DONE), Say(204), Say(200, {}), Say(200, text=b"")])
async def test_a_deletion_needs_no_verdict(say: Say) -> None:
    """Nothing is documented of its answer."""
    assert await done(DeleteUser(GUID), say) == Changed(GUID)


@pytest.mark.parametrize(
    "say",
    [
        Say(200, {}),
        Say(200, []),
        Say(200, text=b""),
        Say(200, {"succeeded": None}),
        Say(200, {"succeeded": "true"}),
        Say(200, {"succeeded": True, "errors": [{"code": "X"}]}),
        Say(200, {**DONE, "id": "somebody else"}),
        Say(200, text=b"<html>please sign in</html>"),
        Say(200, DONE, {"content-type": "text/html"}),
        Say(200, text=b"OK"),
        Say(201, DONE),
        Say(201, FAULT),
        Say(202, DONE),
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
    """Never done, never failed; of a change of the password as of a reset."""
    for command in (RESET, ChangePassword(GUID, PASSWORD, Secret("al0h0m0ra")), SetStatus(GUID, Status.DISABLED)):
        assert isinstance(await done(command, say), Uncertain)


@pytest.mark.parametrize(
    "say",
    [
        Say(200, DONE),
        Say(200, {"result": DONE, "users": []}),
        Say(200, {"result": DONE, "users": [{"id": GUID, "userName": "Amal"}]}),
        Say(200, {"users": [AMAL]}),
        Say(201, MADE),
    ],
)
async def test_a_creation_is_only_believed_with_its_user(say: Say) -> None:
    """Of exactly that name, with a verdict."""
    assert isinstance(await done(NEW, say), Uncertain)


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(200, FAULT), Reason.OTHER),
        (Say(200, {"succeeded": False, "errors": [{"code": "PasswordMismatch"}]}), Reason.WRONG_PASSWORD),
        (Say(200, {"succeeded": False}), Reason.OTHER),
        (Say(400, {"succeeded": False, "errors": [{"code": "PasswordRequiresUpper"}]}), Reason.POLICY),
        (Say(400, {"title": "bad", "errors": {"password": ["b"]}}), Reason.INVALID),
        (Say(403, {"errorMessage": "Scope(s) '' is(are) invalid."}), Reason.NOT_ALLOWED),
        (Say(404, FAULT), Reason.NO_SUCH_USER),
        (Say(404, text=b""), Reason.NO_SUCH_USER),
        (Say(404, text=b"<html>not here</html>"), Reason.OTHER),
        (Say(405, {}), Reason.OTHER),
        (Say(429, FAULT, {"retry-after": "7"}), Reason.TOO_MANY),
        (Say(503, text=b"<html>", headers={"retry-after": "7"}), Reason.BUSY),
        (Say(301, {}, {"location": "https://elsewhere"}), Reason.OTHER),
    ],
)
async def test_a_refusal_is_a_value(say: Say, why: Reason) -> None:
    """Certain that nothing changed; a target that asks for patience says for how long."""
    outcome = await done(RESET, say)
    assert isinstance(outcome, Refused)
    assert (outcome.who, outcome.reason) == (GUID, why)
    assert outcome.retry_after == (7.0 if "retry-after" in say.headers else None)


async def test_words_that_quote_a_password_are_withheld() -> None:
    """The new one and the old one; the vendor's validation repeats what was sent."""
    change = ChangePassword(GUID, PASSWORD, Secret("al0h0m0ra-account"))
    for quoted in ("PATR0NU5", "h0m0ra"):
        told = {"errors": {"newPassword": [f"Unexpected character after {quoted}"]}}
        outcome = await done(change, Say(400, told))
        assert isinstance(outcome, Refused)
        assert "withheld" in outcome.text


@pytest.mark.parametrize(
    ("put", "expected"),
    [
        (Say(200, DONE), Created),
        (Say(400, FAULT), Uncertain),
        (Say(CUT), Uncertain),
    ],
)
async def test_a_new_user_s_password_takes_a_second_call(put: Say, expected: type[Outcome]) -> None:
    """When it fails the user is there, and nobody calls that done or failed."""
    async with playing(lambda heard: Say(200, MADE) if heard.method == "POST" else put) as player:
        directory = at(player.url, "acme")
        [outcome] = await directory.execute([CreateUser("amal", Profile("Amal"), password=PASSWORD, operation="op")])
        await directory.close()
    assert isinstance(outcome, expected)
    assert [heard.target for heard in player.heard] == [
        "/acme/identity_/api/User/BulkCreate",
        f"/acme/identity_/api/User/{GUID}",
    ]
    assert player.heard[0].sent() == {
        "users": [{"userName": "amal", "displayName": "Amal", "type": 0}],
        "partitionGlobalId": "acme",
        "groupIDs": [],
    }
    assert player.heard[1].sent() == {"password": PASSWORD.reveal()}
    assert {heard.headers["idempotency-key"] for heard in player.heard} == {"op"}


async def test_a_refused_creation_sets_no_password() -> None:
    """Nothing else is sent."""
    async with playing(lambda heard: Say(400, FAULT)) as player:
        directory = at(player.url)
        [outcome] = await directory.execute([CreateUser("amal", Profile("A"), password=PASSWORD)])
        await directory.close()
    assert isinstance(outcome, Refused)
    assert len(player.heard) == 1


@pytest.mark.parametrize("who", ["", " ", ".", "..", "a\nb", "\x7f"])
async def test_an_id_that_is_no_part_of_an_address_never_becomes_a_request(who: str) -> None:
    """`..` would mean another resource."""
    async with playing(lambda heard: Say()) as player:
        directory = at(player.url)
        outcomes = await directory.execute([ResetPassword(who, PASSWORD), DeleteUser(who)])
        assert await directory.find(who) is None
        await directory.close()
    assert [reason(outcome) for outcome in outcomes] == [Reason.INVALID, Reason.INVALID]
    assert player.heard == []


@pytest.mark.parametrize(
    "command",
    [
        SetStatus("amal", Status.LOCKED),
        UpdateUser("amal", login="b"),
        UpdateUser("amal"),
        CreateUser("amal", Profile(title="Dr")),
        ResetPassword("amal"),
        ResetPassword("amal", PASSWORD, notify=True),
        ChangePassword("amal", PASSWORD),
    ],
)
async def test_what_uipath_has_no_words_for_is_refused_unsent(command: Command) -> None:
    """Rather than sending something else."""
    async with playing(lambda heard: Say()) as player:
        directory = at(player.url)
        [outcome] = await directory.execute([command])
        await directory.close()
    assert reason(outcome) is Reason.UNSUPPORTED
    assert player.heard == []


async def test_a_status_alone_is_the_same_by_either_command() -> None:
    """One request."""
    async with playing(lambda heard: Say(200, DONE)) as player:
        directory = at(player.url)
        for command in (UpdateUser(GUID, status=Status.DISABLED), SetStatus(GUID, Status.DISABLED)):
            assert await directory.execute([command]) == [Changed(GUID)]
        await directory.close()
    assert [heard.sent() for heard in player.heard] == [{"isActive": False}] * 2


def pages(*users: tuple[str, str]) -> dict[str, object]:
    """A part of a list."""
    return {"totalCount": 1, "results": [{"userName": name, "id": uid} for name, uid in users]}


async def test_names_are_looked_up_in_one_list_for_all() -> None:
    """Page by page until a short one, and exactly: another spelling is another name."""
    everybody = [(f"u{number}", f"id-{number}") for number in range(MOST + 1)]

    def part(heard: Heard) -> Say:
        if heard.method != "GET":
            return Say(200, DONE)
        if "searchTerm" in heard.target:
            return Say(200, pages())
        return Say(200, pages(*everybody[:MOST]) if "skip=0" in heard.target else pages(*everybody[MOST:]))

    async with playing(part) as player:
        directory = at(player.url, "acme")
        outcomes = await directory.execute([ResetPassword(f"u{MOST - n}", PASSWORD) for n in range(3)])
        await directory.execute([ResetPassword("U1", PASSWORD), ResetPassword(GUID.upper(), PASSWORD)])
        assert await directory.execute([ResetPassword("u0", PASSWORD)]) == [Changed("u0")]
        await directory.close()
    assert outcomes == [Changed(f"u{MOST - n}") for n in range(3)]
    reads = [heard.target for heard in player.heard if heard.method == "GET"]
    assert reads == [
        "/acme/identity_/api/User/users/acme?top=1000&skip=0",
        "/acme/identity_/api/User/users/acme?top=1000&skip=1000",
        "/acme/identity_/api/User/users/acme?top=1000&skip=0&searchTerm=U1",
    ]
    puts = {heard.target.rpartition("/")[2] for heard in player.heard if heard.method == "PUT"}
    assert puts == {f"id-{MOST}", f"id-{MOST - 1}", f"id-{MOST - 2}", "id-0", "U1", GUID}


async def test_members_of_a_list_that_say_nothing_select_nobody() -> None:
    """Only who has a name and an id is known."""
    odd = {"results": [7, {"userName": "amal"}, {"userName": 7, "id": "x"}, AMAL]}
    async with playing(lambda heard: Say(200, odd if heard.method == "GET" else DONE)) as player:
        directory = at(player.url, "acme")
        assert await directory.execute([ResetPassword("amal", PASSWORD)]) == [Changed("amal")]
        await directory.close()
    assert player.heard[-1].target.endswith(GUID)


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(403, {}), Reason.NOT_ALLOWED),
        (Say(429, {}), Reason.TOO_MANY),
        (Say(503, {}, {"retry-after": "3"}), Reason.BUSY),
        (Say(500, {}), Reason.UNREACHABLE),
        (Say(200, {}), Reason.UNREACHABLE),
        (Say(200, []), Reason.UNREACHABLE),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(401, {}), Reason.NOT_SIGNED_IN),
    ],
)
async def test_a_list_that_cannot_be_read_sends_nothing_else(say: Say, why: Reason) -> None:
    """No command went out, so that nothing is uncertain; a GUID needs no list."""
    async with playing(lambda heard: say if heard.method == "GET" else Say(200, DONE)) as player:
        directory = at(player.url, "acme")
        [outcome] = await directory.execute([ResetPassword("amal", PASSWORD)])
        with pytest.raises(Unreachable):
            await directory.find("amal")
        [other] = await directory.execute([RESET])
        await directory.close()
    assert (reason(outcome), outcome.who) == (why, "amal")
    assert (other == Changed(GUID)) == (why is not Reason.NOT_SIGNED_IN)


async def test_a_search_that_fails_is_told_as_well() -> None:
    """After the list was read."""

    def part(heard: Heard) -> Say:
        listed = Say(429, {}) if "searchTerm" in heard.target else Say(200, pages(("amal", GUID)))
        return listed if heard.method == "GET" else Say(200, DONE)

    async with playing(part) as player:
        directory = at(player.url, "acme")
        assert await directory.execute([ResetPassword("amal", PASSWORD)]) == [Changed("amal")]
        [outcome] = await directory.execute([ResetPassword("bert", PASSWORD)])
        await directory.close()
    assert reason(outcome) is Reason.TOO_MANY


async def test_nobody_listening_is_a_refusal_and_a_probe_says_so() -> None:
    """Certain that nothing changed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        directory = at(f"http://127.0.0.1:{taken.getsockname()[1]}", "acme")
        [outcome] = await directory.execute([RESET])
        with pytest.raises(Unreachable):
            await directory.probe()
        await directory.close()
    assert reason(outcome) is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("say", "error", "code"),
    [
        (Say(CUT), Unreachable, "KT-NET-001"),
        (Say(401, text=b""), Unreachable, "KT-AUTH-001"),
        (Say(403, {}), Unreachable, "KT-AUTH-003"),
        (Say(429, {}), Unreachable, "KT-NET-001"),
        (Say(404, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(200, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(500, {}), BadAnswer, "KT-TGT-001"),
        (Say(302, {}), BadAnswer, "KT-TGT-001"),
        (Say(200, {"results": {}}), BadAnswer, "KT-TGT-001"),
        (Say(200, [AMAL]), BadAnswer, "KT-TGT-001"),
        (Say(200, {"results": [7]}), BadAnswer, "KT-TGT-001"),
    ],
)
async def test_a_read_that_cannot_be_trusted_is_an_error(say: Say, error: type[Exception], code: str) -> None:
    """Never taken for `no such user`."""
    async with playing(lambda heard: say) as player:
        directory = at(player.url, "acme")
        for read in (directory.find(GUID), directory.list(Window()), directory.probe()):
            with pytest.raises(error) as raised:
                await read
            assert getattr(raised.value, "code", "") == code
        await directory.close()


async def test_who_is_not_there_is_nobody() -> None:
    """404; and of a name that is no GUID a server may say that it cannot be read."""
    async with playing(lambda heard: Say(400 if heard.target.endswith("har-3107") else 404, {})) as player:
        directory = at(player.url)
        assert await directory.find(GUID) is None
        assert await directory.find("har-3107") is None
        await directory.close()


async def test_a_list_needs_the_organization_and_may_not_tell_its_length() -> None:
    """Without one there is nothing to ask for; a probe then only signs in."""
    async with playing(lambda heard: Say(200, {"results": [AMAL], "totalCount": True})) as player:
        lost, directory = at(player.url), at(player.url, "a b")
        with pytest.raises(ConfigError):
            await lost.list(Window())
        probe = await lost.probe()
        assert (probe.expires_in, "names cannot be looked up" in probe.note) == (None, True)
        assert player.heard == []
        users = await directory.list(Window(20, 5000, "x y"))
        await lost.close()
        await directory.close()
    assert (users.total, [user.login for user in users.users]) == (None, ["amal"])
    assert player.heard[0].target == "/a%20b/identity_/api/User/users/a%20b?top=1000&skip=20&searchTerm=x%20y"


async def test_a_wrong_organization_is_named_as_the_probable_cause() -> None:
    """By the probe, before a row is sent; with the right one there is nothing to say."""
    async with playing(lambda heard: Say(404, {}) if "acne" in heard.target else Say(200, {"results": []})) as player:
        wrong, right = at(player.url, "acne"), at(player.url, "acme")
        with pytest.raises(BadAnswer, match="no organization 'acne'") as raised:
            await wrong.probe()
        assert "tenant" in raised.value.fix
        assert (await right.probe()).note == ""
        await wrong.close()
        await right.close()


async def test_whether_repeats_are_honoured_is_a_setting() -> None:
    """A real UiPath does not honour them."""
    settings = UipathSettings(Site("http://127.0.0.1:1"), secret=Secret("t"), repeats=True)
    real, ours = at("http://127.0.0.1:1").capabilities, UipathDirectory(settings).capabilities
    assert (real.repeats, real.temporary, ours.repeats, ours.temporary) == (False, None, True, True)
