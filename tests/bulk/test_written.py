"""The order of a run and the reading of its file are written down whole, and read back as they were."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from keyturn.bulk.intake.source import read_source
from keyturn.bulk.job import Job, Operation, PasswordChoice, PasswordFrom, Reading
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.written import read_job, read_reading, written
from keyturn.core.secret import Secret
from tests.bulk.desk import write

ODD_JOB = Job(
    Operation.CREATE, PasswordChoice.parse("column:Start: now"), email=True, rendering="runner-1:12", old="Old",
    length=24,
)  # fmt: skip
"""An order in which every field is something else than usual; a new field has to be added here."""

ODD_READING = Reading({"id": "EmpNo", "email": "E-Mail"}, ";", "cp1252", "Leavers", 'a == "b"', "2-9", 5)
"""Likewise how a file is read."""


@pytest.mark.parametrize(("odd", "usual"), [(ODD_JOB, Job(Operation.RESET)), (ODD_READING, Reading())])
def test_every_field_is_written_and_read_back(odd: Job | Reading, usual: Job | Reading) -> None:
    """A field that somebody adds and forgets turns this red, because it is usual here or lost on the way.

    A recorded request is no part of the order: its own fact holds it.
    """
    ours = [each.name for each in fields(odd) if each.name != "recorded"]
    same = [name for name in ours if getattr(odd, name) == getattr(usual, name)]
    assert same == [], "give these another value in this file"
    told = json.loads(json.dumps(written(odd)))
    assert (read_job(told) if isinstance(odd, Job) else read_reading(told)) == odd


def test_what_an_earlier_version_did_not_write_is_as_it_was_then() -> None:
    """A journal of last month has fewer fields."""
    assert read_job({"operation": "reset", "password": "target"}) == Job(
        Operation.RESET, PasswordChoice(PasswordFrom.TARGET)
    )
    assert read_reading({}) == Reading()


def test_the_one_password_for_all_is_never_written() -> None:
    """That there is one is all that stands there; any other secret is refused."""
    order = Job(Operation.RESET, PasswordChoice.parse("same", Secret("correct horse")))
    assert "correct" not in json.dumps(written(order))
    with pytest.raises(TypeError, match="Secret"):
        written(Reading({"id": Secret("correct horse")}))  # type: ignore[dict-item]  # what must not happen


def test_a_file_is_pinned_as_it_was_found_to_be(tmp_path: Path) -> None:
    """What was guessed the first time is not guessed again."""
    source = read_source(write(tmp_path, "EmpNo;Mail\n007;a@example.com\n"))
    assert source.as_read == Reading({"id": "EmpNo", "email": "Mail"}, ";", "utf-8")
    facts = Facts({"reading": json.dumps(written(source.as_read)), "job": json.dumps(written(ODD_JOB))})
    assert (facts.reading, facts.job) == (source.as_read, ODD_JOB)
