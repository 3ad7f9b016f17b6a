"""One-time secrets, links and API key tokens."""

import logging
import math
import os
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.core.errors import KeyFolderError
from keyturn.crypto.framing import framed
from keyturn.crypto.keyfolder import KeyFolder, Label, add_key, open_key_folder
from keyturn.crypto.minting import ALPHABET, SYMBOLS, FolderMinter, one_time_form

SECRETS = int(os.environ.get("KEYTURN_SECRETS", "20000"))
"""How many are drawn; `make campaign` draws many more."""

SHAPE = re.compile(r"[A-Z][0-9A-Z]{4}(-[0-9A-Z]{4}){4}-[0-9A-Z]{5}")


def test_a_one_time_secret_is_31_characters_in_groups_without_look_alikes(folder: KeyFolder) -> None:
    minter = FolderMinter(folder)
    for number in range(500):
        clear = minter.one_time(f"operation {number}", "uid").reveal()
        assert len(clear) == 31
        assert SHAPE.fullmatch(clear)
        assert not set(clear) & set("ILOU")
        assert one_time_form(clear) == clear.replace("-", "")


@pytest.mark.proves("ST-4")
def test_the_same_operation_and_user_give_the_same_secret_on_any_server(folder: KeyFolder) -> None:
    one, other = FolderMinter(folder), FolderMinter(open_key_folder(folder.path))
    assert one.one_time("o", "u") == other.one_time("o", "u")
    assert one.link("o", "u") == other.link("o", "u")
    assert one.one_time("o", "u") != one.one_time("o", "v")
    assert one.one_time("o", "u") != one.one_time("p", "u")
    assert one.one_time("ou", "") != one.one_time("o", "u")


@pytest.mark.proves("ST-4")
def test_a_secret_made_under_an_older_key_is_derived_again_by_its_key_id(folder: KeyFolder) -> None:
    before = FolderMinter(folder)
    old, link, pinned = before.one_time("o", "u"), before.link("o", "u"), before.key_id
    after = FolderMinter(add_key(folder.path, Label.DERIVE))
    assert after.one_time("o", "u") != old
    assert after.one_time("o", "u", key_id=pinned) == old
    assert after.link("o", "u", key_id=pinned) == link
    assert before.key_id == after.key_id != pinned


@pytest.mark.parametrize("suffix", ["", ":2", ":", ":1:1"])
def test_a_rendering_that_is_not_known_here_is_refused(folder: KeyFolder, suffix: str) -> None:
    with pytest.raises(KeyFolderError, match="rendering"):
        FolderMinter(folder).one_time("o", "u", key_id=folder.active(Label.DERIVE).id + suffix)


@pytest.mark.proves("ST-3", "V6.5.3", "V6.5.4", "V11.5.1", "N3.2.12")
def test_no_secret_comes_twice_and_every_symbol_is_equally_likely(folder: KeyFolder) -> None:
    """Each count lies within five standard deviations of its mean; `make campaign` takes a million secrets."""
    minter, letters = FolderMinter(folder), "".join(symbol for symbol in ALPHABET if symbol.isalpha())
    seen: set[str] = set()
    first: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    for number in range(SECRETS):
        text = minter.one_time(str(number), "uid").reveal().replace("-", "")
        seen.add(text)
        first[text[0]] += 1
        rest.update(text[1:])
    furthest = max(_furthest(first, letters, SECRETS), _furthest(rest, ALPHABET, SECRETS * (SYMBOLS - 1)))
    logging.getLogger(__name__).info(
        "%d secrets: %d twice, no symbol further than %.2f sigma from its share",
        SECRETS, SECRETS - len(seen), furthest,
    )  # fmt: skip
    assert len(seen) == SECRETS
    assert furthest < 5


def _furthest(counts: Counter[str], symbols: str, many: int) -> float:
    """How many standard deviations the most unlikely count is from its mean."""
    share = 1 / len(symbols)
    sigma = math.sqrt(many * share * (1 - share))
    assert set(counts) == set(symbols)
    return max(abs(count - many * share) / sigma for count in counts.values())


def test_a_link_is_256_bits_that_fit_a_path(folder: KeyFolder) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", FolderMinter(folder).link("o", "u").reveal())


def test_a_drawn_token_is_512_random_bits(folder: KeyFolder) -> None:
    minter = FolderMinter(folder)
    assert re.fullmatch(r"[A-Za-z0-9_-]{86}", minter.draw().reveal())
    assert minter.draw() != minter.draw()


@given(st.text(max_size=40))
def test_what_is_no_one_time_secret_is_compared_as_it_is(text: str) -> None:
    form = one_time_form(text)
    assert form == text or re.fullmatch(f"[{ALPHABET}]{{26}}", form)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_no_two_lists_of_parts_make_the_same_message(one: list[str], other: list[str]) -> None:
    assert (framed(*one) == framed(*other)) == (one == other)
