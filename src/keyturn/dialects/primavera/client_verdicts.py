"""What came of each command, as far as the answer of a Primavera Administration proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.commands import Command, candidate
from keyturn.core.outcomes import Outcome, Reason, Refused, Uncertain
from keyturn.dialects.primavera.wire_answer import entries_of, pick, read_outcome, read_refusal, verdicts_of
from keyturn.http.answers import Answer, Lost, harmless, sentence, withheld

_UNKNOWN_FATE: Final = frozenset({202, 204, 408, 500, 502, 504})


def judge(commands: Sequence[Command], answer: Answer | Lost | Refused) -> Sequence[Outcome]:
    """What came of each command, as far as the answer proves it."""
    if isinstance(answer, Refused):
        return [replace(answer, who=each.who) for each in commands]
    if isinstance(answer, Lost):
        return [
            Uncertain(each.who, answer.text) if answer.sent else Refused(each.who, Reason.UNREACHABLE, answer.text)
            for each in commands
        ]
    status = answer.status
    told = told_apart(commands, answer)
    if told is not None:
        return [_printable(each, read_outcome(each, pick(told, each.who))) for each in commands]
    if status == 200:
        entries = None if answer.is_html() else entries_of(answer.body)
        if entries is None:
            return [Uncertain(each.who, "answered 200 with something that tells of no user") for each in commands]
        return [_printable(each, read_outcome(each, pick(entries, each.who))) for each in commands]
    unknown = (
        status in _UNKNOWN_FATE or (status >= 500 and status != 503) or (300 <= status < 400 and not harmless(status))
    )
    if unknown or 200 <= status < 300:
        return [Uncertain(each.who, f"answered {status}") for each in commands]
    if answer.is_html() and status == 404:
        text = "answered with a web page: is this the address of the API?"
        return [Refused(each.who, Reason.OTHER, text) for each in commands]
    return [_printable(each, read_refusal(each, status, answer.body, answer.retry_after())) for each in commands]


def _printable(command: Command, outcome: Outcome) -> Outcome:
    """The target's own words as one harmless line, without a part of the password."""
    if not isinstance(outcome, Refused | Uncertain):
        return outcome
    return replace(outcome, text=sentence(withheld(outcome.text, candidate(command))))


def told_apart(commands: Sequence[Command], answer: Answer) -> Sequence[Mapping[str, object]] | None:
    """What a refusal of the whole call says of each user; None where it does not, as those of the vendor."""
    return verdicts_of(answer.body, [each.who for each in commands]) if answer.status == 400 else None
