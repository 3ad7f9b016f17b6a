"""Signing in to UiPath: one token for all, a new one in time or when it is refused, and no storm."""

import time
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from keyturn.core.commands import ResetPassword
from keyturn.core.errors import ConfigError, Unreachable
from keyturn.core.outcomes import Changed, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.dialects.uipath.client import UipathDirectory
from keyturn.dialects.uipath.client_session import UipathSettings
from keyturn.http.call import Site
from tests.dialects.uipath.test_client import DONE, GUID, RESET, at, reason
from tests.support.player import CUT, Heard, Player, Say, playing

USERS = [ResetPassword(GUID[:-2] + f"{number:02}", Secret("x")) for number in range(30)]


def with_client(
    url: str, *, organization: str = "", sign_in_url: str = "", clock: Callable[[], float] = time.monotonic
) -> UipathDirectory:
    """The client half with a client's id and secret."""
    site, secret = Site(url, timeout=5.0), Secret("s&cret")
    return UipathDirectory(UipathSettings(site, "client", secret, organization, sign_in_url, clock=clock))


def entrance(answer: Callable[[Heard], Say], tokens: list[str], lasts: object = 3600) -> Callable[[Heard], Say]:
    """A target that hands out these tokens, one a sign-in."""
    left = iter(tokens)

    def part(heard: Heard) -> Say:
        if heard.target.endswith("/connect/token"):
            return Say(200, {"access_token": next(left), "expires_in": lasts, "token_type": "Bearer"})
        return answer(heard)

    return part


def sign_ins(player: Player) -> int:
    """How often the client signed in."""
    return sum(heard.target.endswith("/connect/token") for heard in player.heard)


def only(token: str) -> Callable[[Heard], Say]:
    """A target that knows one token."""
    return lambda heard: Say(200, DONE) if heard.headers["authorization"] == f"Bearer {token}" else Say(401, text=b"")


async def test_a_token_that_is_refused_is_replaced_once_for_all() -> None:
    """Thirty rows in flight, one new sign-in, every row done, none sent more than twice."""
    async with playing(entrance(only("second"), ["first", "second"])) as player:
        directory = with_client(player.url)
        outcomes = await directory.execute(USERS)
        later = await directory.execute([RESET])
        await directory.close()
    assert all(isinstance(outcome, Changed) for outcome in [*outcomes, *later])
    assert sign_ins(player) == 2
    assert len(player.heard) <= 2 + 2 * 30 + 1
    assert parse_qs(player.heard[0].body.decode())["client_secret"] == ["s&cret"]


async def test_a_target_that_refuses_every_token_is_left_alone() -> None:
    """The first to be refused with a fresh token speaks for all that come."""
    async with playing(entrance(lambda heard: Say(401, text=b""), ["first", "second", "third"])) as player:
        directory = with_client(player.url)
        outcomes = await directory.execute(USERS)
        before = len(player.heard)
        later = await directory.execute([RESET])
        await directory.close()
    assert {reason(outcome) for outcome in [*outcomes, *later]} == {Reason.NOT_SIGNED_IN}
    assert before == len(player.heard)
    assert sign_ins(player) == 2


async def test_a_token_is_renewed_before_its_end() -> None:
    """In its last minute it is used no more; nobody was refused."""
    time_now = [1000.0]
    async with playing(entrance(lambda heard: Say(200, DONE), ["first", "second", "third"], 90)) as player:
        directory = with_client(player.url, clock=lambda: time_now[0])
        assert (await directory.probe()).expires_in == 90
        await directory.execute([RESET])
        time_now[0] += 30
        await directory.execute([RESET])
        await directory.close()
    assert sign_ins(player) == 2
    assert player.heard[-1].headers["authorization"] == "Bearer second"


@pytest.mark.parametrize(
    ("lasts", "known"),
    [(3600, True), ("3600", True), (None, False), (True, False), ("soon", False), (30, False), (1.5, False)],
)
async def test_how_long_a_token_lasts_may_be_a_number_or_a_text(lasts: object, known: bool) -> None:
    """One of which nothing is said, or that lasts but a moment, is used until it is refused."""
    async with playing(entrance(lambda heard: Say(200, DONE), ["first"], lasts)) as player:
        directory = with_client(player.url)
        probe = await directory.probe()
        assert await directory.execute([RESET, RESET]) == [Changed(GUID)] * 2
        await directory.close()
    assert (probe.expires_in is not None) == known
    assert probe.account == directory.account == "client"
    assert sign_ins(player) == 1


