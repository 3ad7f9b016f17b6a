"""That the measurements can be taken: a handful of rows through each part, no figure judged."""

from pathlib import Path

import pytest

from bench.against_stub import BARE, OURS, Way, once
from bench.keyturn import NOBODY, PROGRAM, users_file
from bench.newman import collection
from bench.processes import module, run, stats, stub
from bench.results import Aim, Finding, number, write
from bench.timing import auc, tell

ROWS = 12


def test_the_bare_loop_sends_every_row_once_to_the_stub(tmp_path: Path) -> None:
    """The stub counts what came, and how many were under way at once."""
    users = users_file(tmp_path / "users.csv", ROWS)
    with stub(0.02) as address:
        told = module("bare", address, str(users), "--in-flight", "4", env=NOBODY.environment)
        counts = stats(address)
    assert (told["rows"], told["answers"]) == (ROWS, {"200": ROWS})
    assert (counts["writes"], counts["most_in_flight"]) == (ROWS, 4)


@pytest.mark.parametrize("way", [OURS, BARE], ids=lambda way: way.name)
def test_a_way_of_doing_all_rows_is_measured(way: Way) -> None:
    """The installed command and the bare loop do the same rows against the same stub."""
    with stub() as address:
        done = once(way, address, ROWS)
    assert done.rows == ROWS
    assert done.whole > done.busy > 0
    assert done.ended.memory > 1


def test_the_collection_holds_what_the_vendors_page_says(tmp_path: Path) -> None:
    """Method, URL, headers and body of the recipe."""
    text = collection(tmp_path, "http://127.0.0.1:1", token="t").read_text(encoding="utf-8")
    for part in ('"POST"', "{{baseUrl}}/v3/users/{{userid}}/password?emailPassword=true", "x-access-token"):
        assert part in text


def test_a_command_that_is_run_tells_what_it_took() -> None:
    """Exit code, output, time, processor and memory of the whole process."""
    ended = run([PROGRAM, "--version"])
    assert ended.code == 0
    assert ended.output.startswith("keyturn ")
    assert min(ended.seconds, ended.cpu, ended.memory) > 0


def test_findings_take_their_place_on_the_page(tmp_path: Path) -> None:
    """A case that is measured again replaces its own section and leaves the others alone."""
    page = tmp_path / "RESULTS.md"
    first, second = Finding("x", "First", 1), Finding("y", "Second", 1, [Aim("speed", 9, 10, "x")])
    write([second, first], page)
    again = Finding("x", "First again", 1)
    again.figure("rate", [1.0, 3.0, 2.0], "rows/s")
    write([again], page)
    text = page.read_text(encoding="utf-8")
    assert text.index("## (x) First again") < text.index("## (y) Second")
    assert "## (x) First\n" not in text
    assert "2.00 [1.00 .. 3.00] rows/s" in text
    assert "| speed | 9.00x | at least 10.0x | MISSED |" in text


def test_numbers_show_the_digits_that_matter() -> None:
    """Three of them, and thousands apart."""
    assert [number(value) for value in (12345.6, 98.76, 1.234, 0.0567)] == ["12,346", "98.8", "1.23", "0.057"]


def test_what_tells_nothing_is_told_from_what_tells(capsys: pytest.CaptureFixture[str]) -> None:
    """The AUC of each pair is printed, and one that is too far from a half fails the measurement."""
    alike = {"here": [1.0, 2.0, 3.0, 4.0], "there": [1.0, 2.0, 3.0, 4.0]}
    assert auc(alike["here"], alike["there"]) == 0.5
    assert tell([alike, alike]) == 0
    assert tell([alike, {**alike, "there": [5.0, 6.0, 7.0, 8.0]}]) == 1
    told = capsys.readouterr().out
    assert "here / there" in told
    assert "1 pairs, 2 rounds: at most 0.500 from 0.5, allowed 0.10" in told
