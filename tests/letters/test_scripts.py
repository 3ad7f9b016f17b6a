"""Names of every script that our fonts print, in the order and the shapes of paper."""

import hashlib
import re
from importlib.resources import files

import pytest

from keyturn.core.languages import Words
from keyturn.letters.fonts import Face, pieces, unprintable
from keyturn.letters.scripts import visible
from keyturn.letters.spelling import ALPHABET, groups, spelt

NAMES = (
    "Łukasz Żółć-Öğütücü",
    "Nguyễn Thị Hằng",
    "Þórður Ægisson",
    "O\N{RIGHT SINGLE QUOTATION MARK}Connor \N{EN DASH} Şmit",
    "Αλέξανδρος Ώρας",
    "Дмитрий Ёлкин-Їжакевич",
    "Անի Հակոբյան",
    "ნინო ბერიძე",
    "יעל כהן",
    "محمد عبد السلام",
    "فریدون پورگچی",
    "山田 太郎",
    "髙橋 美咲",
    "王小明",
    "陳怡君",
    "김민수",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_printed_without_a_gap(name: str) -> None:
    """In every face; decomposed as well as composed."""
    assert unprintable(name) == ""
    for face in Face:
        assert "".join(piece for _, piece in pieces(name, face)) == visible(name)


def test_a_decomposed_name_is_printed_like_a_composed_one() -> None:
    """Sheets made on a Mac hold them so."""
    assert (
        visible("Zoe\N{COMBINING DIAERESIS} Nguye\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING TILDE}n") == "Zoë Nguyễn"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("יעל כהן", "ןהכ לעי"),
        ("Yael (יעל)", "Yael (לעי)"),
        ("יעל (Yael) 12", "12 (Yael) לעי"),
        ("דנה\N{HEBREW POINT QAMATS}", "ה\N{HEBREW POINT QAMATS}נד"),
        ("محمد", "\ufeaa\ufee4\ufea4\ufee3"),
        ("سلام", "\ufee1\ufefc\ufeb3"),
        ("a\u202eb\u200dc\x07", "abc"),
    ],
)
def test_right_to_left_names_stand_as_they_are_read(text: str, shown: str) -> None:
    """Arabic joined, Hebrew turned, Latin inside of both as it is; nothing invisible is left."""
    assert visible(text) == shown


def test_a_zero_width_joiner_breaks_no_letter_apart_and_leaves_no_trace() -> None:
    assert "\u200c" not in visible("می\u200cخ")


def test_the_typed_face_is_one_in_which_no_two_signs_look_alike() -> None:
    """0 and O, and 1, l and I, have outlines of their own in it."""
    assert {font for font, _ in pieces("0O1lI", Face.MONO)} == {"DejaVuSansMono-Bold"}


def test_every_sign_of_a_password_has_a_name() -> None:
    """Capital letters in capitals, so that nobody has to say so each time."""
    assert len(set(ALPHABET)) == 26
    assert all(ALPHABET[ord(letter) - 97].lower().startswith(letter) for letter in "abcdefghijklmnopqrstuvwxyz")
    assert list(spelt("aA0-é", Words())) == [
        ("a", "alfa"), ("A", "ALFA"), ("0", "zero"), ("-", "dash"), ("é", "latin small letter e with acute"),
    ]  # fmt: skip
    assert groups("") == []


def test_the_fonts_are_those_that_the_note_names() -> None:
    """Byte for byte, with their licence beside them."""
    folder = files("keyturn.letters") / "fonts"
    lines = re.findall(r"^SHA-256   (\w{64})  (\S+)$", (folder / "NOTICE").read_text(), re.M)
    told = {name: digest for digest, name in lines}
    fonts = {each.name: each.read_bytes() for each in folder.iterdir() if each.name.endswith(".ttf")}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in fonts.items()} == told
    assert "Permission is hereby granted" in (folder / "LICENSE-DejaVu").read_text()
    assert sum(map(len, fonts.values())) < 6_000_000
