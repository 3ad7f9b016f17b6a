"""Shows text that somebody else wrote: on a terminal, in a report, in a sheet."""

from typing import Final

_SPACE: Final = "\u3000"
"""Between the names of people who write Japanese or Chinese; it looks like what it is."""


def harmless(text: str) -> str:
    r"""The text with all spelt out that is not seen or does something: controls, marks of direction, halves of signs.

    >>> harmless("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign == _SPACE else sign.encode("unicode_escape").decode() for sign in text
    )
