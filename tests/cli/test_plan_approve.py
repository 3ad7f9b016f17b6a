"""A second person's yes to a frozen plan: when it is demanded, whose counts, and where it is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.app.operator import account_name
from keyturn.cli.frame import Frame
from keyturn.cli.main import cli
from keyturn.core.errors import PlanError
from tests.cli.runs_kit import Place, Typing, place, typing

__all__ = ["place", "typing"]

USERS = "userid\namal\nberit\nchen\n"


class Desks:
    """Two machines: the one where plans are made and run, and that of somebody else."""

    def __init__(self, here: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
        self.here = here
        self.there = replace(here, tmp=here.tmp / "there")
        self._typing = typing
        self._monkeypatch = monkeypatch
        self.there.tmp.mkdir()
        self.key = self.key_of(self.there)
        self.configure()

    @staticmethod
    def key_of(place: Place) -> str:
        """The public key of whoever sits there."""
        [told] = place.lines("plan", "key", "--json")
        return str(told["key"])

    def configure(self, approvers: str = "", runs: str = "approve_above = 2", target: str = "") -> None:
        """Have both machines know who may approve."""
        for each in (self.here, self.there):
            each.configure(target, head=f'[runs]\n{runs}\napprovers = ["{approvers or f"Berit {self.key}"}"]')

    def frozen(self, text: str = USERS, name: str = "q3.plan") -> str:
        """A plan that was made here."""
        path = str(self.here.tmp / name)
        self.here.call("plan", "reset", self.here.file(text), "-t", "there", "-o", path)
        return path

    def approve(self, path: str, *, at: Place | None = None, typed: str = "yes\n") -> None:
        """Somebody looks at the plan and types."""
        for name, value in (at or self.there).environment.items():
            self._monkeypatch.setenv(name, value)
        self._typing(typed)
        cli.main(["plan", "approve", path], standalone_mode=False, obj=Frame())

    def run(self, path: str, code: int = 0) -> str:
        """Carry the plan out; all that is said."""
        return self.here.call("reset", "--plan", path, "--no-input", code=code).output

    @property
    def changed(self) -> int:
        """How many users have a new password."""
        return len(self.here.server.passwords)


@pytest.fixture
def desks(place: Place, typing: Typing, monkeypatch: pytest.MonkeyPatch) -> Desks:
    """Two of them."""
    return Desks(place, typing, monkeypatch)


@pytest.mark.proves("AU-8")
def test_without_an_approval_nothing_is_sent_and_it_is_said_whom_to_ask(desks: Desks) -> None:
    """Frozen or not, and whatever confirms the number."""
    path = desks.frozen()
    told = desks.run(path, code=8)
    assert "error[KT-PLN-007]: somebody else has to approve this first" in told
    assert "3 users are more than the 2 that may be changed without it" in told
    assert f"ask Berit:  keyturn plan approve {path}" in told
    bare = desks.here.call("reset", desks.here.file(USERS), "-t", "there", "--no-input", "--expect", "3", code=8)
    assert "freeze the plan with  keyturn plan ... -o q3.plan, then ask Berit" in bare.output
    assert desks.changed == 0


def test_up_to_the_number_and_on_other_targets_nobody_is_asked(desks: Desks) -> None:
    """The settings say when."""
    desks.run(desks.frozen("userid\namal\nberit\n"))
    assert desks.changed == 2
    desks.configure(runs="approve_above = 0")
    assert "error[KT-PLN-007]" in desks.run(desks.frozen("userid\nzoe\n"), code=8)


def test_a_target_demands_it_for_anybody(desks: Desks) -> None:
    """Also for one user."""
    desks.configure(runs="", target="approval = true")
    assert "why    there demands it" in desks.run(desks.frozen("userid\nzoe\n"), code=8)


def test_a_plan_says_that_it_needs_somebody_else(desks: Desks) -> None:
    """Frozen or not, in words and as JSON."""
    users = desks.here.file(USERS)
    said = desks.here.call("plan", "reset", users, "-t", "there").stderr
    assert "To approve:  freeze it with  -o q3.plan, then keyturn plan approve q3.plan   (3 users are more" in said
    [told] = desks.here.lines("plan", "reset", users, "-t", "there", "--json")
    assert (told["approval"]["demanded"], told["approval"]["approvers"]) == (True, ["Berit"])


@pytest.mark.proves("AU-8", "V2.3.5")
def test_an_approved_plan_runs_and_says_who_approved_it(desks: Desks) -> None:
    """In the journal's facts, in the report, in runs show and in the plan itself."""
    path = desks.frozen()
    desks.approve(path)
    assert "approved by   Berit, " in desks.here.call("plan", "show", path).output
    desks.run(path)
    assert desks.changed == 3
    [shown] = desks.here.lines("runs", "show", "--json")
    assert (shown["planned_by"], shown["approved_by"]) == (account_name(), "Berit")
    report = (desks.here.run_folder() / "report.html").read_text("utf-8")
    assert "<dt>approved by</dt><dd>Berit</dd>" in report