async def test_an_access_token_that_ran_out_cannot_be_replaced() -> None:
    """There is nothing to sign in with; the next probe lets it be tried again."""
    good = {"now": False}
    async with playing(lambda heard: Say(200, DONE) if good["now"] else Say(401, text=b"")) as player:
        directory = at(player.url)
        for _ in range(2):
            assert reason((await directory.execute([RESET]))[0]) is Reason.NOT_SIGNED_IN
        assert len(player.heard) == 1
        good["now"] = True
        await directory.probe()
        assert await directory.execute([RESET]) == [Changed(GUID)]
        await directory.close()


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(429, {}, {"retry-after": "9"}), Reason.TOO_MANY),
        (Say(503, {}, {"retry-after": "9"}), Reason.BUSY),
        (Say(500, {}), Reason.UNREACHABLE),
        (Say(200, {}), Reason.UNREACHABLE),
        (Say(200, []), Reason.UNREACHABLE),
        (Say(200, {"access_token": ""}), Reason.UNREACHABLE),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(400, {"error": "invalid_client"}), Reason.NOT_SIGNED_IN),
        (Say(400, []), Reason.NOT_SIGNED_IN),
        (Say(403, text=b"<html>"), Reason.NOT_SIGNED_IN),
    ],
)
async def test_a_sign_in_that_fails_for_the_moment_may_be_tried_again(say: Say, why: Reason) -> None:
    """The command itself was never sent, so that nothing is uncertain."""
    said = iter([say])

    def part(heard: Heard) -> Say:
        if heard.target.endswith("/connect/token"):
            return next(said, Say(200, {"access_token": "t"}))
        return Say(200, DONE)

    async with playing(part) as player:
        directory = with_client(player.url)
        [first] = await directory.execute([RESET])
        [second] = await directory.execute([RESET])
        await directory.close()
    assert isinstance(first, Refused)
    assert (first.who, first.reason) == (GUID, why)
    assert first.retry_after == (9.0 if "retry-after" in say.headers else None)
    assert isinstance(second, Refused if why is Reason.NOT_SIGNED_IN else Changed)


async def test_a_refused_sign_in_is_what_a_probe_says() -> None:
    """With the code of the vendor's answer."""
    async with playing(lambda heard: Say(400, {"error": "invalid_client"})) as player:
        directory = with_client(player.url)
        with pytest.raises(Unreachable, match="invalid_client") as raised:
            await directory.probe()
        await directory.close()
    assert raised.value.code == "KT-AUTH-001"


@pytest.mark.parametrize(
    ("path", "organization", "entrance_path", "api_path"),
    [
        ("", "", "/identity_/connect/token", "/identity_/api/User/"),
        ("", "acme", "/identity_/connect/token", "/acme/identity_/api/User/"),
        ("/identity", "acme", "/identity/connect/token", "/identity/api/User/"),
        ("/acme/identity_/", "acme", "/acme/identity_/connect/token", "/acme/identity_/api/User/"),
    ],
)
async def test_the_address_fits_every_deployment(
    path: str, organization: str, entrance_path: str, api_path: str
) -> None:
    """One that ends in `identity` is whole."""
    async with playing(entrance(lambda heard: Say(200, DONE), ["t"])) as player:
        directory = with_client(player.url + path, organization=organization)
        await directory.execute([RESET])
        await directory.close()
    assert [heard.target for heard in player.heard] == [entrance_path, api_path + GUID]


async def test_tokens_may_come_from_another_host() -> None:
    """Where the setting says so."""
    async with (
        playing(entrance(lambda heard: Say(), ["t"])) as there,
        playing(lambda heard: Say(200, DONE)) as here,
    ):
        directory = with_client(here.url, sign_in_url=f"{there.url}/identity_")
        assert await directory.execute([RESET]) == [Changed(GUID)]
        await directory.close()
    assert [heard.target for heard in there.heard] == ["/identity_/connect/token"]
    assert len(here.heard) == 1


def test_a_target_without_a_secret_is_a_mistake_of_the_settings() -> None:
    """Said before anything is sent; without an id the account is where the secret is."""
    with pytest.raises(ConfigError):
        UipathDirectory(UipathSettings(Site("http://127.0.0.1:1")))
    settings = UipathSettings(Site("http://127.0.0.1:1"), secret=Secret("hush"), source="env TOKEN")
    assert UipathDirectory(settings).account == "env TOKEN"
    assert "hush" not in repr(settings)
