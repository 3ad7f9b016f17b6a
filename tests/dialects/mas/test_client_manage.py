"""The client half against a MAS 9.1, where users are made in Manage: a stand-in that answers as recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from keyturn.core.commands import CreateUser, DeleteUser, ResetPassword
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import ALL_RIGHTS, Address, Contact, Profile, Status
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.http.call import Site
from tests.support.manage_server import EXCHANGES, KEY, TOKEN, ManageServer, manage_server
from tests.support.player import CUT, Heard, Say, playing

AMAL = CreateUser("amal", Profile("Amal Haddad", emails=(Contact("amal@example.com", "Work", primary=True),)))
KNOWN = Secret("NewUserPasswordHere1c")


@pytest.fixture
def server() -> Iterator[ManageServer]:
    """A stand-in with nobody in it."""
    with manage_server() as running:
        yield running


def directory_at(url: str, *, key: str = KEY, manage: Site | None = None) -> MasDirectory:
    """The client half for version 9.1; it does not wait long."""
    site = Site(url, timeout=5.0)
    return MasDirectory(
        MasSettings(site, token=Secret(TOKEN), version="9.1", manage=manage, manage_key=Secret(key), waits=(0.0, 0.0))
    )


async def done(server: ManageServer, command: CreateUser | ResetPassword | DeleteUser) -> Outcome:
    """What comes of one command."""
    directory = directory_at(server.url)
    [outcome] = await directory.execute([command])
    await directory.close()
    return outcome


def creating(**parts: Any) -> CreateUser:
    """Amal with these parts."""
    return replace(AMAL, **parts)


PEOPLE = "/maximo/api/os/masperuser"
LOOKED, MADE, LINKED = ("GET", PEOPLE), ("POST", PEOPLE), ("POST", f"{PEOPLE}/_YW1hbA--")
RESET = ("POST", "/v3/users/amal/password")


async def test_a_user_without_a_password_is_looked_for_and_made(server: ManageServer) -> None:
    """And that is all: without a local sign-in nobody gets in, as before 9.1."""
    assert await done(server, AMAL) == Created("amal")
    assert server.heard == [LOOKED, MADE]


async def test_a_password_that_is_given_is_the_one_in_force(server: ManageServer) -> None:
    """Manage makes one up, which nobody is mailed; the given one is set where passwords are set in every version."""
    outcome = await done(server, creating(password=KNOWN, notify=True))
    assert outcome == Created("amal", delivery=Delivery.MAILED)
    assert server.heard == [LOOKED, MADE, LINKED, RESET]
    amal = server.people["amal"]
    assert amal.passwords == [{"token": KNOWN.reveal(), "mail": "true"}]
    assert '"emailpassword": false' in json.dumps(amal.identities)


async def test_a_password_that_is_made_up_and_mailed_takes_one_call_less(server: ManageServer) -> None:
    """The body is IBM's own."""
    outcome = await done(server, creating(generate=True, notify=True))
    assert outcome == Created("amal", delivery=Delivery.MAILED)
    assert server.heard == [LOOKED, MADE, LINKED]
    assert server.people["amal"].identities == [EXCHANGES["A local sign-in"].sent()]


async def test_a_password_that_is_made_up_and_not_mailed_is_handed_back(server: ManageServer) -> None:
    """Manage tells none, the Admin API does."""
    outcome = await done(server, creating(generate=True))
    assert outcome == Created("amal", secret=Secret("made-up-by-the-server"))


@pytest.mark.parametrize("telling", ["A new user", "A new user, told in the body", "A new user, told by nothing"])
async def test_the_new_user_is_found_however_manage_tells(server: ManageServer, telling: str) -> None:
    """In the header, in the body, or by asking again."""
    server.telling = telling
    assert isinstance(await done(server, creating(password=KNOWN)), Created)
    assert (LOOKED in server.heard[1:]) == (telling == "A new user, told by nothing")
    assert len(server.people["amal"].identities) == 1


