"""Reads the catalogues of the languages that mails and pages are written in."""

from importlib.resources import files

from keyturn.core.languages import ENGLISH, LANGUAGES, Languages


def languages() -> Languages:
    """All languages that there are words for; reads four small files."""
    folder = files("keyturn") / "languages"
    tags = [tag for tag in LANGUAGES if tag != ENGLISH]
    return Languages({tag: (folder / f"{tag}.po").read_text("utf-8") for tag in tags})
