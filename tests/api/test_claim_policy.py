"""The page behind a mailed link has no policy of its own: it judges as every door does."""

import re
import unicodedata

import pytest

from keyturn.core.policy import KNOWN, Rule
from tests.api.test_claim import fill_in, mailed_link
from tests.support.server import OpenDoor, Person, add_people

ACCENTED = "\u00e9\u00e0\u00fc\u00f6\u00f1\u00e7\u00e2\u00ea\u00ee\u00f4\u00fb\u00eb\u00ef\u00f8\u00e5\u00e6"
SCRIPTS = {
    "vera": "kestrel orbit lamp",
    "wim": ACCENTED,
    "xenia": unicodedata.normalize("NFD", ACCENTED),
    "yara": "".join(chr(0x1F400 + at * 3) for at in range(16)),
}


@pytest.mark.proves("PW-1", "PW-6")
@pytest.mark.parametrize("who", SCRIPTS)
def test_fourteen_characters_are_too_few_on_the_page_and_fifteen_are_enough(
    door: OpenDoor, admin: str, who: str
) -> None:
    add_people(door.house, [Person(who, f"{who}@example.com", "")])
    path = mailed_link(door, admin, who)
    shown = unicodedata.normalize("NFC", SCRIPTS[who])
    form = unicodedata.normalize("NFD", shown[:14]) if who == "xenia" else shown[:14]
    short = fill_in(door, path, form, form)
    assert (short.status, "shorter than 15 characters" in short.text) == (422, True)
    long = unicodedata.normalize("NFD", shown[:15]) if who == "xenia" else shown[:15]
    assert fill_in(door, path, long, long).status == 200
    assert door.sign_in(who, shown[:15]).status == 201


@pytest.mark.proves("PW-4", "PW-7", "N3.1.1.2-11")
def test_the_page_names_the_rule_and_repeats_nothing(door: OpenDoor, admin: str) -> None:
    add_people(door.house, [Person("zoltan", "zoltan.k@nightjar.example", "")])
    path = mailed_link(door, admin, "zoltan")
    for candidate, rule in (
        ("P@ssw0rd2024!!!!", Rule.VARIANT),
        ("nightjar-zoltan-7", Rule.CONTEXT),
        ("tremolo7-tremolo7", Rule.PATTERN),
    ):
        refused = fill_in(door, path, candidate, candidate)
        assert refused.status == 422
        assert KNOWN[rule].removeprefix("t") in refused.text
        assert candidate not in refused.text


@pytest.mark.proves("V6.2.6", "V6.2.7", "N3.1.1.2-13")
def test_fields_for_passwords_hide_what_is_typed_and_let_managers_and_pasting_work(door: OpenDoor) -> None:
    """No script can stand in the way of pasting: the page has none and may have none; no field cuts anything off."""
    page = door.ask("GET", "/claim/x")
    fields = re.findall(r"<input[^>]*(?:new|again|present)[^>]*>", page.text)
    assert len(fields) >= 2
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(new|current)-password"', field)
        assert "maxlength" not in field
    assert "<script" not in page.text
    assert " on" not in "".join(re.findall(r"<[a-z][^>]*>", page.text))
    assert page.headers["content-security-policy"].startswith("default-src 'none';")
    assert "script-src" not in page.headers["content-security-policy"]
