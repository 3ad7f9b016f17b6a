"""Every word that people are mailed or shown is there in every language, with the same placeholders."""

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import jinja2
import pytest

from keyturn.core.languages import ENGLISH, LANGUAGES, read_catalogue
from keyturn.mail.letter import TEMPLATES

SOURCE = TEMPLATES.parents[1]
CATALOGUES = {
    tag: (files("keyturn") / "languages" / f"{tag}.po").read_text("utf-8") for tag in LANGUAGES if tag != ENGLISH
}
TAGS = sorted(CATALOGUES)


def in_templates() -> Iterator[str]:
    """The messages of the letters."""
    pages = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    pages.policies["ext.i18n.trimmed"] = True
    for path in TEMPLATES.iterdir():
        for _, _, message in pages.extract_translations(path.read_text("utf-8")):  # type: ignore[attr-defined]  # of i18n
            yield message


def in_code(path: Path) -> Iterator[str]:
    """The messages that a module marks or asks words for."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("marked", "words"):
            [argument] = node.args
            if isinstance(argument, ast.Constant):
                yield str(argument.value)


MESSAGES = {*in_templates(), *(text for path in SOURCE.rglob("*.py") for text in in_code(path))}


@pytest.mark.parametrize("tag", TAGS)
def test_every_message_is_translated_and_nothing_else(tag: str) -> None:
    catalogue = read_catalogue(CATALOGUES[tag])
    assert sorted(MESSAGES - catalogue.keys()) == [], "not in the catalogue"
    assert sorted(catalogue.keys() - MESSAGES) == [], "no longer used"
    assert [english for english, other in catalogue.items() if not other.strip()] == []
    assert "fuzzy" not in CATALOGUES[tag]


@pytest.mark.parametrize("tag", TAGS)
def test_placeholders_are_those_of_the_message(tag: str) -> None:
    """A date may leave out nothing either; and a stray percent sign would break the letter."""
    for english, other in read_catalogue(CATALOGUES[tag]).items():
        placeholders = re.compile(r"%\([a-z]+\)s|%")
        assert sorted(placeholders.findall(other)) == sorted(placeholders.findall(english)), english


@pytest.mark.parametrize("tag", TAGS)
def test_a_catalogue_says_which_language_it_is(tag: str) -> None:
    assert f'"Language: {tag}\\n"' in CATALOGUES[tag]


def test_the_messages_are_found() -> None:
    assert len(MESSAGES) > 50
    assert {"Hello %(name)s,", "Your password was reset", "This link no longer works", "November"} <= MESSAGES
