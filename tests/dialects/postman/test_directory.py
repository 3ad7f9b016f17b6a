"""A recorded request is sent to a real server, and only what that one answers says what came of it."""

import asyncio
import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest

from keyturn.core.commands import Commands
from keyturn.core.errors import ConfigError
from keyturn.core.evidence import Tried
from keyturn.core.outcomes import Changed, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Users, Window
from keyturn.dialects.postman.client import RecordedDirectory
from keyturn.dialects.postman.wire_request import Prepared, Sending
from keyturn.http.call import Site
from tests.dialects.postman.kit import collection, item, prepared
from tests.support.player import CUT, Heard, Say, playing

TOKEN_PATH = "/login/token"


def request(url: str, method: str = "POST", **more: Any) -> Prepared:
    """One request for each user."""
    return prepared(collection(item(method, f"{url}/v3/users/{{{{userid}}}}", "{}", **more)))


def signed(url: str, token_url: str = "", **more: str) -> Prepared:
    """The same, which first gets itself a token."""
    held = {"grant_type": "client_credentials", "accessTokenUrl": token_url or url + TOKEN_PATH}
    held |= {"clientId": "keyturn", "clientSecret": "a-client-secret", **more}
    return request(url, auth={"type": "oauth2", "oauth2": held})


async def sent(found: Prepared, whos: Sequence[str] = ("007",), **more: Any) -> Sequence[Outcome]:
    """What came of a request for each of them."""
    directory = RecordedDirectory(found, Site(found.base, timeout=5), **more)
    try:
        rows = [found.sending(who, {"userid": who}, "") for who in whos]
        return await directory.execute(cast("Commands", rows))
    finally:
        await directory.close()


async def answered(say: Say, found: Callable[[str], Prepared] = request) -> Outcome:
    """What came of one request to a server that answers so."""
    async with playing(lambda heard: say) as player:
        [outcome] = await sent(found(player.url))
    return outcome


def doors(token: Callable[[], Say], user: Callable[[Heard], Say]) -> Callable[[Heard], Say]:
    """A server that hands out tokens at one path and serves users at all others."""
    return lambda heard: token() if heard.target.startswith(TOKEN_PATH) else user(heard)


def in_turn(*says: Say) -> Callable[[], Say]:
    """Each of them once."""
    left: Iterator[Say] = iter(says)
    return lambda: next(left)


def bearers(heard: Sequence[Heard]) -> list[str]:
    """What the requests for users were signed with."""
    return [one.headers.get("authorization", "") for one in heard if not one.target.startswith(TOKEN_PATH)]


async def test_a_recorded_request_knows_no_users_and_asks_nothing_of_its_own() -> None:
    """Whatever is asked of the directory beside its request, no byte leaves."""
    async with playing(lambda heard: Say()) as player:
        directory = RecordedDirectory(request(player.url), Site(player.url), "with a token")
        assert await directory.find("007") is None
        assert await directory.list(Window()) == Users((), 0)
        [one, other] = await directory.read_back(["007", "008"])
        assert isinstance(one, Refused)
        assert isinstance(other, Refused)
        assert (one.who, other.who, one.reason) == ("007", "008", Reason.UNSUPPORTED)
        assert await directory.try_password("007", Secret("opensesame")) is Tried.NOT_TOLD
        probe = await directory.probe()
        assert "nothing was asked" in probe.note
        assert directory.account == "with a token"
        await directory.close()
        await directory.close()
    assert player.heard == []


@pytest.mark.parametrize(
    ("method", "again", "repeats"),
    [("PUT", False, True), ("DELETE", False, True), ("POST", False, False), ("POST", True, True)],
)
def test_only_a_method_that_is_made_for_it_is_sent_twice(method: str, again: bool, repeats: bool) -> None:
    """Unless somebody says that it may be."""
    directory = RecordedDirectory(request("http://127.0.0.1:1", method), Site("http://127.0.0.1:1"), again=again)
    assert directory.capabilities.repeats is repeats
    assert directory.capabilities.carries == {Sending}


async def test_each_row_gets_its_own_answer() -> None:
    """Outcome i belongs to command i, whichever answer comes first."""
    async with playing(lambda heard: Say(404 if heard.target.endswith("/b") else 200)) as player:
        outcomes = await sent(request(player.url), ("a", "b", "c"))
    assert [(one.who, type(one)) for one in outcomes] == [("a", Changed), ("b", Refused), ("c", Changed)]
    assert sorted(one.target for one in player.heard) == ["/v3/users/a", "/v3/users/b", "/v3/users/c"]


@pytest.mark.parametrize("say", [Say(200), Say(201, {"id": "another"}), Say(204), Say(200, text=b"done")])
async def test_a_success_counts_whatever_its_form(say: Say) -> None:
    """Nothing is known of the target, so an id in its answer is nobody's in particular."""
    assert await answered(say) == Changed("007")


