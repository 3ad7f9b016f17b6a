"""The page of requirements: every id is known, shown by a test that runs or denied with a reason, and never both."""

import textwrap
from pathlib import Path

import pytest

from tests.support.sources import ROOT
from tools.marks import Marks, Proof, marks
from tools.self_statement import FAMILIES, IN_PART, MET, NOT_MET, Requirement, catalogue, faults, judge

MARK = "@pytest.mark." + "proves"


def found_in(folder: Path, source: str) -> Marks:
    """The marks of a file of tests with this source."""
    tests = folder / "tests"
    tests.mkdir(exist_ok=True)
    (tests / "test_it.py").write_text(textwrap.dedent(source).replace("MARK", MARK), "utf-8")
    return marks(tests)


def test_every_requirement_is_shown_by_a_test_or_denied_with_a_reason() -> None:
    """Unknown ids, claims of tests that never run, contradictions and silence are faults of the page."""
    assert faults(catalogue(), marks(ROOT / "tests")) == []


def test_every_requirement_has_its_family_and_says_what_it_asks() -> None:
    """A row that no heading takes would be missing on the page."""
    lost = [each.id for each in catalogue() if each.family not in FAMILIES or not each.what]
    assert lost == []


def test_the_page_names_a_file_that_holds_each_test() -> None:
    """A stranger follows the link and finds the sentence as a name."""
    for proof in marks(ROOT / "tests").proofs:
        assert f"def {proof.test}(" in (ROOT / proof.path).read_text(encoding="utf-8")


def test_marks_are_read_on_functions_classes_and_whole_files(tmp_path: Path) -> None:
    """What pytest would hold for marked is what the page holds for proof."""
    found = found_in(
        tmp_path,
        """
        pytestmark = [pytest.mark.slow, MARK("AA-1")]
        LIMIT = 3

        MARK("AA-2", "V1.2.3")
        def test_one() -> None: ...

        class TestMore:
            MARK("AA-3")
            async def test_two(self) -> None: ...

        class Kit:
            def test_of_nobody(self) -> None: ...
        """.replace("[pytest.mark.slow, MARK", "[pytest.mark.slow, pytest.mark." + "proves"),
    )
    assert found.unread == ()
    assert [(proof.id, proof.test) for proof in found.proofs] == [
        ("AA-1", "test_one"),
        ("AA-2", "test_one"),
        ("V1.2.3", "test_one"),
        ("AA-1", "test_two"),
        ("AA-3", "test_two"),
    ]
    assert {proof.path for proof in found.proofs} == {"tests/test_it.py"}
    assert found.proofs[0].sentence == "one"


def test_a_mark_on_the_only_test_of_a_file_may_stand_alone(tmp_path: Path) -> None:
    """`pytestmark = pytest.mark...` without a list is as good."""
    found = found_in(tmp_path, f"pytestmark = {MARK[1:]}('AA-1')\ndef test_one() -> None: ...\n")
    assert [proof.id for proof in found.proofs] == ["AA-1"]


@pytest.mark.parametrize(
    "source",
    [
        "PROVES = pytest.mark.PROVES('AA-1')\n\n@PROVES\ndef test_one() -> None: ...\n",
        "ID = 'AA-1'\n\n@pytest.mark.PROVES(ID)\ndef test_one() -> None: ...\n",
        "@pytest.mark.PROVES(id='AA-1')\ndef test_one() -> None: ...\n",
        "@pytest.mark.PROVES\ndef test_one() -> None: ...\n",
        "@pytest.mark.PROVES('AA-1')\ndef helps() -> None: ...\n",
        "from pytest import mark\n\n@mark.PROVES(1)\ndef test_one() -> None: ...\n",
    ],
)
def test_a_mark_that_cannot_be_read_is_a_fault(tmp_path: Path, source: str) -> None:
    """Nothing is claimed where the page would not say so."""
    found = found_in(tmp_path, source.replace("PROVES(", "proves(").replace("PROVES\n", "proves\n", 1))
    assert found.proofs == ()
    assert len(found.unread) == 1
    assert "on no test" in faults([], found)[0]


@pytest.mark.parametrize("idle", ["skip", "skip('never')", "xfail(reason='yes')"])
def test_a_claim_of_a_test_that_never_runs_is_a_fault(tmp_path: Path, idle: str) -> None:
    """A test that is skipped or expected to fail proves nothing."""
    found = found_in(tmp_path, f"@pytest.mark.{idle}\nMARK('AA-1')\ndef test_one() -> None: ...\n")
    [fault] = faults([Requirement("AA-1", "what it asks")], found)
    assert "never runs" in fault


PROVED = Marks((Proof("AA-1", "tests/test_it.py", "test_one"),), ())


@pytest.mark.parametrize(
    ("requirement", "found", "fault"),
    [
        (Requirement("AA-1", "what it asks"), Marks((), ()), "neither a test nor a state"),
        (Requirement("AA-1", "what it asks", state=NOT_MET), Marks((), ()), "go together"),
        (Requirement("AA-1", "what it asks", state="perhaps", reason="why"), Marks((), ()), "is no state"),
        (Requirement("AA-1", "what it asks", state=NOT_MET, reason="why"), PROVED, "a test claims it"),
        (Requirement("AA-1", "what it asks", state="later", reason="why"), PROVED, "a test claims it"),
        (Requirement("AA-1", "what it asks", state=IN_PART, reason="why"), Marks((), ()), "no test shows the part"),
        (Requirement("AA-1", "what it asks", through=("AA-2",)), Marks((), ()), "points to AA-2"),
        (Requirement("AA-2", "what it asks", state="later", reason="why"), PROVED, "unknown to the catalogue"),
    ],
)
def test_a_page_that_contradicts_the_tests_is_a_fault(requirement: Requirement, found: Marks, fault: str) -> None:
    """Denied and claimed, pointed nowhere, or not said at all."""
    [told] = faults([requirement], found)
    assert fault in told


def test_an_id_that_stands_twice_is_a_fault() -> None:
    """Two sentences for one id would both be half true."""
    [told] = faults([Requirement("AA-1", "what it asks")] * 2, PROVED)
    assert "twice" in told


def test_a_requirement_is_met_through_others_only_when_all_of_them_are() -> None:
    """A half of it is a part, and nothing of it is nothing."""
    first, second = Requirement("AA-1", "what it asks"), Requirement("AA-2", "more", state="later", reason="why")
    both = Requirement("V1", "both of them", through=("AA-1", "AA-2"))
    one, other = Requirement("V2", "the first", through=("AA-1",)), Requirement("V3", "the second", through=("AA-2",))
    judged = judge([first, second, both, one, other], PROVED.proofs)
    assert [each.state for each in judged] == [MET, "later", IN_PART, MET, NOT_MET]
    assert [each.reason for each in judged] == ["", "why", "see AA-2", "", "see AA-2"]
