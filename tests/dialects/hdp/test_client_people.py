"""Whom the client half means: nobody else's password is reset, whatever a file says."""

from typing import Any, cast

import pytest

from keyturn.core.commands import (
    Command,
    CreateUser,
    DeleteUser,
    ResetPassword,
    UpdateUser,
)
from keyturn.core.errors import BadAnswer, ConfigError, Unreachable
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Window
from keyturn.dialects.hdp.client import HdpDirectory
from keyturn.dialects.hdp.client_people import HdpSettings
from keyturn.http.call import Site
from tests.dialects.hdp.target import (
    AMAL,
    BERT,
    FAULT,
    HTML,
    LIST,
    PEOPLE,
    RESET,
    ROOT,
    SEVEN,
    answering,
    directory_at,
    done,
    person,
    reason,
)
from tests.support.player import CUT, Heard, Say, playing


@pytest.mark.parametrize(
    ("who", "users", "target"),
    [
        ("amal", [AMAL, BERT], "7"),
        ("7", [AMAL, BERT], "7"),
        ("7", [AMAL, SEVEN], "9"),
        ("9", [AMAL, SEVEN], "9"),
        ("8", [person("8", "bert")], "8"),
        ("AMAL", [AMAL], ""),
        ("amal ", [AMAL], ""),
        ("07", [AMAL], ""),
        ("7.0", [AMAL], ""),
        ("\u0667", [AMAL], ""),
        ("10", [AMAL], ""),
        ("", [AMAL], ""),
        ("a\nb", [AMAL], ""),
        ("amal", [AMAL, person(10, "amal")], ""),
        ("10", [AMAL, person(10, "amal")], "10"),
    ],
)
async def test_nobody_else_s_password_is_reset(who: str, users: list[object], target: str) -> None:
    """The very sign-in name first, else the number as it is written, else nobody."""
    async with playing(answering(Say(204), {"users": [*users, ROOT]})) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([ResetPassword(who, Secret("TempSecret1!"))])
        await directory.close()
    sent = [heard.target for heard in player.heard if heard.method == "PUT"]
    assert sent == ([f"{LIST}/{target}/resetpassword"] if target else [])
    assert outcome == Changed(who) if target else reason(outcome) in (Reason.NO_SUCH_USER, Reason.INVALID)


async def test_the_list_is_read_once_for_many() -> None:
    """However many rows wait for it."""
    async with playing(answering(Say(204))) as player:
        directory = directory_at(player.url)
        outcomes = await directory.execute([RESET, ResetPassword("bert", Secret("TempSecret1!"))] * 3)
        outcomes = [*outcomes, *await directory.execute([RESET])]
        await directory.close()
    assert all(isinstance(outcome, Changed) for outcome in outcomes)
    assert [heard.target for heard in player.heard].count(LIST) == 1


async def test_a_tenant_narrows_the_list() -> None:
    """By name or by number; then a name that two tenants share is one person."""
    users = {"users": [person(7, "amal", tenantName="north"), person(8, "amal", tenantId=2, tenantName="south"), ROOT]}
    for tenant, number in (("north", "7"), ("2", "8")):
        async with playing(answering(Say(204), users)) as player:
            directory = directory_at(player.url, tenant)
            [outcome] = await directory.execute([RESET])
            await directory.close()
        assert outcome == Changed("amal")
        assert [heard.target for heard in player.heard] == [f"{LIST}?details=true", f"{LIST}/{number}/resetpassword"]


async def test_one_s_own_account_is_known_under_its_number() -> None:
    """A run leaves it out by name; by number it would lock itself out half-way."""
    assert reason(await done(ResetPassword("1", Secret("TempSecret1!")), Say(204))) is Reason.INVALID
    assert await done(ResetPassword("root", Secret("TempSecret1!")), Say(204)) == Changed("root")


async def test_a_new_user_can_be_reset_without_reading_the_list_again() -> None:
    """Unless the answer did not show the number."""

    def part(heard: Heard) -> Say:
        if heard.method == "GET":
            return Say(200, {"users": [ROOT, person(11, "dora")]})
        if heard.method == "PUT":
            return Say(204)
        new: Any = heard.sent()
        return Say(200, person(10, "cleo")) if new["userName"] == "cleo" else Say(201, text=b"")

    async with playing(part) as player:
        directory = directory_at(player.url)
        for who in ("cleo", "dora"):
            [made] = await directory.execute([CreateUser(who, Profile())])
            assert isinstance(made, Created)
        for who in ("dora", "11"):
            assert await directory.execute([ResetPassword(who, Secret("TempSecret1!"))]) == [Changed(who)]
        await directory.close()
        again = directory_at(player.url)
        await again.execute([CreateUser("cleo", Profile())])
        for who in ("cleo", "10"):
            assert await again.execute([ResetPassword(who, Secret("TempSecret1!"))]) == [Changed(who)]
        await again.close()
    assert [(heard.method, heard.target) for heard in player.heard].count(("GET", LIST)) == 3