def test_the_key_is_made_at_first_need_for_its_owner_alone(desks: Desks) -> None:
    """Beside the handout identity; what is printed is what the settings want."""
    file = desks.there.home / "keys" / "approval.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert desks.there.call("plan", "key").output == f"Berit {desks.key}\n"
    file.chmod(0o644)
    assert "error[KT-CFG-010]" in desks.there.call("plan", "key", code=2).output


@pytest.mark.proves("AU-8", "V2.3.5")
def test_nobody_approves_their_own_plan(desks: Desks) -> None:
    """Neither with the same key nor under the same name, however the settings name them."""
    path = desks.frozen()
    desks.configure(f"Amal {desks.key_of(desks.here)}")
    with pytest.raises(PlanError, match="made this plan and cannot approve it"):
        desks.approve(path, at=desks.here)
    desks.configure(f"{account_name().upper()} {desks.key}")
    with pytest.raises(PlanError, match="made this plan and cannot approve it"):
        desks.approve(path)
    desks.configure()
    desks.approve(path)
    desks.configure(f"{account_name()} {desks.key}")
    assert f"{account_name()} made the plan" in desks.run(path, code=8)
    assert desks.changed == 0


def test_whoever_carries_it_out_does_not_count(desks: Desks) -> None:
    """Who made a plan is what the plan says; one person alone must not pass for two."""
    path = desks.frozen()
    desks.approve(path)
    told = desks.there.call("reset", desks.here.file(USERS), "--plan", path, "--no-input", code=8).output
    assert "Berit would carry it out" in told
    assert desks.changed == 0


def test_a_stranger_does_not_count(desks: Desks, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever signs is told so, and the run says it again."""
    desks.configure(f"Amal {desks.key_of(desks.here)}")
    path = desks.frozen()
    desks.approve(path)
    assert f"warning[KT-PLN-020]: your key is not named in [runs] approvers here: {account_name()} {desks.key}" in (
        capsys.readouterr().err
    )
    told = desks.run(path, code=8)
    assert f"{account_name()} with the key {desks.key} is not among the approvers here" in told
    assert "ask Amal" in told


@pytest.mark.proves("AU-8")
def test_an_approval_of_another_plan_is_refused(desks: Desks) -> None:
    """A signature is over one digest; moved to another plan it proves that somebody moved it."""
    small, large = desks.frozen("userid\namal\nberit\nchen\n", "a.plan"), desks.frozen(USERS + "zoe\n", "b.plan")
    desks.approve(small)
    told = json.loads(Path(large).read_text("utf-8"))
    told["approvals"] = json.loads(Path(small).read_text("utf-8"))["approvals"]
    Path(large).write_text(json.dumps(told), "utf-8")
    assert "error[KT-PLN-008]: the approval by Berit is not one of this plan" in desks.run(large, code=8)
    assert "error[KT-PLN-008]" in desks.here.call("plan", "show", large, code=8).output
    assert desks.changed == 0


@pytest.mark.parametrize("part", ["by", "at"])
def test_an_approval_is_in_one_name_and_of_one_time(desks: Desks, part: str) -> None:
    """Neither can be changed afterwards."""
    path = Path(desks.frozen())
    desks.approve(str(path))
    told = json.loads(path.read_text("utf-8"))
    told["approvals"][0][part] = {"by": "Chen", "at": "2026-01-01T00:00:00+00:00"}[part]
    path.write_text(json.dumps(told), "utf-8")
    assert "error[KT-PLN-008]" in desks.run(str(path), code=8)


def test_a_plan_that_is_made_anew_is_approved_anew(desks: Desks) -> None:
    """The yes to the earlier one is gone with it."""
    path = desks.frozen()
    desks.approve(path)
    desks.frozen(USERS + "zoe\n")
    assert "error[KT-PLN-007]" in desks.run(path, code=8)


@pytest.mark.parametrize("typed", ["y\n", "\n", "no\n"])
def test_only_a_typed_yes_approves(desks: Desks, typed: str) -> None:
    """No flag does, and no Enter."""
    path = desks.frozen()
    with pytest.raises(PlanError, match="not approved"):
        desks.approve(path, typed=typed)
    refused = desks.there.call("plan", "approve", path, "--no-input", code=8)
    assert "Plan to reset 3 users on there" in refused.stderr
    assert json.loads(Path(path).read_text("utf-8"))["approvals"] == []


def test_a_second_yes_with_the_same_key_takes_the_place_of_the_first(desks: Desks) -> None:
    """One person, one approval."""
    path = desks.frozen()
    desks.approve(path)
    desks.approve(path)
    assert len(json.loads(Path(path).read_text("utf-8"))["approvals"]) == 1


def test_who_may_approve_is_written_as_it_is_printed(desks: Desks) -> None:
    """A key that is none is a wrong setting."""
    desks.configure("Berit ed25519:00")
    assert "error[KT-CFG-003]" in desks.here.call("runs", "list", code=2).output
