"""JSON: what is written is what is meant, to the digit, and nothing is guessed."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.bulk.intake.source import Source, read_source
from keyturn.core.errors import SourceError
from tests.bulk.desk import plan_of, write


def ids(source: Source) -> list[str]:
    """The id cells."""
    return [row.cells["id"] for row in source.rows() if row.record]


def refused(path: Path) -> SourceError:
    """The fault of a file."""
    with pytest.raises(SourceError) as caught:
        list(read_source(path).rows())
    return caught.value


ODD = ["007", "1E5", "müller", " padded ", 'a "b"', "x%41y"]
NUMBERS = ["7", "1E5", "1.10", "12345678901234567890", "-1"]


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize("name", ["users.json", "users.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_objects_are_rows_and_numbers_keep_every_digit(tmp_path: Path, name: str, encoding: str) -> None:
    """In an array and one on each line, in every encoding."""
    objects = [f'{{"userid": {json.dumps(who)}, "n": null}}' for who in ODD]
    objects += [f'{{"n": true, "userid": {number}}}' for number in NUMBERS]
    text = "[" + ",\n ".join(objects) + "]\n" if name == "users.json" else "\n".join([*objects, ""])
    source = read_source(write(tmp_path, text.encode(encoding), name))
    assert ids(source) == [*ODD, *NUMBERS]
    assert source.header == ("userid", "n")
    assert [row.record[1] for row in source.rows()] == [""] * len(ODD) + ["true"] * len(NUMBERS)


def test_rows_are_counted_as_lines_and_objects_of_an_array_from_one(tmp_path: Path) -> None:
    """A blank line is a blank row; what an object does not say is empty."""
    lines = read_source(write(tmp_path, '{"userid": "a"}\n\n{"mail": "x", "userid": "b"}\n', "u.jsonl"))
    assert [(row.number, dict(row.cells)) for row in lines.rows()] == [
        (1, {"id": "a", "email": ""}), (2, {}), (3, {"id": "b", "email": "x"}),
    ]  # fmt: skip
    array = read_source(write(tmp_path, '\n[ {"userid": "a"}, {"userid": "b"} ,\n{} ]', "u.json"))
    assert [(row.number, row.cells.get("id")) for row in array.rows()] == [(1, "a"), (2, "b"), (3, None)]


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ('[{"userid": "a", "userid": "b"}]', "line 1", "stands twice"),
        ('[{"userid": NaN}]', "line 1", "NaN is no value"),
        ('[{"userid": -Infinity}]', "line 1", "-Infinity is no value"),
        ('[{"userid": "a"},\n{"userid": {"is": "b"}}]', "line 2", "holds a list or an object"),
        ('[{"userid": "a"},\n{"userid": ["b"]}]', "line 2", "holds a list or an object"),
        ('[{"userid": "a"}\n{"userid": "b"}]', "line 2", "a comma is missing"),
        ('[{"userid": "a"},\n', "line 2", "each row must be an object"),
        ('[{"userid": "a"},]', "line 1", "each row must be an object"),
        ('[{"userid": "a"}', "line 1", "not closed"),
        ('[{"userid": "a"}] x', "line 1", "behind the array"),
        ('["a"]', "line 1", "must be an object"),
        ('"a"', "line 1", "an array of objects is expected"),
        ('[{"userid": "a\nb"}]', "line 1", "Invalid control character"),
        ('[{"userid": "a",\n"x" "y"}]', "line 2", "Expecting ':'"),
        ('[{"userid": "\\ud800"}]', "line 1", "half a letter"),
        ('[{"userid": ' + "[" * 100_000, "line 1", "an object in an object"),
        ('{"userid": "a"}\n{"userid": "b"} {"userid": "c"}\n', "line 2", "behind the object"),
        ('{"userid": "a",\n"mail": "x"}\n', "line 1", "Expecting property name"),
    ],
)
def test_json_that_could_be_read_in_two_ways_is_refused(tmp_path: Path, text: str, where: str, why: str) -> None:
    """With the line, what is wrong there, and a way out."""
    fault = refused(write(tmp_path, text, "users.json"))
    assert (fault.code, fault.where) == ("KT-IN-014", where)
    assert why in fault.why
    assert fault.fix


def test_a_pair_that_makes_one_letter_is_a_letter(tmp_path: Path) -> None:
    """Escapes of two halves are what other programs write for letters of the higher planes."""
    assert ids(read_source(write(tmp_path, '[{"userid": "\\ud83d\\ude00"}]', "u.json"))) == ["\U0001f600"]


def test_nothing_in_it_is_nothing_to_do(tmp_path: Path) -> None:
    """Empty files, empty arrays and blank lines have no header."""
    for name, text in [("u.json", "[]"), ("u.json", ""), ("u.json", "[ ]\n"), ("u.jsonl", "\n\n"), ("u.json", "[{}]")]:
        assert refused(write(tmp_path, text, name)).code == "KT-IN-013"


def test_objects_of_thousands_of_names_are_no_table(tmp_path: Path) -> None:
    """They would make a row of each of them very wide."""
    text = json.dumps([{f"n{number}": "x" for number in range(1001)}])
    assert refused(write(tmp_path, text, "u.json")).code == "KT-IN-014"


@pytest.mark.proves("V5.2.1")
def test_an_array_that_is_too_large_is_told_the_other_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are read one at a time; measured with a smaller bound."""
    monkeypatch.setattr("keyturn.bulk.intake.objects.MOST_IN_ARRAY", 10)
    fault = refused(write(tmp_path, '[{"userid": "a"}]', "u.json"))
    assert (fault.code, "jq" in fault.fix) == ("KT-IN-019", True)


def test_digits_that_a_script_has_lost_stop_the_run(tmp_path: Path) -> None:
    """A number in the form that a script writes of a long one is no id."""
    path = write(tmp_path, '{"userid": 1.2345678901234568e+21}\n', "u.jsonl")
    with pytest.raises(SourceError) as caught:
        plan_of(path)
    assert caught.value.code == "KT-IN-007"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(), st.booleans())
    ),
    lines=st.booleans(),
)
def test_whatever_is_in_the_objects_comes_out_again(
    tmp_path: Path, cells: list[tuple[str, int, bool]], lines: bool
) -> None:
    """Letters of any kind and numbers of any length survive."""
    objects = [{"userid": who, "n": number, "b": truth} for who, number, truth in cells] or [{"userid": "x"}]
    text = "".join(f"{json.dumps(each)}\n" for each in objects) if lines else json.dumps(objects, indent=1)
    source = read_source(write(tmp_path, text, "u.jsonl" if lines else "u.json"))
    if cells:
        expected = [(who, str(number), str(truth).lower()) for who, number, truth in cells]
        assert [row.record for row in source.rows()] == expected
