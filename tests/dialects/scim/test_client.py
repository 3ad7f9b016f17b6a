"""Any SCIM server as a target: what is sent, and what an answer may be believed for."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword, SetStatus, UpdateUser
from keyturn.core.errors import BadAnswer, ConfigError, KeyturnError, Unreachable
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Right, Status, Window
from keyturn.dialects.scim.client import ScimDirectory
from keyturn.dialects.scim.client_session import ScimSettings
from keyturn.http.call import Site
from tests.dialects.scim.kit import GOOD
from tests.support.player import CUT, Heard, Player, Say, playing

GUID = "2819c223-7f76-453a-919d-413861904646"
AMAL = {"id": "7", "userName": "amal", "active": True, "meta": {"version": 'W/"3"'}}
RESET = ResetPassword("amal", Secret(GOOD))


def listed(*bodies: Mapping[str, object], **more: object) -> Say:
    """An answer to a search."""
    return Say(200, {"totalResults": len(bodies), "Resources": [*bodies], **more})


@dataclass
class There:
    """The client half and the server that it talks to."""

    directory: ScimDirectory
    player: Player

    async def ask(self, command: Command) -> Outcome:
        """One command."""
        [outcome] = await self.directory.execute([command])
        return outcome


@asynccontextmanager
async def at(part: Callable[[Heard], Say], **settings: object) -> AsyncIterator[There]:
    """A directory at a server that answers so."""
    async with playing(part) as player:
        site = Site(player.url + str(settings.pop("path", "")))
        how: dict[str, object] = settings or {"token": Secret("sesame"), "source": "env:TOKEN"}
        directory = ScimDirectory(ScimSettings(site, **how))  # type: ignore[arg-type]  # settings by name
        yield There(directory, player)
        await directory.close()


def answering(say: Say, *there: Mapping[str, object]) -> Callable[[Heard], Say]:
    """A server that has these users and answers everything else so."""
    return lambda heard: listed(*(there or (AMAL,))) if heard.method == "GET" else say


@pytest.mark.parametrize(
    ("say", "command", "expected"),
    [
        (Say(204), RESET, Changed), (Say(200, AMAL), RESET, Changed), (Say(200, text=b""), RESET, Changed),
        (Say(201, {"id": "8", "userName": "new"}), CreateUser("new", Profile()), Created),
        (Say(204), DeleteUser("amal"), Changed), (Say(204), SetStatus("amal", Status.DISABLED), Changed),
        (Say(200, {**AMAL, "active": False}), SetStatus("amal", Status.DISABLED), Changed),
        (Say(204), UpdateUser("amal", Profile("New")), Changed),
        (Say(200, AMAL), UpdateUser("amal", login="other", version=3), Changed),
    ],
)  # fmt: skip
async def test_success_is_believed_when_nothing_speaks_against_it(
    say: Say, command: Command, expected: type[Outcome]
) -> None:
    async with at(answering(say)) as there:
        assert isinstance(await there.ask(command), expected)


@pytest.mark.parametrize(
    ("say", "command"),
    [
        (Say(200, {"id": "8", "userName": "ben"}), RESET), (Say(201, AMAL), RESET), (Say(200, text=b"<html>"), RESET),
        (Say(200, text=b"fine"), RESET), (Say(202), RESET), (Say(500), RESET), (Say(302), RESET), (Say(408), RESET),
        (Say(CUT), RESET), (Say(200, {"error": "no"}), RESET),
        (Say(200, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400"}), RESET),
        (Say(200, {**AMAL, "active": True}), SetStatus("amal", Status.DISABLED)),
        (Say(200, {**AMAL, "active": False}), UpdateUser("amal", status=Status.ACTIVE)),
        (Say(201, {"id": "8", "userName": "another"}), CreateUser("new", Profile())),
        (Say(201, text=b""), CreateUser("new", Profile())), (Say(200, AMAL), CreateUser("new", Profile())),
    ],
)  # fmt: skip
async def test_an_answer_that_proves_nothing_leaves_the_row_uncertain(say: Say, command: Command) -> None:
    async with at(answering(say)) as there:
        assert isinstance(await there.ask(command), Uncertain)


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say(400, {"scimType": "invalidValue", "detail": "too weak"}), Reason.INVALID),
        (Say(409, {"scimType": "uniqueness"}), Reason.EXISTS), (Say(403, {}), Reason.NOT_ALLOWED),
        (Say(404, {}), Reason.NO_SUCH_USER), (Say(404, text=b"<html>"), Reason.OTHER),
        (Say(501, {}), Reason.UNSUPPORTED),
        (Say(429, {}, {"retry-after": "7"}), Reason.TOO_MANY), (Say(503, {}), Reason.BUSY), (Say(307), Reason.OTHER),
        (Say(401, {}), Reason.NOT_SIGNED_IN),
    ],
)  # fmt: skip
async def test_a_refusal_is_a_value(say: Say, reason: Reason) -> None:
    async with at(answering(say)) as there:
        refused = await there.ask(RESET)
        assert isinstance(refused, Refused)
        assert (refused.who, refused.reason) == ("amal", reason)
        assert refused.retry_after == (7.0 if reason is Reason.TOO_MANY else None)


async def test_a_refusal_that_quotes_the_password_is_withheld() -> None:
    async with at(answering(Say(400, {"detail": f"{GOOD} is weak"}))) as there:
        refused = await there.ask(RESET)
    assert isinstance(refused, Refused)
    assert "bottles" not in refused.text


async def test_a_name_is_compared_letter_by_letter() -> None:
    """Servers find `Amal` for `amal`; we do not take one for the other."""
    async with at(answering(Say(204), {**AMAL, "userName": "Amal"})) as there:
        refused = await there.ask(RESET)
        assert isinstance(refused, Refused)
        assert (refused.reason, "differs in case" in refused.text) == (Reason.NO_SUCH_USER, True)
        assert [heard.method for heard in there.player.heard] == ["GET"]
    async with at(answering(Say(204), {**AMAL, "userName": "Amal"}, {**AMAL, "id": "9"})) as there:
        assert isinstance(await there.ask(RESET), Changed)
        assert there.player.heard[-1].target == "/scim/v2/Users/9"
    async with at(answering(Say(204), AMAL, {**AMAL, "id": "9"})) as there:
        refused = await there.ask(RESET)
        assert isinstance(refused, Refused)
        assert refused.reason is Reason.INVALID


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (Say(200, {"id": GUID.upper(), "userName": "amal"}), "Changed"), (Say(404, {}), Reason.NO_SUCH_USER),
        (Say(200, {"id": "7", "userName": "amal"}), Reason.OTHER), (Say(200, {}), Reason.OTHER),
        (Say(404, text=b"<html>"), Reason.OTHER), (Say(429, {}), Reason.TOO_MANY),
    ],
)  # fmt: skip
async def test_a_guid_that_is_no_name_is_an_id(say: Say, expected: object) -> None:
    def part(heard: Heard) -> Say:
        if heard.method == "PATCH":
            return Say(204)
        return say if heard.target.endswith(f"/Users/{GUID}") else listed()

    async with at(part) as there:
        outcome = await there.ask(ResetPassword(GUID, Secret(GOOD)))
    assert (outcome.reason if isinstance(outcome, Refused) else type(outcome).__name__) == expected


async def test_a_text_as_long_as_a_guid_is_none() -> None:
    async with at(lambda heard: listed()) as there:
        assert await there.directory.find("x" * 36) is None
        assert len(there.player.heard) == 1


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (Say(403, {}), Reason.NOT_ALLOWED), (Say(429, {}), Reason.TOO_MANY), (Say(503, {}), Reason.BUSY),
        (Say(401, {}), Reason.NOT_SIGNED_IN), (Say(CUT), Reason.UNREACHABLE), (Say(400, {}), Reason.OTHER),
        (Say(200, []), Reason.OTHER), (Say(200, {"totalResults": 1, "Resources": [5]}), Reason.OTHER),
        (Say(200, {"totalResults": 1, "Resources": [{"userName": "amal"}]}), Reason.OTHER),
        (Say(200, {"totalResults": 0}), Reason.NO_SUCH_USER),
    ],
)  # fmt: skip
async def test_a_list_that_cannot_be_read_refuses_the_row_and_sends_nothing(say: Say, reason: Reason) -> None:
    async with at(lambda heard: say) as there:
        refused = await there.ask(RESET)
        assert isinstance(refused, Refused)
        assert refused.reason is reason
        assert [heard.method for heard in there.player.heard] == ["GET"]


async def test_a_refused_token_is_not_shown_again_until_it_is_asked_for() -> None:
    async with at(lambda heard: Say(401, {})) as there:
        assert isinstance(await there.ask(RESET), Refused)
        assert isinstance(await there.ask(CreateUser("new", Profile())), Refused)
        assert len(there.player.heard) == 1
        with pytest.raises(Unreachable):
            await there.directory.probe()
        assert len(there.player.heard) == 2


async def test_an_update_sends_the_whole_user_back_and_the_version() -> None:
    stored = {**AMAL, "title": "Dr", "nickName": "A", "groups": [{"value": "g"}], "externalId": "x"}
    async with at(answering(Say(204), stored)) as there:
        await there.ask(UpdateUser("amal", status=Status.DISABLED))
        await there.ask(UpdateUser("amal", Profile("New"), login="other"))
        one, two = (heard for heard in there.player.heard if heard.method == "PUT")
    assert one.sent() == {
        "id": "7",
        "userName": "amal",
        "active": False,
        "title": "Dr",
        "nickName": "A",
        "externalId": "x",
    }
    assert one.headers["if-match"] == 'W/"3"'
    sent = two.sent()
    assert isinstance(sent, dict)
    assert (sent["userName"], sent["displayName"], sent["active"], "title" in sent) == ("other", "New", True, False)


async def test_somebody_who_was_quicker_makes_it_busy_and_a_known_version_stale() -> None:
    async with at(answering(Say(412, {}))) as there:
        busy = await there.ask(UpdateUser("amal", Profile("New")))
        stale = await there.ask(UpdateUser("amal", Profile("New"), version=3))
        early = await there.ask(UpdateUser("amal", Profile("New"), version=2))
        assert [one.reason for one in (busy, stale, early) if isinstance(one, Refused)] == [
            Reason.BUSY, Reason.STALE_VERSION, Reason.STALE_VERSION,
        ]  # fmt: skip
        assert len([heard for heard in there.player.heard if heard.method == "PUT"]) == 2


async def test_a_server_without_versions_is_not_asked_about_one() -> None:
    bare = {"id": "7", "userName": "amal"}
    async with at(answering(Say(204), bare)) as there:
        assert isinstance(await there.ask(UpdateUser("amal", Profile("New"))), Changed)
        assert "if-match" not in there.player.heard[-1].headers
        assert isinstance(await there.ask(UpdateUser("amal", Profile("New"), version=1)), Refused)


@pytest.mark.parametrize(
    "command",
    [
        CreateUser("a", Profile(), rights=frozenset({Right.KEYS})), SetStatus("a", Status.LOCKED), ResetPassword("a"),
        CreateUser("", Profile()), ResetPassword("a\nb", Secret(GOOD)), ResetPassword("\ud800", Secret(GOOD)),
    ],
)  # fmt: skip
async def test_what_has_no_words_is_refused_unsent(command: Command) -> None:
    async with at(lambda heard: Say(500)) as there:
        assert isinstance(await there.ask(command), Refused)
        assert there.player.heard == []


async def test_the_whole_list_is_read_in_as_many_parts_as_the_server_takes() -> None:
    people = [{"id": str(n), "userName": f"u{n}"} for n in range(5)]

    def part(heard: Heard) -> Say:
        start = int(heard.target.split("startIndex=")[1].split("&")[0])
        return Say(200, {"totalResults": 5, "Resources": people[start - 1 : start + 1]})

    async with at(part) as there:
        users = await there.directory.list(Window(1, 1000))
        assert ([user.login for user in users.users], users.total) == (["u1", "u2", "u3", "u4"], 5)
        assert len(there.player.heard) == 2
        assert (await there.directory.list(Window(0, 0))).users == ()


async def test_a_list_without_a_total_ends_where_it_ends() -> None:
    async with at(lambda heard: listed(AMAL, totalResults="many") if "x=1&" in heard.target else listed()) as there:
        users = await there.directory.list(Window(0, 10, "am"))
        assert ([user.login for user in users.users], users.total) == (["amal"], None)


@pytest.mark.parametrize(
    ("say", "error"),
    [(Say(503, {}), Unreachable), (Say(200, {}), BadAnswer), (Say(200, text=b"<html>"), BadAnswer),
     (listed({"id": "7"}), BadAnswer)],
)  # fmt: skip
async def test_a_read_without_an_answer_is_an_error(say: Say, error: type[KeyturnError]) -> None:
    async with at(lambda heard: say) as there:
        with pytest.raises(error):
            await there.directory.list(Window())


async def test_who_may_see_nobody_sees_nobody() -> None:
    async with at(lambda heard: Say(403, {})) as there:
        assert await there.directory.find("amal") is None
        assert (await there.directory.list(Window())).users == ()
        assert await there.directory.find(" ") is None
        with pytest.raises(Unreachable) as caught:
            await there.directory.probe()
        assert caught.value.code == "KT-AUTH-003"


@pytest.mark.parametrize(
    ("say", "note"),
    [(Say(200, {"changePassword": {"supported": True}}), "takes passwords"), (Say(404), "does not say"),
     (Say(200, {"changePassword": 5}), "does not say")],
)  # fmt: skip
async def test_a_probe_says_whether_passwords_are_taken(say: Say, note: str) -> None:
    async with at(lambda heard: say if heard.target.endswith("Config") else listed(AMAL)) as there:
        probe = await there.directory.probe()
    assert (probe.account, note in probe.note) == ("the token from env:TOKEN", True)


KEY = "fc657979-7dc8-4ce7-96c8-2321fe092810"


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (f"{KEY}.sesame", KEY), ("sesame.open", "the token from env:TOKEN"),
        ("eyJh.eyJz.c2ln", "the token from env:TOKEN"), (KEY, "the token from env:TOKEN"),
    ],
)  # fmt: skip
def test_the_account_is_the_key_that_the_token_is_of(token: str, account: str) -> None:
    """Of a token of another server no part is shown."""
    settings = ScimSettings(Site("http://127.0.0.1:1"), Secret(token), source="env:TOKEN")
    assert ScimDirectory(settings).account == account


async def test_name_and_password_go_as_basic_and_a_path_is_kept() -> None:
    async with at(answering(Say(204)), path="/tenants/7/scim", username="idp", password=Secret("pw")) as there:
        await there.ask(ResetPassword("amal", Secret(GOOD), operation="op-1"))
        assert there.directory.account == "idp"
        assert (there.directory.capabilities.repeats, there.directory.capabilities.temporary) == (False, False)
        lookup, reset = there.player.heard
    assert lookup.target.startswith("/tenants/7/scim/Users?")
    assert reset.headers["authorization"] == "Basic aWRwOnB3"
    assert reset.headers["idempotency-key"] == "op-1"
    assert reset.headers["content-type"] == "application/scim+json"
    assert json.loads(reset.body)["Operations"][0]["value"] == GOOD


def test_a_target_without_a_secret_is_refused() -> None:
    for settings in (ScimSettings(Site("http://127.0.0.1:1")), ScimSettings(Site("http://127.0.0.1:1"), username="a")):
        with pytest.raises(ConfigError):
            ScimDirectory(settings)


async def test_a_server_that_is_not_there_refuses_nothing_was_sent() -> None:
    directory = ScimDirectory(ScimSettings(Site("http://127.0.0.1:1"), Secret("t")))
    [refused] = await directory.execute([CreateUser("new", Profile())])
    await directory.close()
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.UNREACHABLE
