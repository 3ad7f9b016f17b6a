"""The result of a job and the draft of those who failed."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import Command, CreateUser, DeleteUser, UpdateUser
from keyturn.core.outcomes import Changed, Created, Outcome, Reason, Refused, Unchanged
from keyturn.core.users import Contact, Profile, Status, User
from keyturn.dialects.primavera.wire_answer import entries_of, pick, read_outcome, verdict_text
from keyturn.dialects.primavera.wire_jobs import COLUMNS, draft_of, result_body
from keyturn.dialects.primavera.wire_user import LONG_AGO, MORE
from keyturn.http.json import encode

STORED = User("u", 7, 1, "k", "JSMITH", Profile("Jim Smith", "Jim", "Smith"), LONG_AGO, LONG_AGO)


def test_the_result_of_changes_has_a_place_for_each() -> None:
    """In the lists of a job's result."""
    commands: list[Command] = [
        CreateUser("a", Profile()),
        CreateUser("b", Profile()),
        UpdateUser("c"),
        DeleteUser("d"),
        DeleteUser("e"),
    ]
    outcomes: list[Outcome] = [
        Created("a", user=STORED), Refused("b", Reason.EXISTS), Unchanged("c"), Changed("d"), Refused("e", Reason.BUSY)
    ]  # fmt: skip
    body = result_body(commands, outcomes)
    assert body["deleted"] == ["d"]
    entries = entries_of(encode(body))
    assert entries is not None
    read_back = [read_outcome(each, pick(entries, "JSMITH" if each.who == "a" else each.who)) for each in commands]
    assert [type(each) for each in read_back] == [Created, Refused, Changed, Changed, Refused]
    assert verdict_text(outcomes[0]) == ""


def cells(draft: bytes) -> list[list[str]]:
    """The lines of a draft after its first."""
    header, *lines = csv.reader(io.StringIO(draft.decode()))
    assert header == [*COLUMNS]
    return lines


def test_the_draft_has_who_failed_as_they_were_sent() -> None:
    """To be mended and sent again; who was made or changed is not in it."""
    own = {"organization": {"name": "sfo"}, "userType": "Employee"}
    profile = Profile("Amal Ba", "Amal", "Ba", emails=(Contact("amal@example.com"),), more={MORE: own})  # type: ignore[dict-item]  # JSON
    commands: list[Command] = [
        CreateUser("AMAL", profile), CreateUser("FINE", profile), UpdateUser("CHANGED", profile),
        UpdateUser("BERT", profile, status=Status.DISABLED), UpdateUser("CLEO"), DeleteUser("GONE"),
        DeleteUser("STAYS"),
    ]  # fmt: skip
    no = Reason.NOT_ALLOWED
    outcomes: list[Outcome] = [
        Refused("AMAL", Reason.EXISTS), Created("FINE"), Changed("CHANGED"), Refused("BERT", no), Refused("CLEO", no),
        Changed("GONE"), Refused("STAYS", no),
    ]  # fmt: skip
    assert cells(draft_of(encode(result_body(commands, outcomes)))) == [
        ["Ba", "Amal", "amal@example.com", "AMAL", "sfo", "Employee", "false", "true"],
        ["Ba", "Amal", "amal@example.com", "BERT", "sfo", "Employee", "false", "false"],
        ["", "", "", "CLEO", "", "", "false", ""],
        ["", "", "", "STAYS", "", "", "false", ""],
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"])
def test_no_cell_of_a_draft_is_a_formula(cell: str) -> None:
    """A sheet takes it for text."""
    entry = {"loginId": cell, "lastName": cell, "statusInfoOK": False, "organization": {"name": cell}}
    [line] = cells(draft_of(json.dumps({"added": [entry]}).encode()))
    assert [each for each in line if each == f"'{cell}"] == [f"'{cell}"] * 3


odd = st.recursive(
    st.none() | st.booleans() | st.text(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
)


@given(odd, odd)
def test_no_result_breaks_the_draft(added: object, company: object) -> None:
    """Whatever stands in it."""
    entry = {"statusInfoOK": False, "organization": company, "loginId": added}
    for result in ({"added": added}, {"modified": [entry, added]}, added):
        assert draft_of(encode(result)).startswith(b"Last Name,First Name")
    assert draft_of(b"no JSON").count(b"\n") == 1
