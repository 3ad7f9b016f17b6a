"""`keyturn policy`: the rules in words, a candidate tried, a profile chosen, stolen passwords loaded."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result

from keyturn.app.keeping import policies
from keyturn.cli.directory.breaches import Meter
from keyturn.cli.directory.policyview import as_words
from keyturn.cli.frame import Frame, Manners, Output
from keyturn.cli.main import cli
from keyturn.core.policy import Policy
from keyturn.core.tenancy import KnownValues, Rules
from keyturn.crypto.breaches import FILE
from keyturn.store.private import hold

Run = Callable[..., Result]
GOOD = "nine green bottles on a wall"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with one user, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("policy")
    call = runner(folder)
    call("init", "--json")
    call("user", "create", "amal", "--name", "Amal Haddad", "--address", "amal.h@acme.example")
    return folder


@pytest.fixture
def run(directory: Path, tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test."""
    copytree(directory, tmp_path, dirs_exist_ok=True)
    return runner(tmp_path)


def runner(folder: Path) -> Run:
    home = {"KEYTURN_HOME": str(folder / "home"), "NO_COLOR": "1", "KEYTURN_DATA": str(folder / "directory")}

    def call(*arguments: str, code: int = 0, typed: str | None = None) -> Result:
        result = CliRunner(env=home).invoke(cli, list(arguments), input=typed)
        assert result.exit_code == code, result.output
        return result

    return call


def stolen(path: Path, *passwords: str) -> Path:
    names = sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in passwords)
    path.write_text("".join(f"{name}:2\n" for name in names))
    return path


@pytest.mark.proves("PW-4", "V6.1.2")
def test_the_rules_are_shown_in_words_and_for_machines(run: Run) -> None:
    run("tenant", "set", "default", "weak_words=Kestrel, Project Lamp")
    words = run("policy", "show").stdout
    assert "tenant default: profile nist\n" in words
    assert "length         15 to 128 characters" in words
    assert "at the door hdp: 15 to 32" in words
    assert "keyturn, default, Kestrel, Project Lamp" in words
    assert "no list is loaded" in words
    assert "signs in for 24 hours" in words
    facts = json.loads(run("policy", "show", "--json").stdout)
    assert (facts["shortest"], facts["longest"]) == (15, 128)
    assert facts["doors"] == {"hdp": {"shortest": 15, "longest": 32}}
    assert facts["weak_words"] == ["default", "Kestrel", "Project Lamp"]
    assert facts["well_known"] > 100_000
    assert facts["breaches"] is None


def test_the_words_of_the_other_settings(run: Run) -> None:
    run("policy", "set", "vendor", "--yes")
    run("tenant", "set", "default", "known_values=refuse", "mail=link", "second_factor=everyone")
    words = run("policy", "show").stdout
    assert "6 to 128" in words
    assert "hdp: 8 to 32" in words
    assert "they are taken, with a warning" in words
    assert "refused: a password is generated" in words
    assert "one-time links alone" in words
    assert "required of everyone" in words


@pytest.mark.proves("PW-7", "V6.2.12")
def test_a_candidate_is_tried_from_standard_input_and_the_rule_is_named(run: Run) -> None:
    assert run("policy", "check", typed=f"{GOOD}\n").stdout == "taken: it meets every rule\n"
    short = run("policy", "check", typed="green bottles\n", code=3)
    assert short.stdout.startswith("refused (shortest): the password is shorter than 15 characters")
    assert "bottles" not in short.output
    assert run("policy", "check", typed="amal haddad 1987\n").exit_code == 0
    named = json.loads(run("policy", "check", "--user", "amal", "--json", typed="amal haddad 1987\n", code=3).stdout)
    assert (named["accepted"], named["rule"], named["reason"]) == (False, "context", "too-common")
    assert "haddad" not in named["text"]


def test_a_candidate_is_tried_under_the_lengths_of_a_door_and_never_as_an_argument(run: Run) -> None:
    long = "nine green bottles on a wall and nine more"
    assert run("policy", "check", "--door", "hdp", typed=f"{long}\n", code=3).stdout.startswith("refused (longest)")
    taken = json.loads(run("policy", "check", "--door", "mas", "--json", typed=f"{long}\n").stdout)
    assert taken == {"accepted": True, "rule": None, "reason": None, "text": ""}
    assert "there is no door 'vms'" in run("policy", "check", "--door", "vms", typed="x\n", code=2).output
    run("policy", "check", long, code=2)
    run("policy", "check", typed="", code=2)


def test_under_vendor_a_well_known_password_is_taken_with_a_warning(run: Run) -> None:
    run("policy", "set", "vendor", "--yes")
    assert "taken, with a warning in the audit (listed)" in run("policy", "check", typed="Welcome1\n").stdout


