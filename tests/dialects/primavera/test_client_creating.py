"""New users: two calls, jobs, and the truth about what is half done."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from keyturn.core.commands import Command, CreateUser, DeleteUser
from keyturn.core.outcomes import Created, Delivery, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile
from keyturn.dialects.primavera.client import PrimaveraDirectory
from keyturn.http.call import Site
from tests.dialects.primavera.calling import FAULT, SETTINGS, at, done, fine
from tests.support.player import CUT, Heard, Say, playing


class Company:
    """A target that makes users and sets passwords, each as it is told to."""

    def __init__(self, create: Say | None = None, password: Say | None = None) -> None:
        self.create, self.password = create, password

    def __call__(self, heard: Heard) -> Say:
        """One answer."""
        sent: Any = heard.sent()
        if heard.target.endswith("/user"):
            return self.create or Say(200, {"added": sent["added"], "deleted": []})
        if heard.target.endswith("/auto-reset-pwd"):
            return self.password or Say(200, {sent[0]: ""})
        return self.password or fine(heard)


def new(who: str, **more: Any) -> CreateUser:
    """A creation."""
    return CreateUser(who, Profile("Amal Ba", emails=(Contact("amal@example.com"),)), **more)


async def test_a_creation_with_a_password_takes_two_calls() -> None:
    """The vendor's creation cannot carry one."""
    commands: list[Command] = [
        new("A", password=Secret("of A"), notify=True),
        new("B", generate=True, notify=True),
        new("C"),
        new("D", notify=True),
    ]
    outcomes, heard = await done(commands, Company())
    deliveries = [one.delivery for one in outcomes if isinstance(one, Created)]
    assert deliveries == [Delivery.MAILED, Delivery.MAILED, Delivery.NONE, Delivery.MAILED]
    assert [one.target.removeprefix("/cloudapi/restapi/user") for one in heard] == [
        "",
        "/manual-reset-pwd/true",
        "/auto-reset-pwd",
        "/auto-reset-pwd",
    ]
    assert all("password" not in each for each in json.loads(heard[0].body)["added"])


@pytest.mark.parametrize(
    ("password", "text"),
    [
        (Say(200, [{"loginId": "A", "statusInfo": "too short", "statusInfoOK": False}]), "too short"),
        (Say(500, FAULT), "answered 500"),
        (Say(401), "the sign-in is refused"),
    ],
)
async def test_a_user_without_the_password_is_neither_done_nor_failed(password: Say, text: str) -> None:
    """The row says what is there."""
    [outcome], _ = await done([new("A", password=Secret("x y z"))], Company(password=password))
    assert outcome == Uncertain("A", f"created, but its password is not set for certain: {text}")


async def test_a_repeat_goes_on_where_the_creation_stopped() -> None:
    """It is not made again, which would be refused; its password is set."""
    company = Company(password=Say(500, FAULT))
    command = new("A", password=Secret("x y z"))
    async with playing(company) as player:
        directory = at(player.url)
        [first] = await directory.execute([command])
        company.password, company.create = None, Say(200, {"added": [{"loginId": "A", "statusInfoOK": False}]})
        [again] = await directory.execute([command])
        [fresh] = await directory.execute([command])
        await directory.close()
    assert isinstance(first, Uncertain)
    assert isinstance(again, Created)
    assert isinstance(fresh, Refused)


@pytest.mark.parametrize(
    ("create", "kind"),
    [
        (Say(400, FAULT), Refused),
        (Say(CUT), Uncertain),
        (
            Say(200, {"added": [{"loginId": "A", "statusInfo": "User created, but Application Access failed"}]}),
            Uncertain,
        ),
    ],
)
async def test_no_password_is_set_for_who_was_not_made(create: Say, kind: type) -> None:
    """It could be somebody else of that name."""
    [outcome], heard = await done([new("A", password=Secret("x y z"))], Company(create))
    assert isinstance(outcome, kind)
    assert len(heard) == 1


async def test_who_exists_after_a_larger_call_was_refused_is_uncertain() -> None:
    """That call may have made or deleted them."""

    def part(heard: Heard) -> Say:
        sent: Any = heard.sent()
        [names] = sent.values()
        if len(names) > 1:
            return Say(400, FAULT)
        who = names[0]["loginId"] if "added" in sent else names[0]
        entry = {
            "loginId": who,
            "statusInfo": f"KTPRM100{4 if 'added' in sent else 3}E: so",
            "statusInfoOK": who == "A",
        }
        return Say(200, {"added" if "added" in sent else "deleteFailed": [entry]})

    made, _ = await done([new("A"), new("B")], part)
    gone, _ = await done([DeleteUser("A"), DeleteUser("B")], part)
    assert [type(one) for one in made] == [Created, Uncertain]
    assert [type(one) for one in gone] == [Uncertain, Uncertain]


async def test_a_new_user_gets_names_and_the_company_of_the_target() -> None:
    """Of the display name where there is nothing else, and of the id where there is not even that."""
    profiles = [
        Profile("Amal el Ba"), Profile("Amal"), Profile(), Profile("X", "Given", ""),
        Profile(more={"primavera": {"organization": {"name": "own"}}}),
    ]  # fmt: skip
    async with playing(Company()) as player:
        settings = replace(SETTINGS, site=Site(player.url), organization="sfo")
        directory = PrimaveraDirectory(settings)
        await directory.execute([CreateUser(f"u{number}", profile) for number, profile in enumerate(profiles)])
        await directory.close()
    sent = json.loads(player.heard[0].body)["added"]
    assert [(each["firstName"], each["lastName"], each["organization"]["name"]) for each in sent] == [
        ("Amal el", "Ba", "sfo"),
        ("", "Amal", "sfo"),
        ("", "u2", "sfo"),
        ("Given", "", "sfo"),
        ("", "u4", "own"),
    ]


def job(*results: Say) -> Callable[[Heard], Say]:
    """A target that makes users in a job; these are the answers to whoever looks at it."""
    left = list(results)

    def part(heard: Heard) -> Say:
        if heard.method == "POST":
            return Say(202, 95733)
        assert heard.target == "/cloudapi/restapi/user/status/95733"
        return left.pop(0) if len(left) > 1 else left[0]

    return part


MADE = Say(200, {"added": [{"loginId": "A", "lastAction": "Created", "statusInfo": ""}], "modified": [], "deleted": []})


@pytest.mark.parametrize(
    ("results", "kind"),
    [
        ((MADE,), Created),
        ((Say(202), Say(503), Say(CUT), MADE), Created),
        ((Say(200, {"added": [], "exception": "X"}),), Uncertain),
        ((Say(404, FAULT),), Uncertain),
        ((Say(202), Say(401)), Uncertain),
    ],
)
async def test_a_job_is_waited_for(results: tuple[Say, ...], kind: type) -> None:
    """Whatever a look at it is answered: the job was accepted, so that nothing but its result is certain."""
    [outcome], _ = await done([new("A")], job(*results))
    assert isinstance(outcome, kind)


async def test_a_job_that_does_not_end_is_uncertain() -> None:
    """After the patience of the target's settings."""
    async with playing(job(Say(202))) as player:
        settings = replace(SETTINGS, site=Site(player.url), patience=0.05, pause=0.02)
        directory = PrimaveraDirectory(settings)
        [outcome] = await directory.execute([new("A")])
        await directory.close()
    assert outcome == Uncertain("A", "job 95733 had not ended after 0.05 s")
