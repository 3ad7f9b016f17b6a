"""What a plan says of passwords and of people, by what each kind of target can do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from keyturn.cli.main import cli


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the secret of its target in the environment."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THERE", "a-secret-for-tests")
    return tmp_path


def planned(home: Path, kind: str, order: str, *flags: str, version: str = "", code: int = 0) -> str:
    """What a plan prints for a file with one user, without a request; with its lines joined."""
    who = "--key-id" if kind in ("mas", "uipath") else "--username"
    more = ("--version", version) if version else ()
    add = (
        "--kind",
        kind,
        "--url",
        "http://127.0.0.1:1",
        who,
        "me",
        "--token-env",
        "THERE",
        "--no-input",
        "--replace",
        *more,
    )
    assert CliRunner().invoke(cli, ["target", "add", "there", *add]).exit_code == 0
    file = home / "users.csv"
    file.write_text("userid,email,sn\namal,amal@example.com,Haddad\n", "utf-8")
    shown = CliRunner().invoke(cli, ["plan", order, str(file), "-t", "there", "--offline", *flags])
    assert shown.exit_code == code, shown.output
    return " ".join(shown.output.split())


def test_a_password_that_is_mailed_or_lost_is_in_no_handout(home: Path) -> None:
    """The target makes it up, and shows it to nobody else."""
    told = planned(home, "primavera", "reset", "--password", "target", "--email")
    assert "mailed by the target; nobody learns what it cannot mail" in told
    assert "handout" not in told.partition("To run it")[0]


def test_a_mail_that_may_lack_the_password_is_told_of(home: Path) -> None:
    """The vendor's page does not say; the password may reach nobody."""
    told = planned(home, "primavera", "reset", "--email")
    assert "the target mails, no page says whether with the password; what it cannot mail goes into the handout" in told
    assert "warning[KT-RUN-032]" in told


def test_a_mail_that_holds_the_password_is_trusted(home: Path) -> None:
    """Its vendor says so."""
    told = planned(home, "mas", "reset", "--email")
    assert "mailed by the target; what it cannot mail goes into the handout" in told
    assert "users must choose their own at the first sign-in" in told
    assert "KT-RUN-032" not in told


def test_what_no_page_says_of_the_first_sign_in_is_a_perhaps(home: Path) -> None:
    told = planned(home, "uipath", "reset")
    assert "perhaps users must choose their own at the first sign-in" in told
    assert "no page says that anybody is asked there" in told


def test_columns_that_are_not_kept_are_told_of(home: Path) -> None:
    """In the list of columns, and as a warning."""
    told = planned(home, "hdp", "create")
    assert "email -> not kept sn -> not kept (guess)" in told
    assert "not kept: email, sn" in told
    assert "not kept" not in planned(home, "hdp", "reset", "--map", "id=userid")


def test_what_is_missing_for_new_users_is_said(home: Path) -> None:
    """A warning where the server may do without, an error where it cannot be done."""
    assert "a new user needs a company" in planned(home, "primavera", "create")


def test_new_users_of_later_versions_need_the_key_of_manage(home: Path) -> None:
    """In place of a command that is not known."""
    told = planned(home, "mas", "create", version="9.1", code=2)
    assert "users are made in Manage: set `manage_key`" in told
