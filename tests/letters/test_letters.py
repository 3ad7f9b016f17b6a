"""Letters, slips and lists: what is on each sheet, in which order, and that no list holds a password."""

import io
import re
from dataclasses import replace

import pytest

from keyturn.core.errors import ConfigError
from keyturn.letters.book import Form, Order, strange, write
from keyturn.letters.sheet import Paper
from tests.letters.kit import PAGE, PASSWORD, TOLD, person, printed, texts


def test_a_letter_says_who_what_where_and_whom_to_call() -> None:
    """Behind a sheet that counts."""
    told = replace(TOLD, help_text="Service desk, 4711", head="Example SA, Lyon")
    book, reader = printed([person(columns={"Site": "Lyon"})], told=told)
    cover, letter = texts(reader)
    assert (book.sheets, book.groups) == (2, [("", 1)])
    assert "1passwordstohandover" in cover
    assert PASSWORD not in cover
    for words in (
        "AmalHaddad",
        "Lyon",
        "u002",
        *("Kt7-", "vqR_", "mWd2", ".xHa"),
        PAGE,
        "Servicedesk,4711",
        "ExampleSA",
    ):
        assert words in letter, words
    assert reader.metadata is not None
    assert PASSWORD not in str(reader.metadata)


@pytest.mark.parametrize("paper", [*Paper])
@pytest.mark.parametrize("length", [8, 16, 31, 64])
def test_everything_stays_on_one_sheet(paper: Paper, length: int) -> None:
    """Every length that a runner's or a target's password has; nothing is below the lower edge."""
    told = replace(TOLD, help_text="Service desk\nextension 4711\nMonday to Friday", head="x" * 300)
    password = (PASSWORD * 4)[:length]
    lines = {"Site": "a long name of a place " * 9, "Floor": "4", "Room": "12", "Desk": "7"}
    people = [person(name="Amal " * 40, password=password, state="uncertain", columns=lines)]
    _, reader = printed(people, told=told, paper=paper)
    assert len(reader.pages) == 2
    lowest: list[float] = []
    page = reader.pages[1]
    page.extract_text(visitor_text=lambda text, cm, tm, *_: lowest.append(cm[5] + tm[5]) if text.strip() else None)
    assert min(lowest) > 20
    assert float(page.mediabox.height) == pytest.approx(paper.high * 72 / 25.4)


def test_an_uncertain_row_says_that_the_former_password_may_still_work() -> None:
    _, reader = printed([person(state="uncertain"), person(3)])
    cover, doubtful, sure = texts(reader)
    assert "1ofthemmaynotholdyet" in cover
    assert "yourformerpasswordstillworks" in doubtful
    assert "yourformerpasswordstillworks" not in sure


def test_a_letter_is_in_the_language_of_the_person() -> None:
    """And in that of the settings, where it is not known."""
    people = [person(2, language="fr-CA"), person(3), person(4, language="ja"), person(5, language="tlh")]
    _, reader = printed(people, told=replace(TOLD, language="de"))
    cover, french, german, japanese, klingon = texts(reader)
    assert "ZuübergebendePasswörter:4" in cover
    assert "Détruisezcettelettre" in french
    assert "VernichtenSiediesenBrief" in german
    assert "この書面を破棄してください" in japanese
    assert "VernichtenSiediesenBrief" in klingon


def test_people_come_sorted_and_in_groups_each_behind_a_sheet_that_counts() -> None:
    sites = ["Nantes", "lyon", "Nantes", "Lyon", ""]
    people = [person(row, f"Name {9 - row}", columns={"Site": site}) for row, site in enumerate(sites, start=2)]
    book, reader = printed(people, order=Order("site", ("Name",)))
    assert book.groups == [("", 1), ("Lyon", 1), ("lyon", 1), ("Nantes", 2)]
    sheets = texts(reader)
    assert len(sheets) == 4 + 5
    assert "Everybody" in sheets[0]
    assert ["Name5" in sheets[7], "Name7" in sheets[8], "5/5" in sheets[8]] == [True, True, True]


def test_a_column_that_the_handout_does_not_have_is_named_with_those_it_has() -> None:
    with pytest.raises(ConfigError, match="no column Floor") as refused:
        printed([person(columns={"Site": "Lyon"})], order=Order("Floor"))
    assert "Name, user, row, target, Site" in refused.value.why


def test_eight_slips_share_a_sheet() -> None:
    people = [person(row, f"Name {row}") for row in range(2, 11)]
    _, reader = printed(people, Form.SLIPS)
    cover, full, rest = texts(reader)
    assert PASSWORD not in cover
    assert full.count("Kt7-") == 8
    assert rest.count("Kt7-") == 1
    assert PAGE in rest


def test_a_list_to_sign_holds_everybody_and_no_password() -> None:
    """Over as many sheets as it needs."""
    people = [person(row, f"Name {row:03}", state="uncertain" if row == 5 else "changed") for row in range(2, 102)]
    book, reader = printed(people, Form.SIGN)
    assert book.sheets == 5
    everything = "".join(texts(reader))
    assert all(f"Name{row:03}" in everything for row in range(2, 102))
    assert "u005?" in everything
    assert [piece for piece in (PASSWORD, "Kt7-", "vqR_", "mWd2", ".xHa") if piece in everything] == []


def test_the_code_holds_the_address_and_nothing_of_the_person() -> None:
    """It is drawn once for all letters of a target: the same for everybody."""
    _, reader = printed([person(2), person(3, "Zoë", password="another-Passw0rd")])
    contents = [page.get_contents() for page in reader.pages[1:]]
    dots = [b" re" in content.get_data() for content in contents if content is not None]
    assert dots == [False, False], "no dot is drawn for one person alone"


def test_a_letter_that_no_font_prints_stands_as_its_code_and_is_told_by_row() -> None:
    people = [person(2), person(3, "𠮷田 花子"), person(4, password="pass\N{PILE OF POO}word")]
    assert [(each.row, each.letters, each.left_out) for each in strange(people)] == [(3, "𠮷", False), (4, "", True)]
    _, reader = printed(people[:2])
    assert "[U+20BB7]田花子" in texts(reader)[2]


def test_nothing_that_letters_share_is_cut_at_an_edge() -> None:
    """Each piece is drawn at the upper edge and moved to its place; its frame must have room for what stands out."""
    _, reader = printed([person(2), person(3, state="uncertain")])
    height = float(reader.pages[1].mediabox.height)
    reader.stream.seek(0)
    found = re.findall(rb"/BBox \[([-\d. ]+)\]", reader.stream.read())
    frames = [list(map(float, each.split())) for each in found]
    assert len(frames) > 4
    assert [frame for frame in frames if frame[1] > -20 or frame[3] < height + 20] == []


def test_one_letter_more_is_little_more_to_write() -> None:
    """What letters share is written once: a thousand of them are a matter of seconds, and of two megabytes."""
    sizes = []
    for count in (10, 60):
        file = io.BytesIO()
        people = [person(row, f"Name {row}", columns={"Site": "Lyon"}) for row in range(2, count + 2)]
        write(file, Form.LETTERS, [("", people)], TOLD, order=Order(), paper=Paper.A4)
        sizes.append(len(file.getvalue()))
    assert (sizes[1] - sizes[0]) / 50 < 2_000