@pytest.mark.proves("RN-7", "RN-8")
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, Reason.OTHER),
        (307, Reason.OTHER),
        (308, Reason.OTHER),
        (400, Reason.OTHER),
        (401, Reason.NOT_SIGNED_IN),
        (403, Reason.NOT_ALLOWED),
        (404, Reason.NO_SUCH_USER),
        (409, Reason.OTHER),
        (429, Reason.TOO_MANY),
        (503, Reason.BUSY),
    ],
)
async def test_a_no_is_told_by_its_status(status: int, reason: Reason) -> None:
    """With the seconds that the target asks us to wait, and no redirect followed."""
    headers = {"retry-after": "7", "location": "http://127.0.0.1:1/elsewhere"}
    outcome = await answered(Say(status, {}, headers))
    assert isinstance(outcome, Refused)
    assert (outcome.who, outcome.reason, outcome.retry_after) == ("007", reason, 7.0)
    assert str(status) in outcome.text
    assert ("sent us elsewhere" in outcome.text) is (status < 400)


@pytest.mark.proves("RN-3", "RN-5")
@pytest.mark.parametrize(
    "say",
    [
        Say(raw=b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n"),
        Say(302, {}, {"location": "/done"}),
        Say(303, {}, {"location": "/done"}),
        Say(408),
        Say(500),
        Say(502),
        Say(504),
        Say(CUT),
        Say(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
        Say(200, {"error": "no such user"}),
        Say(200, {"succeeded": False}),
        Say(200, text=b"<html>sign in</html>", headers={"content-type": "text/html"}),
    ],
    ids=lambda say: f"{say.status}-{(say.raw or say.text or str(say.body).encode()).decode()[:24].strip()}",
)
async def test_what_proves_nothing_is_neither_done_nor_failed(say: Say) -> None:
    """A server that broke, an answer that broke off, a success with an error or a web page inside."""
    outcome = await answered(say)
    assert isinstance(outcome, Uncertain)
    assert outcome.who == "007"
    assert outcome.text


async def test_a_test_of_the_request_says_which_success_is_one() -> None:
    """As its author wrote it into the collection; any other proves nothing."""
    lines = ["pm.test('made', function () { pm.response.to.have.status(201); });"]
    value = {"event": [{"listen": "test", "script": {"exec": lines}}]}

    def tested(url: str) -> Prepared:
        return prepared(collection({**item("POST", f"{url}/v3/users/{{{{userid}}}}", "{}"), **value}))

    assert await answered(Say(201), tested) == Changed("007")
    other = await answered(Say(200), tested)
    assert isinstance(other, Uncertain)
    assert "the test of the request" in other.text


async def test_where_nobody_listens_nothing_was_sent() -> None:
    """And so the row may be tried again."""
    async with playing(lambda heard: Say()) as player:
        pass
    [outcome] = await sent(request(player.url))
    assert isinstance(outcome, Refused)
    assert (outcome.who, outcome.reason) == ("007", Reason.UNREACHABLE)


async def test_one_token_serves_all_rows() -> None:
    """It is asked for once, at first need, as the client that the collection names."""
    token = in_turn(Say(200, {"access_token": "t-1"}))
    async with playing(doors(token, lambda heard: Say())) as player:
        outcomes = await sent(signed(player.url, scope="users:write"), ("a", "b", "c"))
    assert outcomes == [Changed("a"), Changed("b"), Changed("c")]
    assert bearers(player.heard) == ["Bearer t-1"] * 3
    first = player.heard[0]
    assert (first.method, first.target) == ("POST", TOKEN_PATH)
    assert base64.b64decode(first.headers["authorization"].removeprefix("Basic ")) == b"keyturn:a-client-secret"
    assert dict(parse_qsl(first.body.decode())) == {"grant_type": "client_credentials", "scope": "users:write"}


async def test_the_address_of_the_token_is_asked_as_it_is_written() -> None:
    """With its query, in which some servers want to hear whose token it is; without a scope none is asked for."""
    async with playing(lambda heard: Say(200, {"access_token": "t-1"})) as player:
        assert await sent(signed(player.url, f"{player.url}{TOKEN_PATH}?tenant=a%2Fb")) == [Changed("007")]
    first = player.heard[0]
    assert (first.target, first.body) == (f"{TOKEN_PATH}?tenant=a%2Fb", b"grant_type=client_credentials")


async def test_a_client_shows_itself_where_the_collection_says() -> None:
    """In the form, and nowhere else; what more is asked for, and the word before the token, are its own."""
    more = {"client_authentication": "body", "audience": "mas", "headerPrefix": "Token"}
    async with playing(doors(in_turn(Say(200, {"access_token": "t-1"})), lambda heard: Say())) as player:
        assert await sent(signed(player.url, **more)) == [Changed("007")]
    assert dict(parse_qsl(player.heard[0].body.decode())) == {
        "grant_type": "client_credentials",
        "audience": "mas",
        "client_id": "keyturn",
        "client_secret": "a-client-secret",
    }
    assert "authorization" not in player.heard[0].headers
    assert bearers(player.heard) == ["Token t-1"]


@pytest.mark.proves("RN-7")
@pytest.mark.parametrize("url", ["not an address", "http://login.example.com/token", "https://"])
def test_an_address_of_tokens_that_cannot_be_used_stops_before_anything_is_sent(url: str) -> None:
    """Nor does the secret of a client cross a network in clear."""
    with pytest.raises(ConfigError):
        RecordedDirectory(signed("https://a.example", url), Site("https://a.example"))


async def test_a_token_that_ran_out_is_replaced_once() -> None:
    """A 401 says that nothing was done, so the row is sent again; a second one is the answer."""
    token = in_turn(*(Say(200, {"access_token": f"t-{number}"}) for number in (1, 2)))
    fresh = {"Bearer t-2": 200}
    async with playing(doors(token, lambda heard: Say(fresh.get(heard.headers["authorization"], 401)))) as player:
        assert await sent(signed(player.url)) == [Changed("007")]
    assert bearers(player.heard) == ["Bearer t-1", "Bearer t-2"]
    token = in_turn(*(Say(200, {"access_token": f"t-{number}"}) for number in (3, 4)))
    async with playing(doors(token, lambda heard: Say(401))) as player:
        [outcome] = await sent(signed(player.url))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NOT_SIGNED_IN
    assert bearers(player.heard) == ["Bearer t-3", "Bearer t-4"]


@pytest.mark.parametrize(
    ("say", "reason", "wait"),
    [
        (Say(400, {"error": "invalid_client"}), Reason.NOT_SIGNED_IN, None),
        (Say(401, {"access_token": "t-1"}), Reason.NOT_SIGNED_IN, None),
        (Say(307, {"access_token": "t-1"}, {"location": "/other"}), Reason.NOT_SIGNED_IN, None),
        (Say(200, {}), Reason.NOT_SIGNED_IN, None),
        (Say(200, {"access_token": ""}), Reason.NOT_SIGNED_IN, None),
        (Say(200, {"access_token": 7}), Reason.NOT_SIGNED_IN, None),
        (Say(200, {"access_token": "t\r\nx-admin: 1"}), Reason.NOT_SIGNED_IN, None),
        (Say(200, ["t-1"]), Reason.NOT_SIGNED_IN, None),
        (Say(429, {}, {"retry-after": "3"}), Reason.BUSY, 3.0),
        (Say(503), Reason.BUSY, None),
        (Say(CUT), Reason.UNREACHABLE, None),
    ],
)
async def test_without_a_token_no_row_is_sent(say: Say, reason: Reason, wait: float | None) -> None:
    """Each row says for itself why, and none with the secret of the client."""
    async with playing(doors(lambda: say, lambda heard: Say())) as player:
        outcomes = await sent(signed(player.url), ("a", "b"))
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert [(one.who, one.reason, one.retry_after) for one in refused] == [("a", reason, wait), ("b", reason, wait)]
    assert all(one.text.startswith("signing in") and "secret" not in one.text for one in refused)
    assert bearers(player.heard) == []


async def test_a_token_that_can_no_longer_be_had_refuses_the_row() -> None:
    """The first one was good for a while; the row that met its end was not done."""
    token = in_turn(Say(200, {"access_token": "t-1"}), Say(400))
    async with playing(doors(token, lambda heard: Say(401))) as player:
        [outcome] = await sent(signed(player.url))
    assert isinstance(outcome, Refused)
    assert (outcome.who, outcome.text) == ("007", "signing in: answered 400 without a token")


async def test_a_late_401_takes_no_fresh_token_away() -> None:
    """Two rows leave with the same token; the second hears its 401 when the first has a new token already."""
    late = asyncio.Event()
    token = in_turn(*(Say(200, {"access_token": f"t-{number}"}) for number in (1, 2)))

    def user(heard: Heard) -> Say:
        if heard.headers["authorization"] == "Bearer t-2":
            late.set()
            return Say()
        return Say(401, wait=late if heard.target.endswith("/slow") else None)

    async with playing(doors(token, user)) as player:
        assert await sent(signed(player.url), ("slow", "quick")) == [Changed("slow"), Changed("quick")]
    assert sorted(bearers(player.heard)) == ["Bearer t-1", "Bearer t-1", "Bearer t-2", "Bearer t-2"]
