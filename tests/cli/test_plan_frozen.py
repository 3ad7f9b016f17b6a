"""A frozen plan from the command line: it is run exactly as it stands, or not at all."""

import json
import stat
from pathlib import Path

import pytest

from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import PlanError
from tests.cli.runs_kit import Place, Typing, place, typing
from tests.support.password_server import TOKEN

__all__ = ["place", "typing"]

USERS = "userid,Mail\n007,a@example.com\n1E5,\nsvc-gis,\n007,\n"


def frozen(place: Place, *more: str, text: str = USERS) -> str:
    """A plan file for a file of users."""
    path = str(place.tmp / "q3.plan")
    place.call("plan", "reset", place.file(text), "-t", "there", "-o", path, *more)
    return path


def edit(path: str, before: str, after: str) -> None:
    """Change something in a plan file by hand."""
    text = Path(path).read_text("utf-8")
    assert before in text
    Path(path).write_text(text.replace(before, after), "utf-8")


def test_a_plan_is_one_readable_file_for_its_owner(place: Place) -> None:
    """Everything that decides the run stands in it, and no password."""
    place.configure('protect = ["svc-*"]')
    path = frozen(place, "--email", "--map", "id=userid")
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
    told = json.loads(Path(path).read_text("utf-8"))
    plan = told["plan"]
    assert told["keyturn_plan"] == 1
    assert plan["file"]["path"] == str(place.tmp / "users.csv")
    assert (plan["change"], plan["job"]["email"]) == (2, True)
    assert plan["reading"]["columns"] == {"id": "userid", "email": "Mail"}
    [target] = plan["targets"]
    assert (target["url"], target["protect"]) == (place.server.url, ["svc-*"])
    assert target["counts"] == {"change": 2, "skip": 2, "block": 0}
    assert target["rendering"] == "runner-1:16"
    assert plan["made"]["key"].startswith("ed25519:")


def test_a_plan_file_is_the_confirmation_where_nobody_can_be_asked(place: Place) -> None:
    """Also in production, and above the number for which a yes is enough."""
    place.configure("production = true", head="[runs]\nconfirm_above = 0")
    path = frozen(place)
    place.call("reset", "--plan", path, "--no-input", "--jobs", "2")
    assert sorted(place.server.passwords) == ["007", "1E5", "svc-gis"]
    [shown] = place.lines("runs", "show", "--json")
    assert (shown["planned_by"] != "", shown["approved_by"]) == (True, "")


