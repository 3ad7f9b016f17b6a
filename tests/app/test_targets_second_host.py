"""Targets with a second host, where users are made: its address, its key, the certificate that it is shown."""

from pathlib import Path

import pytest

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.target.targets import check, other_version, prepare
from keyturn.core.errors import ConfigError
from keyturn.core.secret import Secret
from keyturn.dialects.mas.client import MasDirectory
from tests.app.test_targets import HTTPS, mas, refused, settled

TOKEN = 'token = { env = "T" }'


def test_the_key_of_the_second_host_is_a_secret_like_the_others(tmp_path: Path) -> None:
    key = tmp_path / "manage.key"
    key.write_text("from a file\n")
    key.chmod(0o600)
    table = mas(f'{TOKEN}\nversion = "9.1"\nmanage_key = {{ file = "manage.key" }}')
    assert prepare(settled(tmp_path, table, T="abc")).credentials.manage_key == Secret("from a file")
    given = settled(tmp_path, table, T="abc", KEYTURN_TARGET_T_MANAGE_KEY="from the environment")
    assert prepare(given).credentials.manage_key == Secret("from the environment")
    person = mas('username = "marta"\npassword = { env = "T" }\nmanage_key = { env = "K" }')
    assert prepare(settled(tmp_path, person, T="abc", K="k")).credentials.manage_key == Secret("k")


def test_a_key_that_stands_in_the_config_file_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stands in the config file") as caught:
        settled(tmp_path, mas(f'{TOKEN}\nmanage_key = "abc"'))
    assert caught.value.code == "KT-CFG-005"
    assert "manage_key" in caught.value.where


def test_the_environment_cannot_send_the_key_to_another_host(tmp_path: Path) -> None:
    more = {"KEYTURN_TARGET_T_MANAGE_URL": "https://elsewhere.example.com", "KEYTURN_TARGET_T_CERTIFICATE": "/x.pem"}
    found = prepare(settled(tmp_path, mas(TOKEN), T="abc", **more)).settings
    assert (found.manage_url, found.certificate) == ("", "")


@pytest.mark.parametrize(
    "url", ["http://manage.example.com", "https://me:pw@manage.example.com", "manage", "https://a?b"]
)
def test_the_second_address_is_checked_like_the_first(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check("t", TargetSettings(kind="mas", url=HTTPS, manage_url=url), tmp_path)
    assert caught.value.where == "targets.t.manage_url"


def test_a_second_host_in_clear_is_warned_of(tmp_path: Path) -> None:
    table = mas(f'{TOKEN}\nmanage_url = "http://manage.example.com"\nallow_plain_http = true')
    assert "plain http" in prepare(settled(tmp_path, table, T="abc")).warnings[0]


def test_relative_files_are_under_the_folder_of_the_config(tmp_path: Path) -> None:
    target = TargetSettings(kind="mas", url=HTTPS, certificate="me.pem", certificate_key="keys/me.key")
    checked = check("t", target, tmp_path)
    assert (checked.certificate, checked.certificate_key) == (str(tmp_path / "me.pem"), str(tmp_path / "keys/me.key"))


@pytest.mark.parametrize("field", ["certificate", "certificate_key"])
def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path, field: str) -> None:
    file = tmp_path / "me.pem"
    file.write_text("key")
    file.chmod(0o644)
    table = mas(f'{TOKEN}\n{field} = "me.pem"')
    assert refused(tmp_path, table).code == "KT-CFG-007"
    file.chmod(0o600)
    assert getattr(prepare(settled(tmp_path, table, T="abc")).settings, field) == str(file)
    file.unlink()
    assert refused(tmp_path, table).code == "KT-CFG-006"


@pytest.mark.parametrize("version", ["nine", "9.1-beta", "9.", "v9"])
def test_a_version_is_numbers(tmp_path: Path, version: str) -> None:
    with pytest.raises(ConfigError, match="setting is wrong"):
        settled(tmp_path, mas(f'version = "{version}"'))


def test_the_second_host_is_given_to_the_client_half(tmp_path: Path) -> None:
    table = mas(f'{TOKEN}\nversion = "9.1"\nmanage_key = {{ env = "K" }}\nmanage_url = "https://m.example.com"')
    directory = prepare(settled(tmp_path, table, T="abc", K="k")).connect()
    assert isinstance(directory, MasDirectory)
    assert not directory.capabilities.validates


@pytest.mark.parametrize(
    ("said", "told", "other"),
    [
        ("9.1", "9.1.3", False),
        ("9.1.3", "9.1", False),
        ("9.1", "9.10", True),
        ("9.1", "9.0", True),
        ("", "9.1", False),
        ("9.1", "", False),
    ],
)
def test_a_longer_version_may_be_the_same(said: str, told: str, other: bool) -> None:
    assert other_version(said, told) is other
