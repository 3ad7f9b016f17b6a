"""A secret goes to the server it was given for: scheme, host and port."""

import stat
from pathlib import Path

import pytest

from keyturn.app.config.settings import load
from keyturn.app.target.binding import Bindings, origins_of
from keyturn.app.target.targets import prepare
from keyturn.core.errors import ConfigError
from tests.app.test_targets import HTTPS, mas, refused, settled

TOKEN = 'token = { env = "T" }'


def use(home: Path, url: str, more: str = "") -> None:
    """Fetch the secret for a target at this address."""
    prepare(settled(home, f'kind = "mas"\nurl = "{url}"\n{TOKEN}\n{more}', T="abc"))


@pytest.mark.proves("RN-7")
@pytest.mark.parametrize(
    "url",
    [
        "https://api.other.example.com",
        f"{HTTPS}:8443",
        "http://localhost:9080",
        "https://api.test.example.com.evil.example",
    ],
)
def test_a_secret_goes_nowhere_else_until_somebody_says_so(tmp_path: Path, url: str) -> None:
    """Another scheme, host or port is another server, whatever it is called in the config file."""
    use(tmp_path, HTTPS)
    error = refused(tmp_path, f'kind = "mas"\nurl = "{url}"\n{TOKEN}')
    assert (error.code, "abc" in str(vars(error))) == ("KT-CFG-016", False)
    assert "https://api.test.example.com:443" in error.where
    settings = load(given={"KEYTURN_HOME": str(tmp_path), "T": "abc"})
    Bindings(settings.folders.state).bind("t", origins_of(settings.targets["t"]))
    use(tmp_path, url)
    with pytest.raises(ConfigError, match="for another server"):
        use(tmp_path, HTTPS)


def test_what_makes_no_other_server_asks_nobody(tmp_path: Path) -> None:
    """A path, capital letters, the port that the scheme has anyway."""
    use(tmp_path, HTTPS)
    use(tmp_path, "https://API.test.example.com:443/maximo")


def test_a_second_host_gets_its_secret_once_it_is_allowed(tmp_path: Path) -> None:
    """Where users are made and where one signs in count as well."""
    use(tmp_path, HTTPS, 'manage_url = "https://manage.test.example.com"')
    use(tmp_path, HTTPS)
    with pytest.raises(ConfigError, match="for another server"):
        use(tmp_path, HTTPS, 'sign_in_url = "https://auth.elsewhere.example.com"')


def test_what_a_target_is_bound_to_is_for_its_owner_alone(tmp_path: Path) -> None:
    use(tmp_path, HTTPS)
    [kept] = (tmp_path / "state" / "bound").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert "abc" not in kept.read_text("utf-8")


@pytest.mark.parametrize("damage", ["{", "", "{}", "[]", "null"])
def test_a_damaged_note_lets_a_secret_go_nowhere(tmp_path: Path, damage: str) -> None:
    """Not even where it went before: nobody can tell any more where that was."""
    use(tmp_path, HTTPS)
    [kept] = (tmp_path / "state" / "bound").iterdir()
    kept.write_text(damage, "utf-8")
    for url in ("https://api.other.example.com", HTTPS):
        with pytest.raises(ConfigError, match="for another server") as caught:
            use(tmp_path, url)
        assert "damaged" in caught.value.where


def test_where_no_state_can_be_kept_each_use_is_the_first(tmp_path: Path) -> None:
    """A container with a read-only home still works."""
    (tmp_path / "state").write_text("in the way")
    use(tmp_path, HTTPS)
    use(tmp_path, "https://api.other.example.com")


def test_a_target_without_its_own_folder_is_read_with_its_neighbours_left_alone(tmp_path: Path) -> None:
    """Targets are bound one by one."""
    bindings = Bindings(tmp_path)
    bindings.bind("a", ["https://a.example.com:443"])
    assert bindings.of("b") == ()
    bindings.release("b")
    bindings.release("a")
    assert bindings.of("a") == ()


def test_tables_say_where_a_secret_is_in_one_way(tmp_path: Path) -> None:
    """Two places in one table are an error that names all there are."""
    with pytest.raises(ConfigError, match="say one of keyring, credential, file, command and env"):
        settled(tmp_path, mas('token = { env = "T", keyring = true }'))
    with pytest.raises(ConfigError, match="a name, not a path"):
        settled(tmp_path, mas('token = { credential = "../../etc/shadow" }'))