async def test_who_is_there_is_left_alone(server: ManageServer) -> None:
    """Nothing is sent but the question; a creation never becomes a reset."""
    assert isinstance(await done(server, AMAL), Created)
    server.heard.clear()
    again = await done(server, creating(password=KNOWN))
    assert isinstance(again, Refused)
    assert again.reason is Reason.EXISTS
    assert server.heard == [LOOKED]


async def test_resets_go_where_they_went_before(server: ManageServer) -> None:
    """`/v3/users/{id}/password`, in every version."""
    await done(server, AMAL)
    server.heard.clear()
    assert await done(server, ResetPassword("amal", KNOWN)) == Changed("amal")
    assert server.heard == [RESET]


@pytest.mark.parametrize(
    ("verb", "fault", "reason"),
    [
        ("look", 403, Reason.NOT_ALLOWED),
        ("look", 401, Reason.NOT_SIGNED_IN),
        ("look", 429, Reason.TOO_MANY),
        ("look", 502, Reason.BUSY),
        ("look", 503, Reason.BUSY),
        ("look", 204, Reason.OTHER),
        ("look", 200, Reason.OTHER),
        ("create", "A body that Manage refuses", Reason.INVALID),
        ("create", 409, Reason.EXISTS),
        ("create", 418, Reason.OTHER),
    ],
)
async def test_what_is_refused_before_anybody_is_made_is_a_refusal(
    server: ManageServer, verb: str, fault: str | int, reason: Reason
) -> None:
    """Certain that nothing was changed."""
    server.faults[verb] = [fault]
    outcome = await done(server, creating(password=KNOWN))
    assert isinstance(outcome, Refused)
    assert outcome.reason is reason
    assert server.people == {}
    if isinstance(fault, str):
        assert (outcome.code, outcome.text) == ("BMXAA3901E", "Manage: The address code is not valid.")


@pytest.mark.parametrize(
    ("verb", "fault", "text"),
    [
        ("create", 500, "answered 500"),
        ("create", 200, "not what success looks like"),
        ("link", 400, "created, but without a local sign-in: Manage: answered 400"),
        ("link", 502, "created, but without a local sign-in: answered 502"),
        ("link", "A new user", "created, but without a local sign-in"),
        ("reset", 400, "created, but without a password: answered 400"),
        ("reset", 503, "created, but without a password"),
        ("reset", 500, "created, but without a password: answered 500"),
    ],
)
async def test_what_fails_once_somebody_may_be_made_is_uncertain(
    server: ManageServer, verb: str, fault: str | int, text: str
) -> None:
    """Never done, never failed; what is known is said."""
    server.faults[verb] = [fault]
    outcome = await done(server, creating(password=KNOWN))
    assert isinstance(outcome, Uncertain)
    assert text in outcome.text


async def test_a_new_user_whom_the_admin_api_does_not_know_yet_is_asked_for_again(server: ManageServer) -> None:
    """No page says how soon it knows; after a while the row is uncertain."""
    server.late = 2
    assert isinstance(await done(server, creating(password=KNOWN)), Created)
    server.late = 3
    late = await done(server, creating(who="bert", password=KNOWN))
    assert isinstance(late, Uncertain)
    assert late.text.startswith("created, but without a password: ")


@pytest.mark.parametrize(("verb", "again"), [("link", [LINKED, RESET]), ("reset", [RESET])])
async def test_a_creation_that_is_sent_again_goes_on_where_it_failed(
    server: ManageServer, verb: str, again: list[tuple[str, str]]
) -> None:
    """The runner repeats a row that is uncertain: nobody is made twice, nobody called done without a password."""
    server.faults[verb] = [502]
    directory = directory_at(server.url)
    command = creating(password=KNOWN, operation="op-1")
    [first] = await directory.execute([command])
    sent = len(server.heard)
    [second] = await directory.execute([command])
    [third] = await directory.execute([command])
    await directory.close()
    assert isinstance(first, Uncertain)
    assert isinstance(second, Created)
    assert server.heard[sent:] == [*again, LOOKED]
    assert isinstance(third, Refused)
    assert len(server.people["amal"].passwords) == 1


