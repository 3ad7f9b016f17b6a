"""A directory without a server as the target of a run, and what is said when there is none."""

import asyncio
from pathlib import Path

import pytest

from keyturn.app.house.build import Place, open_house
from keyturn.app.keeping.init import make_directory
from keyturn.app.operator import account_name
from keyturn.app.refusals import accepted, settled
from keyturn.app.run.local import open_local
from keyturn.app.serving.mail import relay_of
from keyturn.core.commands import CreateUser, ResetPassword
from keyturn.core.errors import ConfigError, KeyturnError
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.outcomes import Changed, Created, Delivery, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile, Window
from tests.support.mailsink import MailSink

GOOD = Secret("nine green bottles on a wall")
AMAL = CreateUser("amal", Profile(emails=(Contact("amal@example.com"),)))


def test_a_run_on_a_folder_needs_no_server_and_sends_its_mail_at_the_end(tmp_path: Path) -> None:
    make_directory(Place(tmp_path / "d"))

    async def use(port: int) -> None:
        directory = open_local(tmp_path / "d", relay=relay_of(f"127.0.0.1:{port}"), base_url="https://id.example.com")
        assert directory.capabilities.generates
        assert directory.account.startswith("os:")
        assert (await directory.probe()).account == directory.account
        [made] = await directory.execute([AMAL])
        assert isinstance(made, Created)
        [reset] = await directory.execute([ResetPassword("amal", notify=True)])
        assert isinstance(reset, Changed)
        assert reset.delivery is Delivery.MAILED
        found = await directory.find("amal")
        assert found is not None
        assert found.must_change
        assert (await directory.list(Window())).total == 2
        await directory.close()

    with MailSink() as sink:
        asyncio.run(use(sink.port))
        assert [letter.recipients for letter in sink.received] == [("amal@example.com",)]


async def test_without_a_relay_the_mail_is_left_to_the_server(tmp_path: Path) -> None:
    make_directory(Place(tmp_path / "d"))
    directory = open_local(tmp_path / "d")
    await directory.execute([AMAL, CreateUser("bo", AMAL.profile, notify=True)])
    await directory.close()
    house = open_house(Place(tmp_path / "d"))
    with house.store.reading() as view:
        assert view.outbox.counts() == {"waiting": 1}
    house.close()


def test_a_folder_without_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        open_local(tmp_path)
    assert refused.value.code == "KT-CFG-023"


def test_one_refused_or_uncertain_row_is_an_error_with_its_code() -> None:
    with pytest.raises(KeyturnError, match="amal: There is no such user") as refused:
        settled(Refused("amal", Reason.NO_SUCH_USER))
    assert refused.value.code == "KT-TGT-030"
    with pytest.raises(KeyturnError, match="not certain") as unsure:
        settled(Uncertain("amal"))
    assert unsure.value.code == "KT-SRV-004"
    with pytest.raises(KeyturnError) as nobody:
        accepted(Refused("", Reason.NOT_ALLOWED, "the caller is not permitted to do this"))
    assert nobody.value.what == "the caller is not permitted to do this"
    assert accepted([1]) == [1]


def test_an_account_without_a_name_is_told_by_its_number() -> None:
    assert account_name() != ""
    assert account_name(2_000_000_011) == "2000000011"


async def test_everything_is_told_of_a_credential_and_of_the_mail(tmp_path: Path) -> None:
    """When, by whom, whether it must be changed, and what became of the mail that was to let somebody in."""
    make_directory(Place(tmp_path / "d"))
    directory = open_local(tmp_path / "d")
    await directory.execute([AMAL, CreateUser("bo", AMAL.profile, notify=True)])
    await directory.execute([ResetPassword("amal", GOOD)])
    amal, bo, nobody = await directory.read_back(["amal", "bo", "cy"])
    await directory.close()
    assert isinstance(amal, Evidence)
    assert isinstance(bo, Evidence)
    assert isinstance(nobody, Evidence)
    assert (amal.must_change, amal.has_password, amal.version, amal.mail) == (True, True, "2", "")
    assert amal.touched is not None
    assert (amal.touched.by, amal.touched.at) == (directory.account, amal.password_changed)
    assert (bo.must_change, bo.mail) == (True, "waiting")
    assert not nobody.exists


async def test_a_password_is_tried_at_our_own_door_and_not_consumed(tmp_path: Path) -> None:
    """A one-time secret, too; a wrong one is wrong, and nobody has none."""
    make_directory(Place(tmp_path / "d"))
    directory = open_local(tmp_path / "d")
    assert directory.capabilities.trial
    [_] = await directory.execute([AMAL])
    [made] = await directory.execute([ResetPassword("amal")])
    assert isinstance(made, Changed)
    assert made.secret is not None
    tries = [await directory.try_password("amal", secret) for secret in (made.secret, made.secret, GOOD)]
    assert tries == [Tried.RIGHT, Tried.RIGHT, Tried.WRONG]
    assert await directory.try_password("nobody", GOOD) is Tried.WRONG
    await directory.close()