async def test_who_was_renamed_is_found_under_the_new_name() -> None:
    """Without reading the list again."""
    async with playing(answering(Say(200, AMAL))) as player:
        directory = directory_at(player.url)
        await directory.execute([UpdateUser("amal", login="new")])
        assert isinstance((await directory.execute([DeleteUser("new")]))[0], Changed)
        await directory.close()
    assert player.heard[-1].target == f"{LIST}/7"


async def test_a_refused_password_is_sent_once() -> None:
    """However many rows wait: the vendor locks the account after three."""
    commands: list[Command] = [RESET, CreateUser("new", Profile()), DeleteUser("bert"), RESET]
    async with playing(lambda heard: Say(401, FAULT)) as player:
        directory = directory_at(player.url)
        outcomes = await directory.execute(commands)
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_SIGNED_IN] * 4
        assert [outcome.who for outcome in outcomes] == [command.who for command in commands]
        assert len(player.heard) == 1
        with pytest.raises(Unreachable) as caught:
            await directory.probe()
        assert (caught.value.code, len(player.heard)) == ("KT-AUTH-001", 2)
        with pytest.raises(Unreachable):
            await directory.find("amal")
        with pytest.raises(Unreachable):
            await directory.list(Window())
        assert len(player.heard) == 2
        await directory.close()


async def test_who_may_not_read_the_list_is_told_once() -> None:
    """Resets are refused; who may create all the same does."""

    def part(heard: Heard) -> Say:
        return Say(403, FAULT) if heard.method == "GET" else Say(200, person(10, "new"))

    async with playing(part) as player:
        directory = directory_at(player.url)
        outcomes = await directory.execute([RESET, RESET])
        assert [reason(outcome) for outcome in outcomes] == [Reason.NOT_ALLOWED] * 2
        assert await directory.find("amal") is None
        assert [heard.target for heard in player.heard] == [LIST]
        assert isinstance((await directory.execute([CreateUser("new", Profile())]))[0], Created)
        assert (await directory.list(Window())).users == ()
        await directory.close()


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (Say(429, FAULT, {"retry-after": "7"}), Reason.TOO_MANY),
        (Say(503, FAULT, {"retry-after": "7"}), Reason.BUSY),
        (Say(CUT), Reason.UNREACHABLE),
        (Say(500, PEOPLE), Reason.OTHER),
        (HTML, Reason.OTHER),
        (Say(200, {"users": [AMAL, person(7, "bert")]}), Reason.OTHER),
    ],
)
async def test_without_a_list_nothing_is_sent(say: Say, why: Reason) -> None:
    """And the next row asks for it again."""
    async with playing(lambda heard: say) as player:
        directory = directory_at(player.url)
        for command in (RESET, CreateUser("new", Profile())):
            [outcome] = await directory.execute([command])
            assert isinstance(outcome, Refused)
            assert outcome.reason is why
            assert outcome.retry_after == (7.0 if say.headers else None)
        with pytest.raises((Unreachable, BadAnswer)):
            await directory.find("amal")
        with pytest.raises((Unreachable, BadAnswer)):
            await directory.list(Window())
        await directory.close()
    assert {heard.target for heard in player.heard} == {LIST}
    assert len(player.heard) == 4


async def test_a_user_is_found_by_name_and_by_number() -> None:
    """And none where there is none."""
    async with playing(answering(Say(204))) as player:
        directory = directory_at(player.url)
        for who in ("amal", "7"):
            user = await directory.find(who)
            assert user is not None
            assert (user.login, user.number) == ("amal", 7)
        assert await directory.find("nobody") is None
        await directory.close()


async def test_users_are_listed_in_order_of_number() -> None:
    """Cut and searched here, since nobody there can."""
    async with playing(answering(Say(204), {"users": [BERT, AMAL, ROOT]})) as player:
        directory = directory_at(player.url)
        assert [user.number for user in (await directory.list(Window(1, 1))).users] == [7]
        found = await directory.list(Window(search="ER"))
        assert ([user.login for user in found.users], found.total) == (["bert"], 1)
        await directory.close()