@pytest.mark.parametrize("looked", [{"member": []}, {"member": [{"personid": "amal", "href": "../.."}]}, None])
async def test_a_new_user_who_cannot_be_found_again_is_uncertain(looked: object) -> None:
    """Not in the header, not in the body, not by asking; or by an address that is none."""
    asked = 0

    def part(heard: Heard) -> Say:
        nonlocal asked
        if heard.method == "POST":
            return Say(201, text=b"")
        asked += 1
        return Say(200, {"member": []}) if asked == 1 else Say(CUT) if looked is None else Say(200, looked)

    async with playing(part) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([creating(password=KNOWN)])
        await directory.close()
    assert isinstance(outcome, Uncertain)
    assert outcome.text.startswith("created, but without a local sign-in")
    assert len(player.heard) == 3


@pytest.mark.parametrize(
    "who", ['x" or personid="amal', 'a"b', "a\\", 'a\\"', "%", "a%l", "müller", "a b+c@x.com", "&x="]
)
async def test_an_id_never_breaks_out_of_the_condition(server: ManageServer, who: str) -> None:
    """Nobody else is found by it, and it is found when it is there."""
    await done(server, AMAL)
    directory = directory_at(server.url)
    assert await directory.find(who) is None
    assert isinstance((await directory.execute([creating(who=who)]))[0], Created)
    found = await directory.find(who)
    assert found is not None
    assert found.key == who
    await directory.close()


async def test_an_id_in_capitals_is_the_same_user() -> None:
    """A site may keep ids so; an equal one goes first."""
    members = [{"personid": name, "displayname": name} for name in ("Amal", "AMAL", "amal")]
    async with playing(lambda heard: Say(200, {"member": members[: 2 if "bert" in heard.target else 3]})) as player:
        directory = directory_at(player.url)
        exact = await directory.find("amal")
        await directory.close()
    async with playing(lambda heard: Say(200, {"member": members[1:2]})) as player:
        directory = directory_at(player.url)
        folded = await directory.find("amal")
        await directory.close()
    assert exact is not None
    assert folded is not None
    assert (exact.key, folded.key) == ("amal", "AMAL")


@pytest.mark.parametrize(
    "command",
    [
        creating(profile=Profile("A", title="Dr")),
        creating(profile=Profile("A", emails=(Contact("a@x.com"), Contact("b@x.com")))),
        creating(profile=Profile("A", addresses=(Address("Street", postal_code="1"),))),
        creating(status=Status.LOCKED),
        creating(validate_only=True),
    ],
)
async def test_what_manage_has_no_words_for_is_refused_unsent(server: ManageServer, command: CreateUser) -> None:
    """Rather than left out in silence."""
    outcome = await done(server, command)
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.UNSUPPORTED
    assert server.heard == []


async def test_names_an_address_and_rights_go_along(server: ManageServer) -> None:
    """Whoever administers users is in the group of those who do; the sign-in name may be another."""
    place = Address("1 High Street", "Boston", "MA", primary=True)
    profile = Profile("Amal Haddad", "Amal", "Haddad", phones=(Contact("7"),), addresses=(place,))
    command = creating(profile=profile, login="am", rights=ALL_RIGHTS, status=Status.DISABLED, password=KNOWN)
    assert isinstance(await done(server, command), Created)
    amal = server.people["amal"]
    assert amal.body == {
        "personid": "amal", "displayName": "Amal Haddad", "firstname": "Amal", "lastname": "Haddad",
        "primaryphone": "7", "addressline1": "1 High Street", "city": "Boston", "stateprovince": "MA",
        "maxuser": {
            "userid": "amal", "personid": "amal", "loginid": "am", "owner": "local", "systemadmin": True,
            "apikeyadmin": True, "isauthorized": 1, "idpadmin": False, "status": "INACTIVE",
            "groupuser": [{"groupname": "USERMANAGEMENT"}],
        },
    }  # fmt: skip
    assert '"idploginid": "am"' in json.dumps(amal.identities)
