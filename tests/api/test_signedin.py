"""Seeing and ending sessions over our own API."""

import pytest

from tests.api.conftest import PHRASE
from tests.api.test_sessions import problem
from tests.support.server import OpenDoor

FRESH = "seven purple kettles on a shelf"


def settle(door: OpenDoor, who: str) -> None:
    """Have somebody set a password of their own."""
    token = door.sign_in(who, PHRASE).json["token"]
    assert door.ask("POST", "/keyturn/v1/me/password", token=token, send={"new": FRESH}).status == 204


def enter(door: OpenDoor, who: str) -> str:
    """The token of a sign-in."""
    return str(door.sign_in(who, FRESH).json["token"])


@pytest.mark.proves("TK-4", "V7.4.2", "V7.5.2")
def test_people_list_their_sessions_and_end_one_or_all_others(door: OpenDoor) -> None:
    settle(door, "zita")
    first, second, third = (enter(door, "zita") for _ in range(3))
    listed = door.ask("GET", "/keyturn/v1/me/sessions", token=third).json["sessions"]
    assert [(one["door"], one["source"], one["current"]) for one in listed] == [
        ("keyturn", "127.0.0.1", False),
        ("keyturn", "127.0.0.1", False),
        ("keyturn", "127.0.0.1", True),
    ]
    assert door.ask("DELETE", f"/keyturn/v1/me/sessions/{listed[0]['id']}", token=third).status == 204
    assert problem(door.ask("GET", "/keyturn/v1/me", token=first))[0] == 401
    assert problem(door.ask("DELETE", "/keyturn/v1/me/sessions/nothing", token=third)) == (404, "KT-TGT-030")
    assert door.ask("DELETE", "/keyturn/v1/me/sessions", token=third).status == 204
    assert [door.ask("GET", "/keyturn/v1/me", token=token).status for token in (second, third)] == [401, 200]


@pytest.mark.proves("V7.4.5")
def test_an_administrator_lists_and_ends_the_sessions_of_a_user(door: OpenDoor, admin: str) -> None:
    settle(door, "zeno")
    token = enter(door, "zeno")
    listed = door.ask("GET", "/keyturn/v1/users/zeno/sessions", token=admin).json["sessions"]
    assert [one["current"] for one in listed] == [False]
    assert problem(door.ask("GET", "/keyturn/v1/users/admin/sessions", token=token)) == (403, "KT-AUTH-003")
    assert door.ask("DELETE", "/keyturn/v1/users/zeno/sessions", token=admin).status == 204
    assert problem(door.ask("GET", "/keyturn/v1/me", token=token))[0] == 401
    assert problem(door.ask("GET", "/keyturn/v1/users/ghost/sessions", token=admin)) == (404, "KT-TGT-030")


def test_ending_what_is_not_one_s_own_is_refused(door: OpenDoor) -> None:
    settle(door, "zora")
    token = enter(door, "zora")
    assert problem(door.ask("DELETE", "/keyturn/v1/users/admin/sessions", token=token)) == (403, "KT-AUTH-003")
