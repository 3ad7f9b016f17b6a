"""Settings: flag, environment, file, built in; every mistake is named."""

from pathlib import Path

import pytest

from keyturn.app.config.settings import Settings, environment, folders, load
from keyturn.app.config.wishes import wishes
from keyturn.core.errors import ConfigError

FILE = """
default_target = "test"

[runs]
confirm_above = 10

[targets.test]
kind = "mas"
url = "https://api.test.example.com"
token = { env = "TEST_TOKEN" }
protect = ["root", "svc-*"]

[targets.prod-eu]
kind = "mas"
url = "https://api.prod.example.com"
production = true
"""


def settled(home: Path, text: str = FILE, **given: str) -> Settings:
    """The settings of a home with this config file and this environment."""
    (home / "config.toml").write_text(text, encoding="utf-8")
    return load(given={"KEYTURN_HOME": str(home), **given})


def refused(home: Path, text: str, **given: str) -> ConfigError:
    """What is wrong with this config file."""
    with pytest.raises(ConfigError) as caught:
        settled(home, text, **given)
    return caught.value


def test_without_a_file_every_setting_has_its_built_in_value(tmp_path: Path) -> None:
    settings = load(given={"KEYTURN_HOME": str(tmp_path)})
    assert settings.runs.confirm_above == 25
    assert settings.serve.host == "127.0.0.1"
    assert settings.handout.age_recipients == ()
    assert not settings.targets


def test_a_home_keeps_everything_in_one_place(tmp_path: Path) -> None:
    places = folders({"KEYTURN_HOME": str(tmp_path)})
    assert places.config == tmp_path / "config.toml"
    assert places.runs == tmp_path / "state" / "runs"
    assert {places.data.parent, places.keys.parent} == {tmp_path}


def test_without_a_home_the_folders_are_those_of_the_system_and_not_the_current_one() -> None:
    places = folders({})
    assert places.config.is_absolute()
    assert places.runs.is_absolute()
    assert Path.cwd() not in places.config.parents


def test_the_file_is_read(tmp_path: Path) -> None:
    settings = settled(tmp_path)
    assert settings.runs.confirm_above == 10
    assert settings.targets["test"].protect == ("root", "svc-*")
    assert settings.targets["prod-eu"].production


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = settled(
        tmp_path,
        KEYTURN_RUNS_CONFIRM_ABOVE="3",
        KEYTURN_RUNS_REPORT="csv,jsonl",
        KEYTURN_TARGET_PROD_EU_JOBS="4",
        KEYTURN_TARGET_TEST_PROTECT="a,b",
        KEYTURN_DEFAULT_TARGET="prod-eu",
    )
    assert settings.runs.confirm_above == 3
    assert settings.runs.report == ("csv", "jsonl")
    assert settings.targets["prod-eu"].jobs == 4
    assert settings.targets["test"].protect == ("a", "b")
    assert settings.target()[0] == "prod-eu"


def test_the_environment_cannot_send_a_secret_to_another_address(tmp_path: Path) -> None:
    settings = settled(tmp_path, KEYTURN_TARGET_TEST_URL="https://elsewhere.example.com")
    assert settings.targets["test"].url == "https://api.test.example.com"


def test_the_environment_can_say_where_a_secret_is(tmp_path: Path) -> None:
    settings = settled(tmp_path, KEYTURN_TARGET_TEST_TOKEN_FILE="/run/token", KEYTURN_TARGET_PROD_EU_TOKEN="x")
    assert str(settings.targets["test"].token) == "file /run/token"
    assert str(settings.targets["prod-eu"].token) == "env KEYTURN_TARGET_PROD_EU_TOKEN"


@pytest.mark.parametrize("field", ["token", "password"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, field: str) -> None:
    error = refused(tmp_path, f'[targets.t]\nkind = "mas"\n{field} = "hunter2-in-clear"\n')
    assert error.code == "KT-CFG-005"
    assert field in error.where
    assert "hunter2" not in f"{error.what}{error.where}{error.why}{error.fix}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[runs]\nconfirm_abov = 3\n", "runs"),
        ("[runs]\nconfirm_above = 'x'\n", "runs.confirm_above"),
        ("[runs]\nmax_failures = 'many'\n", "runs.max_failures"),
        ("[targets.t]\nkind = 'mas'\ntoken = { env = 'A', file = 'b' }\n", "targets"),
        ("runs = 3\n", "runs"),
        ("targets = 3\n", "targets"),
        ("[targets]\nt = 3\n", "targets"),
        ("nonsense = 1\n", "config.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, place: str) -> None:
    error = refused(tmp_path, text)
    assert error.code == "KT-CFG-003"
    assert place in error.where


@pytest.mark.parametrize("content", [b"[runs\n", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not TOML"):
        load(path, given={})


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such config file"):
        load(tmp_path / "other.toml", given={})


def test_a_folder_is_no_config_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, given={})


def test_a_folder_in_which_everybody_can_put_another_file_is_refused(tmp_path: Path) -> None:
    """The file itself may be as private as it likes.  A sticky folder keeps the files of others apart."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("[runs]\nconfirm_above = 3\n")
    home.chmod(0o777)
    with pytest.raises(ConfigError, match="put another config file there") as caught:
        load(given={"KEYTURN_HOME": str(home)})
    assert caught.value.fix == f"chmod o-w {home}"
    home.chmod(0o1777)
    assert load(given={"KEYTURN_HOME": str(home)}).runs.confirm_above == 3


def test_a_file_that_everybody_can_change_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(0o666)
    with pytest.raises(ConfigError, match="everybody on this machine") as caught:
        load(path, given={})
    assert caught.value.code == "KT-CFG-007"


def test_an_unknown_target_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no target 'prod'") as caught:
        settled(tmp_path).target("prod")
    assert "prod-eu, test" in caught.value.why
    assert caught.value.fix == "keyturn target add prod"
    with pytest.raises(ConfigError) as caught:
        settled(tmp_path).target("a b")
    assert caught.value.fix == ""


def test_no_target_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no target was named"):
        load(given={"KEYTURN_HOME": str(tmp_path)}).target()


@pytest.mark.parametrize(
    ("given", "color", "accessible", "loud"),
    [
        ({}, None, False, 0),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False, 0),
        ({"CLICOLOR": "0"}, False, False, 0),
        ({"FORCE_COLOR": "1"}, True, False, 0),
        ({"CLICOLOR_FORCE": "1"}, True, False, 0),
        ({"TERM": "dumb"}, None, True, 0),
        ({"ACCESSIBLE": "1"}, None, True, 0),
        ({"KEYTURN_LOG_LEVEL": "debug"}, None, False, 2),
        ({"KEYTURN_LOG_LEVEL": "error"}, None, False, -1),
    ],
)
def test_the_variables_that_programs_share_are_respected(
    given: dict[str, str], color: bool | None, accessible: bool, loud: int
) -> None:
    read = wishes(given)
    assert (read.color, read.accessible, read.loud) == (color, accessible, loud)


def test_the_environment_is_handed_out_as_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYTURN_PROBE", "here")
    seen = environment()
    monkeypatch.delenv("KEYTURN_PROBE")
    assert seen["KEYTURN_PROBE"] == "here"
