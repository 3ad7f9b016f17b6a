"""Second factors and keys of persons from the command line of the server's machine."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.frame import NotConfirmed
from keyturn.cli.main import cli
from keyturn.core.factors import Factor, FactorKind
from keyturn.core.users import Handle
from tests.cli.runs_kit import Terminal
from tests.support.server import OpenDoor, Person, served

Run = Callable[..., Result]
CALLS = {"hdp": "/api/admin/users", "primavera": "/cloudapi/restapi/user"}


def runner(door: OpenDoor) -> Run:
    """Runs keyturn in this process on the directory that is served."""

    def call(*arguments: str, code: int = 0, typed: str | None = None) -> Result:
        done = CliRunner().invoke(cli, [*arguments, "--data", str(door.house.place.data)], input=typed)
        assert done.exit_code == code, done.output
        return done

    return call


def give(door: OpenDoor, login: str, *kinds: FactorKind) -> None:
    """Give somebody factors."""
    now = door.house.parts.clock.now()
    with door.house.store.writing() as transaction:
        user = transaction.users.get(1, login, Handle.KEY)
        assert user is not None
        transaction.factors.put(
            [Factor(f"{login}-{kind}", user.uid, kind, "phone", f"{login}-{kind}", b"", 0, True, now) for kind in kinds]
        )


def test_factors_are_listed_and_taken_from_who_lost_them(tmp_path: Path) -> None:
    with served(tmp_path, users=[Person("amal")]) as door:
        run = runner(door)
        assert "no second factor" in run("factor", "list", "amal").output
        assert "amal had no second factor" in run("factor", "remove", "amal", "--yes").output
        give(door, "amal", FactorKind.TOTP, FactorKind.RECOVERY)
        shown = run("factor", "list", "amal").output
        assert "phone" in shown
        assert "1 recovery codes left" in shown
        [found] = json.loads(run("factor", "list", "amal", "--json").stdout)["factors"]
        assert (found["kind"], found["used"]) == ("totp", "")
        assert "Nothing was changed" in run("factor", "remove", "amal", code=8).output
        assert "amal has no second factor any more" in run("factor", "remove", "amal", "--yes").output
        assert "no second factor" in run("factor", "list", "amal").output
        assert "KT-TGT-030" in run("factor", "list", "nobody", code=3).output


def test_without_a_yes_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, users=[Person("amal")]) as door:
        give(door, "amal", FactorKind.TOTP)
        asked = ["factor", "remove", "amal", "--data", str(door.house.place.data)]
        monkeypatch.setattr("sys.stdin", Terminal("n\n"))
        with pytest.raises(NotConfirmed):
            cli.main(asked, standalone_mode=False)
        assert "phone" in runner(door)("factor", "list", "amal").output
        monkeypatch.setattr("sys.stdin", Terminal("y\n"))
        cli.main(asked, standalone_mode=False)
        assert "no second factor" in runner(door)("factor", "list", "amal").output


@pytest.mark.parametrize("kind", CALLS)
def test_a_key_of_a_person_is_their_password_at_a_door_that_knows_people_alone(tmp_path: Path, kind: str) -> None:
    with served(tmp_path) as door:
        run = runner(door)
        give(door, "admin", FactorKind.PASSKEY)
        made = json.loads(run("key", "create", "--kind", kind, "--user", "admin", "--json").stdout)
        assert set(made) == {"login", "password", "key"}
        pairs = {"right": made["password"], "wrong": door.made.password.reveal()}
        answers = {
            word: door.ask("GET", CALLS[kind], headers={"authorization": "Basic " + _pair("admin", secret)}).status
            for word, secret in pairs.items()
        }
        assert answers == {"right": 200, "wrong": 401}
        [listed] = [one for one in json.loads(run("key", "list", "--json").stdout)["keys"] if one["owner"]]
        assert (listed["id"], listed["owner"], listed["kind"]) == (made["key"], "admin", kind)
        assert "admin" in run("key", "list").output
        run("key", "revoke", made["key"])
        gone = door.ask("GET", CALLS[kind], headers={"authorization": "Basic " + _pair("admin", made["password"])})
        assert gone.status == 401


def _pair(login: str, secret: str) -> str:
    return base64.b64encode(f"{login}:{secret}".encode()).decode()


def test_what_does_not_fit_together_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with served(tmp_path) as door:
        run = runner(door)
        assert "is somebody's" in run("key", "create", "--kind", "hdp", code=2).output
        odd = run("key", "create", "--kind", "mas", "--user", "admin", "--right", "audit", code=2)
        assert "has the rights of its owner" in odd.output
        assert "KT-TGT-030" in run("key", "create", "--kind", "mas", "--user", "nobody", code=3).output
        assert len(json.loads(run("key", "list", "--json").stdout)["keys"]) == 1
        shown = run("key", "create", "--kind", "hdp", "--user", "admin").stdout.splitlines()
        assert [line.split()[0] for line in shown] == ["login", "password"]
