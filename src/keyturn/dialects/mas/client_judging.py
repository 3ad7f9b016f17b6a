"""What an answer proves before its words are read; the same for every host of a MAS."""

from collections.abc import Container
from dataclasses import replace
from typing import Final

from keyturn.core.outcomes import Reason, Refused, Uncertain
from keyturn.http.answers import Answer, Lost, doubt, harmless

_UNKNOWN_FATE: Final = frozenset({408, 500, 502, 504})


def settled(who: str, answer: Answer | Lost | Refused, expected: Container[int]) -> Answer | Refused | Uncertain:
    """The outcome, where no word of the vendor's can change it; else the answer.

    What is left to read are a success that can be believed and a refusal in the vendor's own shape.
    """
    if isinstance(answer, Refused):
        return replace(answer, who=who)
    if isinstance(answer, Lost):
        return Uncertain(who, answer.text) if answer.sent else Refused(who, Reason.UNREACHABLE, answer.text)
    status = answer.status
    if 200 <= status < 300:
        text = doubt(answer, expected, who)
        return Uncertain(who, text) if text else answer
    if status in _UNKNOWN_FATE or (status >= 500 and status != 503) or (300 <= status < 400 and not harmless(status)):
        return Uncertain(who, f"answered {status}")
    if answer.is_html() and status == 404:
        return Refused(who, Reason.OTHER, "answered with a web page: is this the address of the API?")
    return answer