def test_at_a_terminal_the_number_is_typed_all_the_same(
    place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs it by hand says so."""
    place.configure("production = true")
    path = frozen(place)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    typing("there 2\n\n")
    with pytest.raises(PlanError, match="not confirmed"):
        cli.main(["reset", "--plan", path], standalone_mode=False, obj=Frame())
    assert place.server.passwords == {}


@pytest.mark.proves("RN-6")
def test_a_changed_file_is_refused(place: Place) -> None:
    """Not one request goes out for it."""
    path = frozen(place)
    place.file(USERS + "zoe,\n")
    before = place.server.requests
    refused = place.call("reset", "--plan", path, "--no-input", code=5)
    assert "users.csv is not the file that the plan was made of" in refused.output
    assert (place.server.requests, place.server.passwords) == (before, {})


def test_the_file_may_have_moved(place: Place) -> None:
    """What counts is what is in it."""
    path = frozen(place)
    moved = (place.tmp / "users.csv").rename(place.tmp / "moved.csv")
    place.call("reset", "--plan", path, "--no-input", code=5)
    place.call("reset", str(moved), "--plan", path, "--no-input")
    assert len(place.server.passwords) == 3


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('protect = ["007"]', "there: protected users: - then, 007 now"),
        (
            "password_rules = { shortest = 20, longest = 24 }",
            "the rules for passwords: - then, 20 to 24 characters now",
        ),
        (
            "password_rules = { shortest = 20, longest = 24 }",
            "there: how passwords look: runner-1:16 then, runner-1:20",
        ),
        ("repeats = true", "what the target can do"),
    ],
)
def test_each_difference_of_the_target_is_named(place: Place, settings: str, told: str) -> None:
    """A run is what was looked at, or it is not."""
    path = frozen(place)
    place.configure(settings)
    refused = place.call("reset", "--plan", path, "--no-input", code=8)
    assert place.server.passwords == {}
    assert "error[KT-PLN-003]" in refused.output
    assert told in refused.output


def test_another_address_and_another_account_are_refused(place: Place) -> None:
    """The same name in the settings, and something else behind it."""
    path, config = frozen(place), place.home / "config.toml"
    before = config.read_text()
    url, secret = place.server.url, place.tmp / "token.txt"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    config.write_text(
        before.replace(f'"{url}"', f'"{url}/"').replace('{ env = "THERE_TOKEN" }', f'{{ file = "{secret}" }}')
    )
    refused = place.call("reset", "--plan", path, "--no-input", code=8)
    assert f"the address of the target: {url} then, {url}/ now" in refused.output
    assert "the account that is signed in: env THERE_TOKEN then, file" in refused.output
    assert place.server.passwords == {}


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("--email",), "--email"),
        (("-t", "elsewhere"), "--target"),
        (("--map", "id=Mail"), "--map"),
        (("--password", "target"), "--password"),
        (("--include-protected",), "--include-protected"),
        (("--handout", "age:age1x"), "--handout"),
        (("--offline",), "--offline"),
        (("--lookup",), "--lookup"),
        (("--skip-if-reset-since", "24h"), "--skip-if-reset-since"),
    ],
)
def test_a_flag_that_contradicts_the_plan_is_refused_by_name(place: Place, flags: tuple[str, ...], name: str) -> None:
    """Nobody can add an effect to what was looked at."""
    path = frozen(place)
    refused = place.call("reset", "--plan", path, "--no-input", *flags, code=2)
    assert f"error[KT-PLN-004]: {name} is decided by the plan" in refused.output
    assert place.server.passwords == {}


def test_what_the_plan_says_may_be_said_again_and_the_pace_anew(place: Place) -> None:
    """Neither changes what is done."""
    path = frozen(place)
    place.call("reset", "--plan", path, "-t", "there", "--no-input", "--rate", "100/s", "--name", "q3", "--expect", "3")
    assert len(place.server.passwords) == 3


def test_a_plan_of_another_operation_is_refused(place: Place) -> None:
    """A plan to reset creates nobody."""
    path = frozen(place)
    refused = place.call("create", "--plan", path, "--no-input", code=2)
    assert "q3.plan is a plan to reset" in refused.output


@pytest.mark.parametrize(
    ("before", "after"),
    [('"email": false', '"email": true'), ('"change": 3', '"change": 2'), ("there", "elsewhere"), ('"rows"', '"row"')],
)
def test_an_edited_plan_is_refused(place: Place, before: str, after: str) -> None:
    """Whatever was edited in it."""
    path = frozen(place)
    edit(path, before, after)
    refused = place.call("reset", "--plan", path, "--no-input", code=5)
    assert "q3.plan was changed after it was made" in refused.output
    assert place.server.passwords == {}


@pytest.mark.parametrize("kept", [0, 10, 200, -3])
def test_a_torn_plan_is_refused(place: Place, kept: int) -> None:
    """Wherever it was torn."""
    path = Path(frozen(place))
    path.write_bytes(path.read_bytes()[:kept])
    assert "error[KT-PLN-001]" in place.call("reset", "--plan", str(path), "--no-input", code=5).output
    assert "error[KT-PLN-001]" in place.call("plan", "show", str(path), code=5).output


def test_a_plan_takes_the_place_of_plans_alone(place: Place) -> None:
    """A name that was mistyped costs no file of users."""
    path = frozen(place)
    frozen(place, "--email")
    assert json.loads(Path(path).read_text("utf-8"))["plan"]["job"]["email"] is True
    users = place.file(USERS)
    refused = place.call("plan", "reset", users, "-t", "there", "-o", users, code=2)
    assert "error[KT-PLN-006]" in refused.output
    assert Path(users).read_text("utf-8") == USERS


def test_one_password_for_all_and_a_plan_offline_cannot_be_frozen(place: Place) -> None:
    """A plan holds no password, and says what the target can do."""
    secret = place.file("correct horse battery staple\n", "secret.txt")
    (place.tmp / "secret.txt").chmod(0o600)
    out = str(place.tmp / "q3.plan")
    order = ("plan", "reset", place.file(USERS), "-t", "there", "-o", out)
    same = place.call(*order, "--password", "same", "--password-file", secret, code=2)
    assert "error[KT-PLN-005]: a plan with one password for all cannot be frozen" in same.output
    assert "error[KT-PLN-005]" in place.call(*order, "--offline", code=2).output
    piped = place.call("plan", "reset", "-", "-t", "there", "-o", out, code=2, typed=USERS)
    assert "error[KT-PLN-005]: a plan of what is piped in cannot be frozen" in piped.output
    assert not Path(out).exists()


def test_a_plan_is_carried_out_once(place: Place) -> None:
    """A script that starts twice changes nobody twice."""
    path = frozen(place)
    place.call("reset", "--plan", path, "--no-input")
    refused = place.call("reset", "--plan", path, "--no-input", code=8)
    assert "error[KT-PLN-010]" in refused.output
    assert {len(values) for values in place.server.passwords.values()} == {1}
    place.call("reset", "--plan", path, "--no-input", "--new-run")
    assert {len(values) for values in place.server.passwords.values()} == {2}


def test_a_file_or_a_plan_is_needed(place: Place) -> None:
    """One of the two."""
    assert "Missing argument" in place.call("reset", "-t", "there", code=2).output.replace("missing", "Missing")


def test_a_plan_is_shown_in_words_and_as_json(place: Place) -> None:
    """For those who approve it, and for scripts."""
    path = frozen(place)
    told = place.call("plan", "show", path).output
    assert "Plan to reset 3 users on there" in told
    assert "approved by   nobody" in told
    [shown] = place.lines("plan", "show", path, "--json")
    assert (shown["type"], shown["change"], shown["approvals"]) == ("frozen plan", 3, [])


def test_nothing_may_stand_beside_the_plan(place: Place) -> None:
    """What no digest covers could be read by somebody as a part of it."""
    path = frozen(place)
    edit(path, '"keyturn_plan"', '"note": "also run the others", "keyturn_plan"')
    assert "KT-PLN-001" in place.call("reset", "--plan", path, "--no-input", code=5).stderr
    assert place.server.passwords == {}


def test_a_plan_that_is_nested_without_end_is_no_plan(place: Place) -> None:
    """The reader of JSON gives up; the person is told what the file is not."""
    path = place.tmp / "deep.plan"
    path.write_text('{"plan":' * 100_000, "utf-8")
    assert "KT-PLN-001" in place.call("plan", "show", str(path), code=5).stderr


@pytest.mark.parametrize("flag", ["--where", "--rows"])
def test_an_empty_choice_of_rows_is_no_choice_of_all(place: Place, flag: str) -> None:
    """`--where "$UNSET"` in a script: nothing is sent."""
    done = place.call("reset", place.file(USERS), "-t", "there", flag, " ", "--yes", "--no-input", code=2)
    assert "it is empty" in done.stderr
    assert place.server.passwords == {}


def test_foreign_names_move_no_cursor_in_the_plan(place: Place) -> None:
    """The plan stands right above the question how many users change."""
    header = 'userid,Si\x1b[31mte\x1b]0;x\x07,"A\nB"\n007,x,y\n'
    shown = place.call("plan", "reset", place.file(header), "-t", "there", "--offline").stdout
    assert "ignored: Si\\x1b[31mte\\x1b]0;x\\x07, A\\nB" in shown
    assert "\x1b" not in shown
