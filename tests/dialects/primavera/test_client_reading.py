"""Signing in, and what is read without changing anything."""

import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from keyturn.core.errors import BadAnswer, ConfigError, Unreachable
from keyturn.core.outcomes import Reason
from keyturn.core.secret import Secret
from keyturn.core.users import Window
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.dialects.primavera.client_session import PrimaveraSettings
from keyturn.dialects.primavera.wire import CAPABILITIES
from keyturn.http.call import Site
from tests.dialects.primavera.calling import FAULT, RESET, SETTINGS, at, reason, reset
from tests.support.player import CUT, Say, playing


async def test_a_wrong_password_is_tried_once() -> None:
    """Many tries at once would lock the account; a probe tries again."""
    async with playing(lambda heard: Say(401)) as player:
        directory = at(player.url)
        outcomes = [
            *await directory.execute([RESET]),
            *await directory.execute([reset("AMAL"), reset("B", notify=True)]),
        ]
        assert len(player.heard) == 1
        with pytest.raises(Unreachable) as raised:
            await directory.probe()
        assert len(player.heard) == 2
        await directory.close()
    assert [reason(one) for one in outcomes] == [Reason.NOT_SIGNED_IN] * 3
    assert raised.value.code == "KT-AUTH-001"


async def test_a_sign_in_that_ends_stops_everything() -> None:
    """Also after calls that went well."""
    says = [Say(200, [{"loginId": "JSMITH"}]), Say(401), Say(200, [])]
    async with playing(lambda heard: says.pop(0)) as player:
        directory = at(player.url)
        outcomes = [(await directory.execute([RESET]))[0] for _ in range(3)]
        await directory.close()
    assert [reason(one) for one in outcomes] == [None, Reason.NOT_SIGNED_IN, Reason.NOT_SIGNED_IN]


@pytest.mark.parametrize(
    ("more", "target", "header", "account"),
    [
        ({}, "/cloudapi/restapi/roles", "Basic QURNSU46c2VjcmV0", "ADMIN"),
        ({"username": "", "token": Secret("t"), "source": "env T"}, "/cloudapi/restapi/v3/roles", "Bearer t", "env T"),
    ],
)
async def test_name_and_password_or_a_token_go_along(
    more: Mapping[str, Any], target: str, header: str, account: str
) -> None:
    """A token is for version 3 alone."""
    async with playing(lambda heard: Say(200, [])) as player:
        for path, root in (("", target), ("/pod/cloudapi/restapi", "/pod/cloudapi/restapi/roles")):
            directory = PrimaveraDirectory(replace(SETTINGS, site=Site(player.url + path), **more))
            assert (await directory.probe()).account == directory.account == account
            await directory.close()
            assert (player.heard[-1].target, player.heard[-1].headers["authorization"]) == (root, header)


def test_without_a_secret_there_is_no_target() -> None:
    """Told before anything is sent."""
    with pytest.raises(ConfigError):
        PrimaveraDirectory(PrimaveraSettings(Site("http://127.0.0.1:1"), "ADMIN"))


async def test_nobody_listening_is_certain_that_nothing_was_done() -> None:
    """For each user of the set."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        directory = at(f"http://127.0.0.1:{taken.getsockname()[1]}")
        outcomes = await directory.execute([RESET, reset("AMAL")])
        with pytest.raises(Unreachable):
            await directory.find("JSMITH")
        await directory.close()
    assert [reason(one) for one in outcomes] == [Reason.UNREACHABLE, Reason.UNREACHABLE]


PEOPLE = [
    {"loginId": "JSMITH", "firstName": "Jim", "lastName": "Smith", "emailAddress": "jim@example.com"},
    {"loginId": "jsmith", "firstName": "Other"},
]


async def test_users_are_found_in_the_one_list_there_is() -> None:
    """By the very name; a search looks at names and addresses."""
    async with playing(lambda heard: Say(200, PEOPLE)) as player:
        directory = at(player.url)
        user = await directory.find("jsmith")
        assert user is not None
        assert user.profile.display_name == "Other"
        assert await directory.find("Jsmith") is None
        assert [one.login for one in (await directory.list(Window(1, 5))).users] == ["jsmith"]
        found = await directory.list(Window(search="JIM@"))
        assert ([one.login for one in found.users], found.total) == (["JSMITH"], 1)
        await directory.close()


@pytest.mark.parametrize(
    ("say", "error", "code"),
    [
        (Say(200, {}), BadAnswer, "KT-TGT-001"),
        (Say(200, [{"firstName": "X"}]), BadAnswer, "KT-TGT-001"),
        (Say(200, ["JSMITH"]), BadAnswer, "KT-TGT-001"),
        (Say(200, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(500, FAULT), BadAnswer, "KT-TGT-001"),
        (Say(401), Unreachable, "KT-AUTH-001"),
        (Say(429), Unreachable, "KT-NET-001"),
        (Say(503), Unreachable, "KT-NET-001"),
        (Say(CUT), Unreachable, "KT-NET-001"),
    ],
)
async def test_a_read_that_fails_says_why(say: Say, error: type[Exception], code: str) -> None:
    """A list that cannot be read is never an empty one."""
    async with playing(lambda heard: say) as player:
        directory = at(player.url)
        with pytest.raises(error) as raised:
            await directory.list(Window())
        await directory.close()
    assert getattr(raised.value, "code", "") == code


async def test_who_may_not_read_the_list_sees_nobody() -> None:
    """Which the target says, and is not a failure."""
    async with playing(lambda heard: Say(403, FAULT)) as player:
        directory = at(player.url)
        assert await directory.find("JSMITH") is None
        assert (await directory.list(Window())).users == ()
        await directory.close()


async def test_a_probe_wants_a_list_of_roles() -> None:
    """Something else is no such server."""
    async with playing(lambda heard: Say(200, {})) as player:
        directory = at(player.url)
        with pytest.raises(BadAnswer):
            await directory.probe()
        await directory.close()


def test_what_the_target_can_do_is_known_without_asking() -> None:
    """And its settings print no password."""
    directory = at("http://127.0.0.1:1")
    assert replace(directory.capabilities, creation="") == CAPABILITIES
    assert "company" in directory.capabilities.creation
    settings = replace(SETTINGS, site=Site("http://127.0.0.1:1"), organization="sfo")
    assert PrimaveraDirectory(settings).capabilities is CAPABILITIES
    assert "secret" not in repr(SETTINGS)
