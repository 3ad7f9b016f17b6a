"""What the vendor answers: each user's own verdict, in every shape that the page may mean."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.commands import Command, CreateUser, DeleteUser, ResetPassword
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Status, User
from keyturn.dialects.primavera.wire import FAULTS
from keyturn.dialects.primavera.wire_answer import (
    entries_of,
    error_body,
    job_of,
    pick,
    read_outcome,
    read_refusal,
    reset_body,
    values_of,
)
from keyturn.dialects.primavera.wire_user import LONG_AGO
from keyturn.http.json import encode

RESET = ResetPassword("JSMITH", Secret("nine green bottles"), permanent=True)
STORED = User("u", 7, 1, "k", "JSMITH", Profile("Jim Smith", "Jim", "Smith"), LONG_AGO, LONG_AGO)


@given(st.text(), st.text())
def test_no_text_breaks_the_readers(body: str, location: str) -> None:
    """Whatever a target answers is an answer or none."""
    raw = body.encode("utf-8", "replace")
    values_of(raw)
    entries_of(raw)
    job_of(raw, location)


@given(st.binary())
def test_no_bytes_break_the_readers(body: bytes) -> None:
    """Also when they are no text."""
    entries_of(body)
    read_refusal(RESET, 400, body)


@pytest.mark.parametrize(
    ("body", "entries"),
    [
        (b'{"loginId":"a"}', ["a"]),
        (b'[{"loginId":"a"},{"loginId":"b"}]', ["a", "b"]),
        (b'{"loginId":"a"}\n\n{"loginId":"b"}', ["a", "b"]),
        (b'{"a":"","b":"no"}', ["a", "b"]),
        (b"{}", []),
        (b"[]", []),
        (b"", []),
        (b'{"added":[{"loginId":"a"}],"deleted":["b",7,"c"],"deleteFailed":[{"loginId":"c"}]}', ["a", "c", "b"]),
        (b'{"added":7,"modified":[{"loginId":"a"}],"deleted":null}', ["a"]),
        (b'{"exception":"X","added":[]}', None),
        (b'{"error":"X"}', None),
        (b"[7]", None),
        (b'["a"]', None),
        (b'[{"loginId":7}]', None),
        (b'{"loginId":"a"} 7', None),
        (b"Success", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_every_shape_of_an_answer_is_read(body: bytes, entries: list[str] | None) -> None:
    """A list, one object, objects in a row, a map, the result of a job; else it tells of nobody."""
    found = entries_of(body)
    assert ([entry["loginId"] for entry in found] if found is not None else None) == entries


def test_an_answer_is_picked_by_the_very_name_and_then_by_one_that_differs_in_case() -> None:
    """Never one of two."""
    entries: list[dict[str, object]] = [{"loginId": "JSMITH"}, {"loginId": "Twice"}, {"loginId": "TWICE"}]
    assert pick(entries, "jsmith") == {"loginId": "JSMITH"}
    assert pick(entries, "Twice") == {"loginId": "Twice"}
    assert pick(entries, "twice") is None
    assert pick([*entries, {"loginId": "JSMITH"}], "JSMITH") is None
    assert pick(entries, "JSMIT") is None


@pytest.mark.parametrize(
    ("command", "entry", "outcome"),
    [
        (RESET, None, Uncertain("JSMITH", "the answer says nothing of this user")),
        (RESET, {}, Changed("JSMITH")),
        (RESET, {"statusInfo": "fine", "statusInfoOK": True}, Changed("JSMITH")),
        (RESET, {"statusInfo": "half done"}, Uncertain("JSMITH", "half done")),
        (RESET, {"statusInfo": 7}, Uncertain("JSMITH", "an answer that cannot be read")),
        (RESET, {"statusInfoOK": False}, Refused("JSMITH", Reason.OTHER, "refused without a word")),
        (
            RESET,
            {"statusInfo": "KTPRM2001E: too short", "statusInfoOK": False},
            Refused("JSMITH", Reason.TOO_SHORT, "too short", "KTPRM2001E"),
        ),
        (replace(RESET, notify=True), {}, Changed("JSMITH", delivery=Delivery.MAILED)),
        (replace(RESET, notify=True), {"emailed": False}, Changed("JSMITH")),
        (CreateUser("a", Profile()), {}, Created("a")),
        (DeleteUser("a"), {}, Changed("a")),
    ],
)
def test_each_user_s_own_verdict_counts(command: Command, entry: dict[str, object] | None, outcome: Outcome) -> None:
    assert read_outcome(command, entry) == outcome


@pytest.mark.parametrize(
    ("command", "status", "body", "why"),
    [
        (RESET, 400, b'{"message":"Invalid input, Please check."}', Reason.POLICY),
        (replace(RESET, new=None), 400, b"", Reason.OTHER),
        (DeleteUser("a"), 400, b"[]", Reason.OTHER),
        (RESET, 403, b"", Reason.NOT_ALLOWED),
        (RESET, 404, b"", Reason.OTHER),
        (RESET, 429, b"", Reason.TOO_MANY),
        (RESET, 503, b"<html>", Reason.BUSY),
        (RESET, 503, encode(error_body("KTPRM1003E", "no")), Reason.NO_SUCH_USER),
    ],
)
def test_a_refusal_is_read_by_its_code_and_then_by_its_status(
    command: Command, status: int, body: bytes, why: Reason
) -> None:
    assert read_refusal(command, status, body).reason is why


@pytest.mark.parametrize(
    ("body", "location", "job"),
    [
        (b"95733", "", "95733"),
        (b'"95733"', "", "95733"),
        (b'{"jobId":95733}', "", "95733"),
        (b"", "https://h/cloudapi/restapi/user/status/95733/", "95733"),
        (b"true", "", ""),
        (b"1 2", "", ""),
        (b'"../x"', "", ""),
        (b"{}", "", ""),
    ],
)
def test_a_job_is_known_by_its_number(body: bytes, location: str, job: str) -> None:
    assert job_of(body, location) == job


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_a_word(reason: Reason) -> None:
    """And our own client reads the reason back wherever the table has a row."""
    said = reset_body(Refused("JSMITH", reason, "because"), None)
    outcome = read_outcome(RESET, said)
    assert isinstance(outcome, Refused)
    assert outcome.reason is FAULTS.of(reason).reason
    assert outcome.text == "because"


def test_the_answer_to_a_reset_never_holds_the_password() -> None:
    """But the very word that the page prints, and how the user stands."""
    shown = reset_body(Changed("JSMITH"), replace(STORED, status=Status.LOCKED))
    assert (shown["password"], shown["locked"], shown["disabled"]) == ("password", True, False)
    assert reset_body(Changed("JSMITH"), None)["locked"] is False
    assert reset_body(Changed("JSMITH"), replace(STORED, status=Status.DISABLED))["disabled"] is True
