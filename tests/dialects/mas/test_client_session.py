"""Signing in to a target: one token for all, one new one when it has run out, and no storm when it is refused."""

import asyncio
import base64
import json
from collections.abc import Callable

import pytest

from keyturn.core.commands import ResetPassword
from keyturn.core.errors import ConfigError
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.http.call import Site
from tests.dialects.mas.test_client import FAULT, RESET, reason, signed_in
from tests.support.player import CUT, Heard, Player, Say, playing


def with_key(url: str) -> MasDirectory:
    """The client half with an API key."""
    return MasDirectory(MasSettings(Site(url, timeout=5.0), key_id="a-inst1-abcdefghij", token=Secret("k")))


def entrance(answer: Callable[[Heard], Say], tokens: list[str]) -> Callable[[Heard], Say]:
    """A target that hands out these tokens, one a sign-in."""
    left = iter(tokens)

    def part(heard: Heard) -> Say:
        return Say(200, {"token": next(left)}) if heard.target == "/v1/authenticate" else answer(heard)

    return part


def sign_ins(player: Player) -> int:
    """How often the client signed in."""
    return sum(heard.target == "/v1/authenticate" for heard in player.heard)


async def test_a_token_that_ran_out_is_replaced_once_for_all() -> None:
    """Thirty rows in flight, one new sign-in, every row done, none sent more than twice."""

    def answer(heard: Heard) -> Say:
        return Say() if heard.headers["x-access-token"] == "second" else Say(401, FAULT)

    async with playing(entrance(answer, ["first", "second"])) as player:
        directory = with_key(player.url)
        outcomes = await directory.execute([ResetPassword(f"u{n}", Secret("x")) for n in range(30)])
        later = await directory.execute([RESET])
        await directory.close()
    assert all(isinstance(outcome, Changed) for outcome in [*outcomes, *later])
    assert sign_ins(player) == 2
    assert len(player.heard) <= 2 + 2 * 30 + 1


async def test_a_target_that_refuses_every_token_is_left_alone() -> None:
    """The first to be refused with a fresh token speaks for all that wait, and for all that come."""
    async with playing(entrance(lambda heard: Say(401, FAULT), ["first", "second", "third"])) as player:
        directory = with_key(player.url)
        outcomes = await directory.execute([ResetPassword(f"u{n}", Secret("x")) for n in range(30)])
        before = len(player.heard)
        later = await directory.execute([RESET])
        await directory.close()
    assert {reason(outcome) for outcome in [*outcomes, *later]} == {Reason.NOT_SIGNED_IN}
    assert [outcome.who for outcome in outcomes] == [f"u{n}" for n in range(30)]
    assert before == len(player.heard) == 30 + 3
    assert sign_ins(player) == 2


async def test_a_refused_sign_in_sends_nothing_else() -> None:
    """One request for any number of rows."""
    async with playing(lambda heard: Say(401, FAULT)) as player:
        directory = with_key(player.url)
        outcomes = await directory.execute([ResetPassword(f"u{n}", Secret("x")) for n in range(30)])
        await directory.close()
    assert {reason(outcome) for outcome in outcomes} == {Reason.NOT_SIGNED_IN}
    assert len(player.heard) == 1


async def test_an_access_token_that_ran_out_cannot_be_replaced() -> None:
    """There is nothing to sign in with; the next probe tries it again."""
    good = {"now": False}
    async with playing(lambda heard: Say(200, []) if good["now"] else Say(401, FAULT)) as player:
        directory = signed_in(player.url)
        assert reason((await directory.execute([RESET]))[0]) is Reason.NOT_SIGNED_IN
        assert reason((await directory.execute([RESET]))[0]) is Reason.NOT_SIGNED_IN
        assert len(player.heard) == 1
        good["now"] = True
        await directory.probe()
        assert isinstance((await directory.execute([RESET]))[0], Changed)
        await directory.close()


