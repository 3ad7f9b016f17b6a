"""A run that changes passwords with the present ones, over a line that loses answers, against a real server."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keyturn.app.config.sections_target import TargetSettings
from keyturn.app.config.sources import Credentials
from keyturn.app.dialects import DIALECTS
from keyturn.bulk.job import Job, Operation, PasswordChoice
from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.shares import Speed
from keyturn.cli.main import cli
from keyturn.core.journal import RowState
from keyturn.core.secret import Secret
from tests.bulk.desk import Desk, handed
from tests.dialects.uipath.kit import client_of, token_of
from tests.support.player import CUT, Heard, Say, playing
from tests.support.server import OpenDoor, Person, served

KEPT = ("authorization", "content-type")
"""The headers that get through: the vendor's own server knows no operation ids."""

WAS = "the start password of {}"
BEFORE, AFTER, FINE = "amal", "badr", "cyd"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    """A directory with people and their start passwords."""
    people = [Person(who, password=WAS.format(who)) for who in (BEFORE, AFTER, FINE)]
    with served(tmp_path / "directory", users=people) as door:
        yield door


@dataclass
class BadLine:
    """Passes calls on; the first change of each of the two users is lost, before its effect or after it."""

    door: OpenDoor
    ids: dict[str, str] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def __call__(self, heard: Heard) -> Say:
        """One call."""
        who = next((who for who, uid in self.ids.items() if f"/{uid}/changepassword" in heard.target), "")
        first = who in (BEFORE, AFTER) and who not in self.met
        self.met.add(who)
        if first and who == BEFORE:
            return Say(CUT)
        headers = {name: heard.headers[name] for name in KEPT if name in heard.headers}
        answer = self.door.ask(heard.method, heard.target, headers=headers, body=heard.body)
        return Say(CUT) if first else Say(answer.status, answer.json)


@pytest.mark.parametrize("retries", [3, 0])
async def test_the_runner_finds_out_which_password_is_valid(door: OpenDoor, tmp_path: Path, retries: int) -> None:
    """In the same sitting, or by a resume: whoever is in the handout signs in with what stands there."""
    line = BadLine(door)
    token = Secret(token_of(door, client_of(door)))
    async with playing(line) as player:
        settings = TargetSettings(kind="uipath", url=player.url, tenant="default")
        directory = DIALECTS["uipath"].connect(settings, Credentials(token=token))
        for who in (BEFORE, AFTER, FINE):
            user = await directory.find(who)
            assert user is not None
            line.ids[who] = user.uid
        rows = "".join(f"{who},{WAS.format(who)}\n" for who in (BEFORE, AFTER, FINE))
        desk = Desk(tmp_path, directory)  # type: ignore[arg-type]  # nothing of a memory directory is asked
        desk.begin(f"userid,was\n{rows}", Job(Operation.RESET, PasswordChoice(), old="was"))
        summary = await desk.go(Speed(jobs=1, retries=retries))
        if not retries:
            assert (summary.exit, summary.states) == (
                ExitCode.UNCERTAIN, {RowState.UNCERTAIN: 2, RowState.CHANGED: 1}
            )  # fmt: skip
            summary = await desk.go(Speed(jobs=1, retries=retries))
        await directory.close()
    assert (summary.exit, summary.states) == (ExitCode.FINE, {RowState.CHANGED: 3})
    assert set(handed(desk)) == {BEFORE, AFTER, FINE}
    for who, password in handed(desk).items():
        signed = door.sign_in(who, password.reveal())
        assert (signed.status, signed.json["must_change"]) == (201, False)
        assert door.sign_in(who, WAS.format(who)).status == 401


def run(*args: str, code: int = 0) -> Result:
    """One command in this process; it ends with `code`."""
    result = CliRunner().invoke(cli, list(args))
    assert result.exit_code == code, result.output
    return result


def test_from_the_command_line_a_stopped_run_goes_on_with_the_present_passwords(
    door: OpenDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The column is pinned with the run, and emptied in the file of what is not done."""
    monkeypatch.setenv("KEYTURN_HOME", str(tmp_path / "home"))
    client = client_of(door)
    secret = tmp_path / "client.secret"
    secret.touch(mode=0o600)
    secret.write_text(client.token.reveal(), "utf-8")
    run("target", "add", "there", "--kind", "uipath", "--url", door.url, "--tenant", "default",
        "--key-id", client.key.id, "--token-file", str(secret))  # fmt: skip
    sheet = tmp_path / "users.csv"
    rows = [(BEFORE, "not the one that she has"), (AFTER, WAS.format(AFTER)), (FINE, WAS.format(FINE))]
    sheet.write_text("userName,Start pw\n" + "".join(f"{who},{was}\n" for who, was in rows), "utf-8")
    flags = ("-t", "there", "--old-password", "column:Start pw")
    shown = run("plan", "reset", str(sheet), *flags)
    assert "3  change the password" in shown.stdout
    assert "with the present one from the column Start pw" in shown.stdout
    assert "first sign-in" not in shown.stdout
    go = ("--no-input", "--expect", "3", "-j", "1", "--max-failures", "1")
    assert "1 wrong password" in run("reset", str(sheet), *flags, *go, code=7).stdout
    assert "2 changed, 1 failed" in run("resume", "--no-input", code=3).stdout
    [retry] = (tmp_path / "home").rglob("retry.csv")
    left = csv.DictReader(retry.read_text("utf-8-sig").splitlines())
    assert [(row["userName"], row["Start pw"]) for row in left] == [(BEFORE, "")]
    [handout] = (tmp_path / "home").rglob("handout-*.age")
    lines = [json.loads(line) for line in run("handout", "open", str(handout), "--json").stdout.splitlines()]
    signed = {line["user"]: door.sign_in(line["user"], line["password"]) for line in lines}
    assert {who: answer.json["must_change"] for who, answer in signed.items()} == {AFTER: False, FINE: False}
    assert door.sign_in(BEFORE, WAS.format(BEFORE)).status == 201
