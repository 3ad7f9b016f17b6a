"""What an answer proves before its words are read; the same for every host of a MAS."""

from collections.abc import Container

from keyturn.core.outcomes import Refused, Uncertain
from keyturn.http.answers import Answer, Lost, doubt, settled


def proven(who: str, answer: Answer | Lost | Refused, expected: Container[int]) -> Answer | Refused | Uncertain:
    """The outcome, where no word of the vendor's can change it; else the answer.

    What is left to read are a success that can be believed and a refusal in the vendor's own shape.
    """
    judged = settled(who, answer)
    if isinstance(judged, Answer) and 200 <= judged.status < 300:
        text = doubt(judged, expected, who)
        return Uncertain(who, text) if text else judged
    return judged
