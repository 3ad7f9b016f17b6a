"""Every way to say no: each reason has its row, each code its explanation."""

import json

import pytest

from keyturn.api.asking import MUST_CHANGE
from keyturn.api.claim import GONE
from keyturn.api.problems import AGAIN, OF_HTTP, PROBLEMS, UNREADY, UNSURE, Problem, answer, refusal
from keyturn.api.shapes import outcome_answer
from keyturn.cli.catalogue import entry
from keyturn.core.outcomes import Reason, Refused, Uncertain
from keyturn.core.permissions import SIGN_IN_AGAIN

ALL = [*PROBLEMS.values(), *OF_HTTP.values(), UNSURE, UNREADY, MUST_CHANGE, GONE, AGAIN]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_answered_with_its_own_code(reason: Reason) -> None:
    response = refusal(Refused("amal", reason, "one sentence"))
    body = json.loads(bytes(response.body))
    assert (body["status"], body["code"], body["reason"]) == (
        response.status_code,
        PROBLEMS[reason].code,
        reason.value,
    )


def test_codes_of_reasons_are_unique() -> None:
    codes = [problem.code for problem in PROBLEMS.values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("problem", ALL, ids=lambda problem: problem.code)
def test_every_code_is_explained(problem: Problem) -> None:
    assert entry(problem.code).title


@pytest.mark.parametrize(("asked", "told"), [(None, "1"), (0.2, "1"), (7.6, "8"), (90_000, "3600")])
def test_whoever_shall_wait_is_told_how_long_in_whole_seconds(asked: float | None, told: str) -> None:
    assert answer(UNREADY, retry_after=asked).headers["retry-after"] == told


def test_what_is_uncertain_is_never_answered_as_done() -> None:
    assert outcome_answer(Uncertain("amal", "no answer")).status_code == 504


def test_a_refusal_that_a_fresh_sign_in_lifts_has_a_code_of_its_own() -> None:
    response = refusal(Refused("amal", Reason.NOT_ALLOWED, "sign in again first", SIGN_IN_AGAIN))
    assert (response.status_code, json.loads(bytes(response.body))["code"]) == (403, "KT-AUTH-011")
