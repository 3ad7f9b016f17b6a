"""What came of each command, as far as the answer of a Primavera Administration proves it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from keyturn.core.commands import Command, candidate
from keyturn.core.outcomes import Outcome, Refused, Uncertain
from keyturn.dialects.primavera.wire_answer import entries_of, pick, read_outcome, read_refusal, verdicts_of
from keyturn.http.answers import Answer, Lost, sentence, settled, withheld

_NO_SUCCESS: Final = range(201, 300)
"""A success of this vendor is a 200 that tells of the user."""


def judge(commands: Sequence[Command], answer: Answer | Lost | Refused) -> Sequence[Outcome]:
    """What came of each command, as far as the answer proves it."""
    if isinstance(answer, Answer):
        entries = told_apart(commands, answer)
        if answer.status == 200 and not answer.is_html():
            entries = entries_of(answer.body)
        if entries is not None:
            return [_printable(each, read_outcome(each, pick(entries, each.who))) for each in commands]
    return [_judge(each, answer) for each in commands]


def _judge(command: Command, answer: Answer | Lost | Refused) -> Outcome:
    """What came of a command whose answer tells of no user."""
    judged = settled(command.who, answer, doubtful=_NO_SUCCESS)
    if not isinstance(judged, Answer):
        return judged
    if judged.status == 200:
        return Uncertain(command.who, "answered 200 with something that tells of no user")
    return _printable(command, read_refusal(command, judged.status, judged.body, judged.retry_after()))


def _printable(command: Command, outcome: Outcome) -> Outcome:
    """The target's own words as one harmless line, without a part of the password."""
    if not isinstance(outcome, Refused | Uncertain):
        return outcome
    return replace(outcome, text=sentence(withheld(outcome.text, candidate(command))))


def told_apart(commands: Sequence[Command], answer: Answer) -> Sequence[Mapping[str, object]] | None:
    """What a refusal of the whole call says of each user; None where it does not, as those of the vendor."""
    return verdicts_of(answer.body, [each.who for each in commands]) if answer.status == 400 else None
