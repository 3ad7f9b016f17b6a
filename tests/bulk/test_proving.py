"""What a reading proves, sign by sign: never more than was read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from keyturn.bulk.running.proving import Case, Finding, judge, tried
from keyturn.core.evidence import Evidence, Sign, Tried, nobody
from keyturn.core.journal import Row, RowState, Verified
from keyturn.core.users import Stamp

SENT = datetime(2026, 11, 29, 20, 1, 6, tzinfo=UTC)
SETTLED = SENT + timedelta(seconds=2)
READ = SENT + timedelta(minutes=3)
LONG_AGO = SENT - timedelta(days=40)
ROW = Row(2, "jsmith", RowState.CHANGED, first_sent=SENT, settled=SETTLED)
CASE = Case(tells=tuple(Sign), account="us")
YES, NO, CANNOT_TELL = Verified.YES, Verified.NO, Verified.CANNOT_TELL


def seen(**told: object) -> Evidence:
    """A reading by a target whose clock is right."""
    return replace(Evidence("jsmith", clock=READ), **told)  # type: ignore[arg-type]  # fields by name


def found(now: Evidence, before: Evidence | None = None, case: Case = CASE, row: Row = ROW) -> Finding:
    """What it proves."""
    return judge(case, row, before, now, READ)


@pytest.mark.parametrize(
    ("at", "verified", "words"),
    [
        (SENT + timedelta(seconds=1), YES, "the password was changed 2026-11-29 20:01:07 UTC, while this row was"),
        (SENT - timedelta(seconds=4), YES, "while this row was on its way"),
        (SENT - timedelta(seconds=6), NO, "2026-11-29 20:01:00 UTC, before this row was sent"),
        (SETTLED + timedelta(seconds=6), CANNOT_TELL, "after this row"),
        (LONG_AGO, NO, "the password was changed 2026-10-20 20:01:06 UTC, before this row was sent"),
    ],
)
def test_the_time_of_a_password_counts_while_its_row_was_on_its_way(
    at: datetime, verified: Verified, words: str
) -> None:
    """Five seconds around it are forgiven to the clocks behind a target."""
    finding = found(seen(password_changed=at))
    assert finding.verified is verified
    assert words in finding.proof


@pytest.mark.parametrize("off", [timedelta(hours=3), timedelta(minutes=-7)])
def test_a_clock_that_is_wrong_is_read_by_what_the_answer_says(off: timedelta) -> None:
    """The date of the answer and the times in it are off by as much."""
    assert found(seen(password_changed=SENT + off, clock=READ + off)).verified is YES
    assert found(seen(password_changed=SENT, clock=READ + off)).verified is not YES


def test_without_a_date_in_the_answer_two_minutes_are_forgiven() -> None:
    """And no more."""
    assert found(seen(password_changed=SENT - timedelta(seconds=119), clock=None)).verified is YES
    assert found(seen(password_changed=SENT - timedelta(seconds=121), clock=None)).verified is NO


def test_a_time_without_a_zone_proves_by_another_one_that_was_there_before() -> None:
    """A server may mean its own zone."""
    local = SENT + timedelta(hours=2)
    floating = seen(password_changed=local, floating=True)
    assert found(floating).verified is CANNOT_TELL
    assert found(floating, seen(password_changed=LONG_AGO, floating=True)).verified is YES
    assert found(floating, floating).verified is NO
    assert found(seen(password_changed=SENT - timedelta(hours=16), floating=True)).verified is NO


def test_a_version_proves_only_against_the_one_before() -> None:
    """A number alone says nothing."""
    assert found(seen(version="8")).verified is CANNOT_TELL
    assert found(seen(version="8"), seen(version="7")) == Finding(YES, "version 8, was 7")
    assert found(seen(version="7"), seen(version="7")) == Finding(NO, "version 7, as before")


def test_what_may_not_move_is_no_sign_when_it_stands() -> None:
    """Of such a sign no page says that a password moves it: moved it counts, unmoved it says nothing."""
    case = replace(CASE, tells=())
    assert found(seen(version="7"), seen(version="7"), case).verified is CANNOT_TELL
    assert found(seen(version="8"), seen(version="7"), case).verified is YES
    assert found(seen(touched=Stamp("", LONG_AGO)), None, case).verified is CANNOT_TELL
    assert found(seen(touched=Stamp("", SENT)), None, case).verified is YES
    assert found(seen(touched=Stamp("", LONG_AGO)), None).verified is NO


def test_that_it_must_be_changed_proves_only_that_somebody_reset_it() -> None:
    """Unless it had not to be before."""
    alone = found(seen(must_change=True))
    assert alone.verified is CANNOT_TELL
    assert "some reset took effect" in alone.proof
    assert found(seen(must_change=True), seen(must_change=True)).verified is CANNOT_TELL
    assert found(seen(must_change=True), seen(must_change=False)).verified is YES


def test_that_it_need_not_be_changed_speaks_against_a_reset_only_soon() -> None:
    """Later its owner may have chosen another one."""
    assert found(seen(must_change=False)).verified is NO
    late = replace(ROW, first_sent=SENT - timedelta(hours=1), settled=SENT - timedelta(hours=1))
    assert found(seen(must_change=False), row=late).verified is CANNOT_TELL
    assert found(seen(must_change=False), case=replace(CASE, asks=False)).verified is CANNOT_TELL
    assert found(seen(must_change=False, version="8"), seen(version="7")).verified is YES


def test_what_somebody_else_has_changed_since_hides_what_we_did() -> None:
    """A version that is higher may be theirs."""
    for touched in (Stamp("", SETTLED + timedelta(minutes=1)), Stamp("somebody", SENT)):
        finding = found(seen(touched=touched, version="9"), seen(version="7"))
        assert finding.verified is CANNOT_TELL
        assert finding.since


def test_only_our_own_name_in_our_own_time_settles_what_is_uncertain() -> None:
    """Anything else could be the work of somebody else."""
    assert found(seen(touched=Stamp("us", SENT), password_changed=SENT)).certain
    assert found(seen(touched=Stamp("us", SENT))).certain
    assert not found(seen(touched=Stamp("", SENT), password_changed=SENT)).certain
    assert not found(seen(version="8", must_change=True), seen(version="7", must_change=False)).certain
    assert not found(seen(touched=Stamp("us", LONG_AGO))).certain


def test_nobody_there_proves_nothing_of_a_reset_and_speaks_against_a_creation() -> None:
    """Somebody may have deleted them, or hidden them from us."""
    assert found(nobody("jsmith", READ)).verified is CANNOT_TELL
    assert found(nobody("jsmith", READ), case=replace(CASE, creation=True)).verified is NO


def test_nothing_told_proves_nothing() -> None:
    """Never yes."""
    assert found(seen()) == Finding(CANNOT_TELL, "the target shows nothing by which it could be seen")


@pytest.mark.parametrize(
    ("now", "before", "verified", "certain"),
    [
        (seen(added=Stamp("us", SENT), has_password=True), None, YES, True),
        (seen(added=Stamp("us", SENT)), None, YES, False),
        (seen(added=Stamp("", SENT)), None, YES, False),
        (seen(added=Stamp("us", SENT), has_password=False), None, NO, False),
        (seen(added=Stamp("us", LONG_AGO)), None, NO, False),
        (seen(), nobody("jsmith"), YES, False),
        (seen(), seen(), CANNOT_TELL, False),
        (seen(), None, CANNOT_TELL, False),
    ],
)
def test_a_user_who_is_there_proves_a_creation_when_it_is_told_since_when(
    now: Evidence, before: Evidence | None, verified: Verified, *, certain: bool
) -> None:
    """And only with the password that was wanted."""
    finding = found(now, before, replace(CASE, creation=True))
    assert (finding.verified, finding.certain) == (verified, certain)


def test_a_sign_in_decides() -> None:
    """A right password is what a run is about."""
    doubtful = found(seen())
    assert tried(doubtful, Tried.RIGHT) == Finding(YES, "signed in with the new password", certain=True)
    assert tried(found(seen(password_changed=SENT)), Tried.WRONG).verified is NO
    assert tried(doubtful, Tried.NOT_TOLD).verified is CANNOT_TELL
