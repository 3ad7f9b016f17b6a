"""How commands say things: numbers with what they count, named lines, reasons."""


def counted(count: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "user"), counted(4986, "user")
    ('1 user', '4,986 users')
    """
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def in_words(reason: str) -> str:
    """A reason as people read it.

    >>> in_words("no-such-user")
    'no such user'
    """
    return reason.replace("-", " ")


def named_lines(name: str, *texts: str) -> list[str]:
    """A named text of a plan; further texts stand below the first."""
    return [f"  {name if number == 0 else '':<13} {text}" for number, text in enumerate(texts)]
