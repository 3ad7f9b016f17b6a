"""Targets: checked before anything is sent, signed in to with what their settings point to."""

from pathlib import Path

import pytest

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.settings import Settings, load
from keyturn.app.config.sources import Credentials
from keyturn.app.house.build import Place
from keyturn.app.keeping.init import make_directory
from keyturn.app.run.local_target import connect
from keyturn.app.target.targets import check, kinds, prepare
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from keyturn.core.users import Window

HTTPS = "https://api.test.example.com"


def settled(home: Path, table: str, **given: str) -> Settings:
    """Settings with one target `t`."""
    (home / "config.toml").write_text(f'default_target = "t"\n[targets.t]\n{table}\n', encoding="utf-8")
    return load(given={"KEYTURN_HOME": str(home), **given})


def mas(more: str) -> str:
    """The table of a MAS with these lines more."""
    return f'kind = "mas"\nurl = "{HTTPS}"\n{more}'


def refused(home: Path, table: str) -> ConfigError:
    """Why the target cannot be used."""
    with pytest.raises(ConfigError) as caught:
        prepare(settled(home, table))
    return caught.value


def test_the_kinds_are_the_dialects_and_the_directory_on_this_machine() -> None:
    assert {"mas", "local"} <= set(kinds())


def test_an_api_key_is_an_id_and_a_token(tmp_path: Path) -> None:
    target = prepare(settled(tmp_path, mas('key_id = "k1"\ntoken = { env = "T" }'), T="abc"))
    assert target.credentials == Credentials(key_id="k1", token=Secret("abc"), source="env T")
    assert (target.name, target.warnings) == ("t", ())


def test_an_access_token_needs_no_id(tmp_path: Path) -> None:
    target = prepare(settled(tmp_path, mas('token = { env = "T" }'), T="abc"))
    assert target.credentials == Credentials(token=Secret("abc"), source="env T")


def test_a_person_signs_in_with_login_and_password(tmp_path: Path) -> None:
    target = prepare(settled(tmp_path, mas('username = "marta"\npassword = { env = "P" }'), P="abc"))
    assert target.credentials == Credentials(username="marta", password=Secret("abc"), source="env P")


def test_a_piped_secret_takes_the_place_of_the_configured_one(tmp_path: Path) -> None:
    piped = Secret("piped")
    token = prepare(settled(tmp_path, mas('key_id = "k1"\ntoken = { env = "T" }')), piped=piped)
    assert token.credentials == Credentials(key_id="k1", token=piped, source="standard input")
    bare = prepare(settled(tmp_path, mas("")), piped=piped)
    assert bare.credentials == Credentials(token=piped, source="standard input")
    login = prepare(settled(tmp_path, mas('username = "marta"\npassword = { env = "P" }')), piped=piped)
    assert login.credentials == Credentials(username="marta", password=piped, source="standard input")


@pytest.mark.parametrize("more", ["", 'token = { env = "T" }\npassword = { env = "P" }'])
def test_no_secret_and_two_of_them_are_refused(tmp_path: Path, more: str) -> None:
    assert refused(tmp_path, mas(more)).code == "KT-CFG-009"


def test_an_unknown_kind_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    error = refused(tmp_path, 'kind = "fax"')
    assert error.where == "targets.t.kind"
    assert "mas" in error.fix


@pytest.mark.proves("RN-7")
@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "https://"),
        ("ftp://a.example.com", "https://"),
        ("https://", "https://"),
        ("https://[::1", "https://"),
        ("https://marta:pw@a.example.com", "name or a password"),
        ("https://a.example.com?x=1", r"no \?"),
        ("https://a.example.com#x", r"no \?"),
        ("http://a.example.com", "in clear"),
        ("http://10.0.0.1", "in clear"),
    ],
)
def test_an_address_that_cannot_be_safe_is_refused(tmp_path: Path, url: str, fault: str) -> None:
    for settings in (
        TargetSettings(kind="mas", url=url),
        TargetSettings(kind="mas", url=HTTPS, sign_in_url=url or "x"),
    ):
        with pytest.raises(ConfigError, match=fault) as caught:
            check("t", settings, tmp_path)
        assert caught.value.code == "KT-CFG-008"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9080", "http://localhost", "http://[::1]:80", HTTPS])
def test_this_machine_may_be_asked_over_plain_http(tmp_path: Path, url: str) -> None:
    assert check("t", TargetSettings(kind="mas", url=url), tmp_path).url == url


def test_plain_http_to_another_machine_is_allowed_on_demand_and_warned_of(tmp_path: Path) -> None:
    table = 'kind = "mas"\nurl = "http://a.example.com"\nallow_plain_http = true\ntoken = { env = "T" }'
    assert "plain http" in prepare(settled(tmp_path, table, T="abc")).warnings[0]


def test_relative_paths_are_under_the_config_file(tmp_path: Path) -> None:
    checked = check("t", TargetSettings(kind="mas", url=HTTPS, ca_bundle="ca.pem"), tmp_path)
    assert checked.ca_bundle == str(tmp_path / "ca.pem")
    local = check("t", TargetSettings(kind="local", data="data"), tmp_path)
    assert local.data == str(tmp_path / "data")


async def test_a_directory_behind_http_is_connected_without_a_request(tmp_path: Path) -> None:
    directory = prepare(settled(tmp_path, mas('key_id = "k1"\ntoken = { env = "T" }'), T="abc")).connect()
    assert directory.account == "k1"
    await directory.close()


async def test_a_directory_on_this_machine_needs_no_server(tmp_path: Path) -> None:
    make_directory(Place(tmp_path / "data"))
    directory = connect(prepare(settled(tmp_path, 'kind = "local"\ndata = "data"')))
    try:
        assert [user.key for user in (await directory.list(Window())).users] == ["admin"]
    finally:
        await directory.close()


async def test_the_database_of_a_local_directory_can_be_a_secret(tmp_path: Path) -> None:
    place = Place(tmp_path / "data", Secret(f"sqlite:///{tmp_path}/else.db"))
    make_directory(place)
    table = 'kind = "local"\ndata = "data"\ndatabase = { env = "D" }'
    target = prepare(settled(tmp_path, table, D=f"sqlite:///{tmp_path}/else.db"))
    directory = connect(target)
    assert (await directory.probe()).account
    await directory.close()


def test_a_database_with_a_password_in_the_file_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, 'kind = "local"\ndata = "d"\ndatabase = "postgresql://kt:hunter2@db/kt"')
    assert error.code == "KT-CFG-005"
    assert "hunter2" not in f"{error.what}{error.where}{error.why}{error.fix}"