async def test_a_token_replaced_by_somebody_else_meanwhile_is_used() -> None:
    """And when that one is refused as well, that is the end."""
    late, begun = asyncio.Event(), asyncio.Event()

    def answer(heard: Heard) -> Say:
        if heard.target.startswith("/v3/users/slow"):
            begun.set()
        if heard.target.startswith("/v3/users/slow") and heard.headers["x-access-token"] == "first":
            return Say(401, FAULT, wait=late)
        slow = heard.target.startswith("/v3/users/slow")
        return Say(401, FAULT) if slow or heard.headers["x-access-token"] == "first" else Say()

    async with playing(entrance(answer, ["first", "second"])) as player:
        directory = with_key(player.url)
        slow = asyncio.create_task(directory.execute([ResetPassword("slow", Secret("x"))]))
        await begun.wait()
        [fast] = await directory.execute([ResetPassword("fast", Secret("x"))])
        late.set()
        [refused] = await slow
        await directory.close()
    assert isinstance(fast, Changed)
    assert reason(refused) is Reason.NOT_SIGNED_IN
    assert sign_ins(player) == 2


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(429, {}, {"retry-after": "9"}), Reason.TOO_MANY),
        (Say(503, {}, {"retry-after": "9"}), Reason.BUSY),
        (Say(500, {}), Reason.UNREACHABLE),
        (Say(200, {}), Reason.UNREACHABLE),
        (Say(200, []), Reason.UNREACHABLE),
        (Say(200, {"token": ""}), Reason.UNREACHABLE),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(400, {}), Reason.NOT_SIGNED_IN),
        (Say(403, {}), Reason.NOT_SIGNED_IN),
    ],
)
async def test_a_sign_in_that_fails_for_the_moment_may_be_tried_again(say: Say, why: Reason) -> None:
    """The command itself was never sent, so that nothing is uncertain."""
    said = iter([say])

    def part(heard: Heard) -> Say:
        if heard.target == "/v1/authenticate":
            return next(said, Say(200, {"token": "t"}))
        return Say()

    async with playing(part) as player:
        directory = with_key(player.url)
        [first] = await directory.execute([RESET])
        [second] = await directory.execute([RESET])
        await directory.close()
    assert reason(first) is why
    assert isinstance(first, Refused)
    assert first.who == "amal"
    assert first.retry_after == (9.0 if "retry-after" in say.headers else None)
    assert isinstance(second, Refused if why is Reason.NOT_SIGNED_IN else Changed)


def jwt(**claims: object) -> str:
    """A token that says this of itself."""
    parts = [{"alg": "RS256"}, claims]
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}.signature"


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (jwt(sub="a-inst1-abcdefghij", exp=4102444800), "a-inst1-abcdefghij"),
        (jwt(uniqueSecurityName="x"), "env MAS_TOKEN"),
        ("opaque", "env MAS_TOKEN"),
        ("a.!.c", "env MAS_TOKEN"),
        ("a.abcde.c", "env MAS_TOKEN"),
        ("a.e30x.c", "env MAS_TOKEN"),
        (jwt(sub=["x"]), "env MAS_TOKEN"),
    ],
)
async def test_the_account_is_who_the_token_is_of(token: str, account: str) -> None:
    """Else where the secret is."""
    async with playing(lambda heard: Say(200, [])) as player:
        directory = MasDirectory(MasSettings(Site(player.url), token=Secret(token), source="env MAS_TOKEN"))
        probe = await directory.probe()
        await directory.close()
    assert probe.account == directory.account == account
    assert (probe.expires_in is not None) == ("exp" in str(token) or account.startswith("a-inst1"))


async def test_a_login_may_be_asked_for_at_another_host() -> None:
    """`admin.` of a real MAS; without an address of its own it is the same."""
    async with (
        playing(lambda heard: Say(200, {"token": jwt(sub="amal-uid")})) as admin,
        playing(lambda heard: Say(200, [])) as api,
    ):
        settings = MasSettings(Site(api.url), username="amal", password=Secret("pw"), sign_in_url=admin.url)
        directory = MasDirectory(settings)
        assert directory.account == "amal"
        probe = await directory.probe()
        await directory.close()
    assert probe.account == "amal-uid"
    assert [heard.target for heard in (*admin.heard, *api.heard)] == ["/logininitial", "/workspaces", "/about"]


def test_a_target_without_a_secret_is_a_mistake_of_the_settings() -> None:
    """Said before anything is sent."""
    with pytest.raises(ConfigError):
        MasDirectory(MasSettings(Site("http://127.0.0.1:1")))


def test_settings_never_print_their_secrets() -> None:
    """They stand in tracebacks."""
    assert "hush" not in repr(MasSettings(Site("http://127.0.0.1:1"), token=Secret("hush"), password=Secret("hush")))