def test_at_a_terminal_the_candidate_is_asked_for_without_showing_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Frame, "may_ask", property(lambda _: True))
    asked = run("policy", "check", typed=f"{GOOD}\n")
    assert "Password to try" in asked.output
    assert GOOD not in asked.output


def test_a_weaker_profile_is_asked_for_and_a_stronger_one_is_not(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("policy", "set", "vendor", code=8)
    assert "profile nist\n" in run("policy", "show").stdout
    assert "default: profile vendor\n" in run("policy", "set", "vendor", "--yes").stderr
    assert json.loads(run("policy", "set", "nist", "--json").stdout) == {
        "tenant": "default", "profile": "nist", "before": "vendor",
    }  # fmt: skip
    assert "as before" in run("policy", "set", "nist").stderr
    monkeypatch.setattr(Frame, "may_ask", property(lambda _: True))
    assert "not confirmed" in run("policy", "set", "vendor", typed="n\n", code=8).output
    assert "profile vendor" in run("policy", "set", "vendor", typed="y\n").stderr
    [event] = [one for one in run("audit", "list", "--json").stdout.splitlines() if "profile nist -> vendor" in one][:1]
    assert "tenant.update" in event


@pytest.mark.proves("PW-1", "N3.1.1.2-1")
def test_eight_characters_are_refused_unless_everyone_has_a_second_factor(run: Run) -> None:
    refused = run("policy", "set", "nist-mfa", "--yes", code=2).output
    assert "requires a second factor of every user" in refused
    assert "keyturn tenant set default second_factor=everyone profile=nist-mfa" in refused
    run("tenant", "set", "default", "second_factor=everyone")
    run("policy", "set", "nist-mfa", "--yes")
    assert "8 to 128" in run("policy", "show").stdout
    assert run("policy", "check", typed="kestrel!lamp\n").exit_code == 0


def test_stolen_passwords_are_loaded_shown_and_refused(run: Run, tmp_path: Path) -> None:
    assert "no list is loaded" in run("policy", "breaches", "show").stdout
    file = stolen(tmp_path / "pwned.txt", GOOD, "another stolen phrase")
    assert "2 passwords, loaded on" in run("policy", "breaches", "load", str(file)).stdout
    facts = json.loads(run("policy", "breaches", "show", "--json").stdout)["breaches"]
    assert (facts["entries"], facts["source"]) == (2, "pwned.txt")
    assert json.loads(run("policy", "show", "--json").stdout)["breaches"] == facts
    assert "refused (breached)" in run("policy", "check", typed=f"{GOOD}\n", code=3).stdout
    assert "2 of pwned.txt" in run("audit", "list", "--verb", "policy.breaches", "--json").stdout
    assert "KT-POL-020" in run("policy", "breaches", "load", str(tmp_path / "directory"), code=5).output
    run("policy", "breaches", "load", str(tmp_path / "missing"), code=2)


def test_two_loads_are_not_in_each_others_way_and_a_file_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    file = stolen(tmp_path / "pwned.txt", GOOD)
    held = hold(tmp_path / "directory" / FILE)
    assert "another load is under way" in run("policy", "breaches", "load", str(file), code=2).output
    held.release()
    (tmp_path / "directory" / f"{FILE}.part").mkdir()
    assert "the list cannot be loaded" in run("policy", "breaches", "load", str(file), code=1).output


def test_a_damaged_list_stops_the_directory_with_the_way_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "directory" / FILE).write_bytes(b"not ours")
    refused = run("user", "list", code=2).output
    assert "the file of stolen passwords is damaged" in refused
    assert "keyturn policy breaches load" in refused
    run("policy", "breaches", "load", str(stolen(tmp_path / "pwned.txt", GOOD)))
    run("user", "list")


def test_progress_is_a_line_that_is_redrawn_or_one_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    def told(output: Output, total: int) -> str:
        meter = Meter(Frame(Manners(output=output)), iter([0.0, 0.1, 60.0]).__next__)
        meter.tell(1 << 20, total)
        meter.tell(5 << 20, total)
        meter.end()
        return capsys.readouterr().err

    assert told(Output.PLAIN, 10 << 20) == "5 MiB read, 50 %, about 1 min left\n"
    assert told(Output.PLAIN, 0) == "5 MiB read\n"
    assert told(Output.RICH, 0).startswith("\r5 MiB read")


def test_a_house_of_its_own_is_not_needed_to_say_the_rules() -> None:
    known = policies.Facts(Rules(known_values=KnownValues.REFUSE), Policy(), {}, 7, None)
    assert ("well known", "7 passwords that attackers try first, and what is a trick away from one") in as_words(known)
