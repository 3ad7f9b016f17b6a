"""How Manage is reached: reads that fail, the key, the certificate, and what a probe tells of the version."""

import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.core.commands import CreateUser, ResetPassword, UpdateUser
from keyturn.core.errors import BadAnswer, ConfigError, Unreachable
from keyturn.core.outcomes import Changed, Created, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status
from keyturn.dialects.mas.client import MasDirectory
from keyturn.dialects.mas.client_session import MasSettings
from keyturn.http.call import Site
from tests.dialects.mas.test_client_manage import AMAL, KNOWN, LOOKED, creating, directory_at
from tests.support.certificate import make_certificate
from tests.support.manage_server import EXCHANGES, TOKEN, manage_server
from tests.support.player import CUT, Heard, Say, playing


@pytest.mark.parametrize(
    ("say", "error", "code"),
    [
        (Say(CUT), Unreachable, "KT-NET-001"),
        (Say(401, {}), Unreachable, "KT-AUTH-001"),
        (Say(403, {}), Unreachable, "KT-AUTH-003"),
        (Say(429, {}), Unreachable, "KT-NET-001"),
        (Say(500, {}), Unreachable, "KT-NET-001"),
        (Say(503, {}), Unreachable, "KT-NET-001"),
        (Say(404, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(200, text=b"<html>"), BadAnswer, "KT-TGT-001"),
        (Say(200, {"member": "amal"}), BadAnswer, "KT-TGT-001"),
        (Say(200, {"member": [{"personid": 7}]}), BadAnswer, "KT-TGT-001"),
        (Say(200, []), BadAnswer, "KT-TGT-001"),
        (Say(302, {}), BadAnswer, "KT-TGT-001"),
    ],
)
async def test_a_read_that_cannot_be_trusted_is_an_error(say: Say, error: type[Exception], code: str) -> None:
    """Never taken for `no such user`."""
    async with playing(lambda heard: say) as player:
        directory = directory_at(player.url)
        with pytest.raises(error) as raised:
            await directory.find("amal")
        assert getattr(raised.value, "code", "") == code
        await directory.close()


@pytest.mark.parametrize("say", [Say(404, {}), Say(200, {"member": []}), Say(200, {"member": ["amal"]})])
async def test_nobody_there_is_nobody(say: Say) -> None:
    """Also where Manage says so by 404, as IBM's client takes it."""
    async with playing(lambda heard: say) as player:
        directory = directory_at(player.url)
        assert await directory.find("amal") is None
        await directory.close()


async def test_a_new_user_who_cannot_be_looked_for_again_is_uncertain() -> None:
    """The first look, the creation and no more."""
    answers = iter([Say(200, {"member": []}), Say(201, text=b""), Say(403, {})])
    async with playing(lambda heard: next(answers)) as player:
        directory = directory_at(player.url)
        [outcome] = await directory.execute([creating(password=KNOWN)])
        await directory.close()
    assert outcome == Uncertain("amal", "created, but without a local sign-in: Manage: answered 403")


async def test_nobody_listening_is_a_refusal() -> None:
    """Certain that nothing changed, and worth another try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        directory = directory_at(f"http://127.0.0.1:{taken.getsockname()[1]}")
        [outcome] = await directory.execute([AMAL])
        await directory.close()
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (Say(200, {"id": "AMAL", "status": {"active": False}, "added": {"id": "us"}}), Status.DISABLED),
        (Say(200, {"id": "bert", "status": {"active": False}}), Status.ACTIVE),
        (Say(200, {"status": {"active": False}}), Status.ACTIVE),
        (Say(200, text=b"<html>"), Status.ACTIVE),
        (Say(404, {}), Status.ACTIVE),
        (Say(500, {}), Status.ACTIVE),
        (Say(CUT), Status.ACTIVE),
    ],
)
async def test_the_admin_api_tells_more_of_who_is_there_where_it_does(told: Say, status: Status) -> None:
    """That 9.1 answers this read is not published, so that nothing hangs on it: who is there is there."""
    there = Say(200, {"member": [{"personid": "amal", "displayname": "Amal"}]})
    async with playing(lambda heard: told if heard.target == "/v3/users/amal" else there) as player:
        directory = directory_at(player.url)
        found = await directory.find("amal")
        await directory.close()
    assert found is not None
    assert found.status is status
    assert found.key.casefold() == "amal"
    assert found.added.by == "", "or a creation that was not finished would be taken for done"


async def test_a_wrong_key_of_manage_is_told_by_the_probe_and_stops_a_run() -> None:
    """The rest of the sign-in is good."""
    with manage_server() as server:
        directory = directory_at(server.url, key="wrong")
        with pytest.raises(Unreachable) as raised:
            await directory.probe()
        [outcome] = await directory.execute([AMAL])
        await directory.close()
    assert raised.value.code == "KT-AUTH-001"
    assert isinstance(outcome, Refused)
    assert outcome.reason is Reason.NOT_SIGNED_IN


async def test_the_key_of_manage_goes_to_manage_alone_and_the_token_to_the_api_alone() -> None:
    """Two hosts, two secrets."""

    def manage(heard: Heard) -> Say:
        if heard.method == "GET":
            return Say(200, {"member": []})
        location = {"location": "https://manage.example.com/maximo/api/os/masperuser/_X--"}
        return Say(204) if "_X--" in heard.target else Say(201, text=b"", headers=location)

    async with playing(manage) as there, playing(lambda heard: Say()) as api:
        directory = directory_at(api.url, manage=Site(there.url))
        [outcome] = await directory.execute([creating(password=KNOWN)])
        await directory.close()
    assert isinstance(outcome, Created)
    assert {heard.headers["apikey"] for heard in there.heard} == {"a-manage-key-for-tests"}
    assert not any("x-access-token" in heard.headers for heard in there.heard)
    assert [(heard.headers["x-access-token"], "apikey" in heard.headers) for heard in api.heard] == [(TOKEN, False)]
    assert [heard.target.partition("?")[0] for heard in there.heard][-1].endswith("/masperuser/_X--")


async def test_the_operation_id_travels_to_manage_too() -> None:
    """A real one ignores it, a keyturn honours it."""
    async with playing(lambda heard: Say(200, {"member": []}) if heard.method == "GET" else Say(201)) as player:
        directory = directory_at(player.url)
        await directory.execute([creating(operation="op-1")])
        await directory.close()
    assert [heard.headers.get("idempotency-key", "") for heard in player.heard] == ["", "op-1"]


async def test_without_a_key_of_manage_users_are_found_as_before_and_not_made() -> None:
    """A target for resets needs no key that it does not use."""
    async with playing(lambda heard: Say(200, {"id": "amal"})) as player:
        directory = MasDirectory(MasSettings(Site(player.url), token=Secret("t"), version="9.1"))
        made, reset, changed = [
            (await directory.execute([command]))[0]
            for command in (AMAL, ResetPassword("amal", KNOWN), UpdateUser("amal", Profile("A")))
        ]
        assert await directory.find("amal") is not None
        await directory.close()
    assert CreateUser not in directory.capabilities.carries
    assert isinstance(made, Refused)
    assert made.reason is Reason.UNSUPPORTED
    assert isinstance(reset, Changed)
    assert isinstance(changed, Changed)


@pytest.mark.parametrize("version", ["", "9.0", "9.0.12"])
async def test_before_9_1_the_key_of_manage_is_not_used(version: str) -> None:
    """Users are made by the Admin API, as ever."""
    async with playing(lambda heard: Say(201, {"id": "amal"})) as player:
        site, secret = Site(player.url), Secret("t")
        directory = MasDirectory(MasSettings(site, token=secret, version=version, manage_key=secret))
        assert directory.capabilities.validates
        [outcome] = await directory.execute([AMAL])
        await directory.close()
    assert isinstance(outcome, Created)
    assert [heard.target.partition("?")[0] for heard in player.heard] == ["/v3/users"]


@pytest.mark.parametrize(
    ("about", "version"),
    [
        ({"version": "9.1.2"}, "9.1.2"),
        ({"masVersion": "9.0"}, "9.0"),
        ({"api": "mas-admin-9.0", "name": "keyturn"}, "9.0"),
        ({"name": "9.1"}, ""),
        ({"version": 9.1}, ""),
        ({"version": "new"}, ""),
        (["9.1"], ""),
        (None, ""),
    ],
)
async def test_a_probe_guesses_the_version_and_says_so(about: object, version: str) -> None:
    """What cannot be read is no version, and no failure either."""
    with manage_server() as server:
        server.about = about
        directory = directory_at(server.url)
        probe = await directory.probe()
        await directory.close()
    assert probe.version == version
    assert ("guess" in probe.note) == bool(version)
    assert server.heard == [LOOKED]


@pytest.mark.parametrize(
    ("version", "key", "said"),
    [("9.1", None, "users cannot be made"), ("", None, 'say version = "9.1.2"'), ("9.1", "k", ""), ("9.0", None, "")],
)
async def test_a_probe_says_what_the_settings_lack(version: str, key: str | None, said: str) -> None:
    """For making users; resets work without."""
    about = {"member": [], "version": "9.1.2"}
    async with playing(lambda heard: Say(200, about)) as player:
        secret = Secret(key) if key else None
        directory = MasDirectory(MasSettings(Site(player.url), token=Secret("t"), version=version, manage_key=secret))
        probe = await directory.probe()
        creation = directory.capabilities.creation
        await directory.close()
    assert said in probe.note
    assert ("manage_key" in creation) == ("cannot be made" in said)
    assert bool(said) == ("; " in probe.note)


async def test_a_refused_look_at_about_does_not_cost_the_sign_in() -> None:
    """It is not worth a new one, and the old one stays good."""
    async with playing(lambda heard: Say(401, {}) if heard.target == "/about" else Say(200, [])) as player:
        directory = MasDirectory(MasSettings(Site(player.url), token=Secret("t")))
        assert (await directory.probe()).version == ""
        assert (await directory.probe()).version == ""
        await directory.close()


def guarded(tmp_path: Path) -> tuple[ssl.SSLContext, Site]:
    """A server that asks for a certificate, and a site that shows the right one."""
    ours, theirs = make_certificate(tmp_path / "client", "client"), make_certificate(tmp_path / "server")
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asking.load_cert_chain(theirs.certificate, theirs.key)
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(ours.certificate)
    return asking, Site("", str(theirs.certificate), certificate=str(ours.certificate), certificate_key=str(ours.key))


async def test_a_manage_that_asks_for_a_certificate_is_shown_ours(tmp_path: Path) -> None:
    """Over TLS, to Manage and not to the API."""
    asking, site = guarded(tmp_path)
    with manage_server(asking) as manage, manage_server() as api:
        directory = directory_at(api.url, manage=replace(site, url=manage.url))
        [outcome] = await directory.execute([AMAL])
        await directory.close()
        bare = directory_at(api.url, manage=Site(manage.url, site.ca_bundle))
        [refused] = await bare.execute([creating(who="bert")])
        await bare.close()
    assert isinstance(outcome, Created)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.UNREACHABLE
    assert list(manage.people) == ["amal"]


@pytest.mark.parametrize("wrong", ["missing", "another", "sealed"])
async def test_a_certificate_that_cannot_be_used_is_an_error_of_the_settings(tmp_path: Path, wrong: str) -> None:
    """No file, not its key, or under a pass phrase, for which nobody is asked in the middle of a run."""
    made, other = make_certificate(tmp_path / "a", "a"), make_certificate(tmp_path / "b", "b")
    key = {"missing": tmp_path / "none.key", "another": other.key, "sealed": tmp_path / "sealed.key"}[wrong]
    (tmp_path / "sealed.key").write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    site = Site("https://127.0.0.1:1", certificate=str(made.certificate), certificate_key=str(key))
    directory = directory_at("http://127.0.0.1:1", manage=site)
    with pytest.raises(ConfigError):
        await directory.find("amal")
    await directory.close()


def test_each_recorded_exchange_names_its_source() -> None:
    """A stand-in is worth what its recordings are."""
    assert all(exchange.notes["source"] for exchange in EXCHANGES.values())