async def test_a_user_that_cannot_be_read_is_a_bad_answer() -> None:
    """Not a person without a status."""
    odd = person(7, "amal", statusInfo={"status": 5})
    async with playing(answering(Say(204), {"users": [odd]}, odd)) as player:
        directory = directory_at(player.url)
        with pytest.raises(BadAnswer):
            await directory.find("amal")
        with pytest.raises(BadAnswer):
            await directory.list(Window())
        await directory.close()


@pytest.mark.parametrize(("login", "password"), [("", Secret("x")), ("root", None)])
def test_without_a_login_and_a_password_there_is_nothing_to_sign_in_with(login: str, password: Secret | None) -> None:
    """An API key opens nothing there."""
    with pytest.raises(ConfigError):
        HdpDirectory(HdpSettings(Site("http://127.0.0.1:1"), login, password))


OF_TENANTS: dict[str, object] = {"tenants": [{"id": 1, "name": "System"}, {"id": 71, "name": "OrgA"}]}


async def made_in(tenant: str, tenants: Say) -> tuple[list[Outcome], list[Heard]]:
    """What comes of two new users, and what was asked for them."""

    def part(heard: Heard) -> Say:
        if heard.method == "POST":
            return Say(201)
        return tenants if heard.target == "/api/admin/tenants" else Say(200, PEOPLE)

    async with playing(part) as player:
        directory = directory_at(player.url, tenant)
        outcomes = [*(await directory.execute([CreateUser(who, Profile()) for who in ("cleo", "dora")]))]
        await directory.close()
    return outcomes, [heard for heard in player.heard if heard.method == "POST" or "tenants" in heard.target]


@pytest.mark.parametrize(("tenant", "number", "reads"), [("", None, 0), ("71", 71, 0), ("OrgA", 71, 1)])
async def test_new_users_are_made_in_the_tenant_of_the_settings(tenant: str, number: int | None, reads: int) -> None:
    """Its number is read once where the settings give its name."""
    outcomes, heard = await made_in(tenant, Say(200, OF_TENANTS))
    assert [type(outcome) for outcome in outcomes] == [Created, Created]
    sent = [cast("dict[str, object]", each.sent()) for each in heard if each.method == "POST"]
    assert [body.get("tenantId") for body in sent] == [number, number]
    assert len(heard) - len(sent) == reads


@pytest.mark.parametrize(
    ("tenant", "tenants", "there"),
    [
        ("OrgA", Say(200, OF_TENANTS), True), ("71", Say(200, OF_TENANTS), True), ("", CUT, True),
        ("nope", Say(200, OF_TENANTS), False), ("72", Say(200, OF_TENANTS), False),
        ("nope", Say(403, FAULT), True), ("nope", Say(404, FAULT), True),
    ],
)  # fmt: skip
async def test_a_probe_says_that_there_is_no_such_tenant(tenant: str, tenants: Say, there: bool) -> None:
    """Before every row is refused; where the list of tenants cannot be read, nothing is claimed."""

    def part(heard: Heard) -> Say:
        return tenants if heard.target == "/api/admin/tenants" else Say(200, {"userId": 1})

    async with playing(part) as player:
        directory = directory_at(player.url, tenant)
        if there:
            assert (await directory.probe()).account == "root"
        else:
            with pytest.raises(ConfigError, match="no tenant"):
                await directory.probe()
        await directory.close()


TWICE = {"tenants": [{"id": 1, "name": "OrgA"}, {"id": 2, "name": "OrgA"}]}


@pytest.mark.parametrize(
    ("tenants", "why", "text"),
    [
        (Say(200, {"tenants": []}), Reason.NO_SUCH_TENANT, "give its number"),
        (Say(200, TWICE), Reason.NO_SUCH_TENANT, "give its number"),
        (Say(403, FAULT), Reason.NOT_ALLOWED, "give the number of the tenant"),
        (Say(503, FAULT), Reason.BUSY, "busy"),
        (Say(404, FAULT), Reason.OTHER, "answered 404"),
        (Say(200, {"tenants": [{"id": 1}]}), Reason.OTHER, "no id or no name"),
        (Say(200, {"tenants": [7]}), Reason.OTHER, "no id or no name"),
    ],
)
async def test_nobody_is_made_in_a_tenant_that_is_not_known(tenants: Say, why: Reason, text: str) -> None:
    """Never in another one in its place."""
    outcomes, heard = await made_in("OrgA", tenants)
    assert [reason(outcome) for outcome in outcomes] == [why, why]
    assert all(isinstance(outcome, Refused) and text in outcome.text for outcome in outcomes)
    assert [each.method for each in heard if each.method == "POST"] == []
