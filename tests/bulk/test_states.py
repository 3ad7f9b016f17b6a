"""Journal rules: what an outcome makes of a row, what a crash leaves, who made a user."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.bulk.record.exit import ExitCode
from keyturn.bulk.running.breaker import EXITS, Breaker, Cause, Limit
from keyturn.bulk.running.run import exit_of
from keyturn.bulk.running.states import Passing, made_by_us, recovered, settled, to_send
from keyturn.core.errors import ConfigError
from keyturn.core.journal import DONE, FINAL, Row, RowState, Verified
from keyturn.core.outcomes import Changed, Created, Delivery, Outcome, Reason, Refused, Uncertain, Unchanged
from keyturn.core.secret import Secret
from keyturn.core.users import Profile, Stamp, User

OUTCOMES = st.one_of(
    st.builds(Created, st.just("a"), delivery=st.sampled_from(Delivery)),
    st.builds(Changed, st.just("a"), delivery=st.sampled_from(Delivery)),
    st.just(Unchanged("a")),
    st.builds(Refused, st.just("a"), st.sampled_from(Reason), st.text()),
    st.builds(Uncertain, st.just("a"), st.text()),
)
NOW = datetime(2026, 11, 21, 12, 0, 0, 700_000, tzinfo=UTC)


@given(outcome=OUTCOMES, handed=st.booleans())
def test_an_outcome_is_never_better_than_what_was_answered(outcome: Outcome, handed: bool) -> None:
    """Done only for done, uncertain only for uncertain, and a refusal is final."""
    row = settled(7, "a", outcome, Passing(handed))
    assert (row.state in DONE) == isinstance(outcome, Created | Changed)
    assert (row.state is RowState.UNCERTAIN) == isinstance(outcome, Uncertain)
    assert (row.state in FINAL) != isinstance(outcome, Uncertain)
    if isinstance(outcome, Refused):
        assert row.reason == outcome.reason


def test_what_was_mailed_is_not_handed_out_as_well() -> None:
    """One way to its owner for each password."""
    ours = Passing(handed=True)
    assert settled(1, "a", Changed("a", delivery=Delivery.MAILED), ours).delivery == "mailed"
    assert settled(1, "a", Changed("a", delivery=Delivery.MAIL_REFUSED), ours).delivery == "mail-refused"
    assert settled(1, "a", Changed("a"), ours).delivery == "handout"
    assert settled(1, "a", Changed("a", secret=Secret("x")), Passing()).delivery == "handout"
    assert settled(1, "a", Changed("a"), Passing()).delivery == "none"
    assert settled(1, "a", Uncertain("a"), ours).delivery == "handout"


def test_the_code_of_the_target_stands_behind_its_words() -> None:
    """For whoever looks it up."""
    assert settled(1, "a", Refused("a", Reason.OTHER, "no", code="E7"), Passing()).text == "no (its code E7)"


def test_after_a_crash_only_what_does_no_harm_is_sent_again() -> None:
    """Sent and unanswered is uncertain, unless the same password goes out again."""
    assert to_send(resendable=False) == (RowState.NOT_TRIED,)
    assert set(to_send(resendable=True)) == {RowState.NOT_TRIED, RowState.SENT, RowState.UNCERTAIN}
    assert not set(to_send(resendable=True)) & FINAL
    row = recovered(Row(3, "a", RowState.SENT))
    assert (row.number, row.who, row.state, row.reason) == (3, "a", RowState.UNCERTAIN, "lost-answer")


@pytest.mark.parametrize(
    ("by", "after", "ours"),
    [("us", -0.7, True), ("us", 0, True), ("us", 60, True), ("us", -0.701, False), ("them", 1, False)],
)
def test_a_user_is_ours_when_our_account_made_it_not_before_we_sent(by: str, after: float, ours: bool) -> None:
    """Stamps of whole seconds are no reason for doubt."""
    stamp = Stamp(by, NOW + timedelta(seconds=after))
    user = User("u", 1, 1, "a", "a", Profile(), stamp, stamp)
    assert made_by_us(user, "us", NOW) is ours
    assert not made_by_us(None, "us", NOW)


def test_a_run_is_only_green_when_every_row_is_known_good() -> None:
    """Uncertain wins over failed, failed over nothing."""
    assert exit_of({RowState.CHANGED: 5, RowState.SKIPPED: 2}) is ExitCode.FINE
    assert exit_of({RowState.CHANGED: 5, RowState.FAILED: 1}) is ExitCode.FAILURES
    assert exit_of({RowState.FAILED: 1, RowState.UNCERTAIN: 1}) is ExitCode.UNCERTAIN
    assert exit_of({RowState.NOT_TRIED: 1}) is ExitCode.FAILURES
    assert exit_of({RowState.CHANGED: 5}, {Verified.CANNOT_TELL: 5}) is ExitCode.FINE
    assert exit_of({RowState.CHANGED: 5, RowState.FAILED: 1}, {Verified.NO: 1}) is ExitCode.UNCERTAIN
    assert set(EXITS) == set(Cause)


def test_twenty_failures_in_a_row_stop_the_run() -> None:
    """Nineteen and a success do not."""
    breaker = Breaker(Limit())
    for _ in range(19):
        assert breaker.count(RowState.FAILED) is None
    assert breaker.count(RowState.CHANGED) is None
    assert breaker.done == 1
    trips = [breaker.count(RowState.UNCERTAIN) for _ in range(20)]
    assert trips[:19] == [None] * 19
    assert trips[19] is not None
    assert trips[19].text == "20 rows in a row failed"


def test_a_share_counts_after_the_first_fifty_rows() -> None:
    """Three of fifty is no share yet; a fourth at row 60 is too many."""
    breaker = Breaker(Limit.parse("5%"))
    states = [RowState.FAILED, *[RowState.CHANGED] * 15] * 3
    assert not any(breaker.count(state) for state in states)
    for _ in range(11):
        breaker.count(RowState.SKIPPED)
    trip = breaker.count(RowState.FAILED)
    assert trip is not None
    assert trip.text == "4 of the first 60 rows failed (6.7 %, limit 5 %)"


@pytest.mark.proves("RN-8")
def test_one_cause_alone_stops_the_run_and_is_named_with_its_figures() -> None:
    """As a person reads it: how many, of how many, and what most of them have in common."""
    breaker = Breaker(Limit.parse("5%"))
    trips = []
    for number in range(400):
        cause = "no-such-user" if number % 14 == 0 else ""
        trips.append(breaker.count(RowState.FAILED if cause else RowState.CHANGED, cause))
    [first, *_] = [trip for trip in trips if trip is not None]
    assert first.text == '5 of the first 57 rows failed (8.8 %, limit 5 %), all of them: "no such user"'
    mixed = Breaker(Limit.parse("3"))
    [*_, last] = [mixed.count(RowState.FAILED, cause) for cause in ("policy", "policy", "lost-answer")]
    assert last is not None
    assert last.text == '3 rows failed (limit 3); 2 of them: "policy"'


def test_a_cause_with_a_limit_of_its_own_is_counted_by_itself() -> None:
    """Many leavers stop nothing, and hide nothing else that goes wrong."""
    breaker = Breaker(Limit.parse("5%,no-such-user=60%"))
    for number in range(60):
        assert breaker.count(RowState.FAILED if number % 2 else RowState.CHANGED, "no-such-user") is None
    trips = [breaker.count(RowState.FAILED, "policy") for _ in range(5)]
    assert trips[3] is not None
    assert "policy" in trips[3].text
    in_a_row = Breaker(Limit.parse("no-such-user=60%"))
    assert [in_a_row.count(RowState.FAILED, "no-such-user") for _ in range(20)][19] is not None


def test_a_number_of_failures_is_a_limit_too_and_all_of_them_is_none() -> None:
    """`--max-failures 3` and `--max-failures 100%`."""
    breaker = Breaker(Limit.parse("3"))
    assert [breaker.count(RowState.FAILED) is None for _ in range(3)] == [True, True, False]
    endless = Breaker(Limit.parse("100%"))
    assert not any(endless.count(RowState.FAILED) for _ in range(200))


@pytest.mark.parametrize("text", ["", "x", "0", "-3", "0%", "101%", "x%", "5%,nobody=3%", "5%,6%", "policy=x"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(ConfigError) as caught:
        Limit.parse(text)
    assert caught.value.code == "KT-CFG-032"
