"""newman 6.2.2 and `keyturn postman run` on the same collections and files: the same requests where newman is right."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.newman import newman
from bench.processes import EVERYWHERE, Ended, run
from tests.bulk.kit import KEYTURN
from tests.dialects.postman.how_tos import CASES, SENT, Case, as_kept, content
from tests.dialects.postman.kit import TOKEN, collection, item
from tests.support.recording_server import Recorder, recorder

RESET = "{{baseUrl}}/v3/users/{{userid}}/password?emailPassword=true"
KNOWN = '{"token": "NewUserPasswordHere1c"}'


@pytest.fixture
def server() -> Iterator[Recorder]:
    """A server that writes down what comes."""
    with recorder() as found:
        found.answer = content
        yield found


def keyturn(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    """`keyturn postman run`, in a home of its own."""
    more = {**os.environ, "KEYTURN_HOME": str(folder / "home"), "NO_COLOR": "1"}
    command = [KEYTURN, "postman", "run", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=more, cwd=folder, timeout=120)


def old(*args: str) -> Ended:
    """`newman run`."""
    return run([newman(), "run", *args], cores=EVERYWHERE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_send_the_same(case: Case, server: Recorder, tmp_path: Path) -> None:
    """Method, address, body, and the headers that decide what it means; it is also what the ordinary tests hold to."""
    args = case.lay_out(tmp_path, server.url)
    assert old(*args).code == 0
    theirs = as_kept(server.take())
    if os.environ.get("KEEP_SENT"):
        kept = json.loads(SENT.read_text("utf-8")) if SENT.exists() else {}
        SENT.write_text(json.dumps({**kept, case.name: theirs}, indent=1, sort_keys=True) + "\n", "utf-8")
    ended = keyturn(tmp_path, *args, "--expect", "4")
    assert ended.returncode == 0, ended.stderr
    assert as_kept(server.take()) == theirs
    assert json.loads(SENT.read_text("utf-8"))[case.name] == theirs


def book(folder: Path, server: Recorder) -> str:
    """IBM's collection."""
    path = folder / "c.json"
    variable = [{"key": "baseUrl", "value": server.url}]
    path.write_text(json.dumps(collection(item("POST", RESET, KNOWN), variable=variable)))
    return str(path)


FAULTS = {
    "zeros": ("userid\n007\n", ["7"], ["007"]),
    "exponent": ("userid\n1E5\n", ["100000"], ["1E5"]),
    "hexadecimal": ("userid\n0x1F\n", ["0"], ["0x1F"]),
    "twenty digits": ("userid\n12345678901234567890\n", ["12345678901234567000"], ["12345678901234567890"]),
    "trailing zero": ("userid\n1.10\n", ["1.1"], ["1.10"]),
    "percent": ("userid\nx%41y\n", ["x%41y"], ["x%2541y"]),
    "blank lines": ("userid\namal\n\n\n", ["", "", "amal"], ["amal"]),
    "twice": ("userid\namal\namal\n", ["amal", "amal"], ["amal"]),
    "another header": ("user_id\namal\n", ["%7B%7Buserid%7D%7D"], ["amal"]),
    "semicolons": ("userid;name\namal;A\n", ["%7B%7Buserid%7D%7D"], ["amal"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_newman_does_to_an_id_is_not_done_here(fault: str, server: Recorder, tmp_path: Path) -> None:
    """Each as measured with newman 6.2.2, which ends with 0 every time."""
    rows, theirs, ours = FAULTS[fault]
    (tmp_path / "users.csv").write_text(rows)
    args = [book(tmp_path, server), "-d", str(tmp_path / "users.csv")]
    assert old(*args).code == 0
    assert sorted(one.target.split("/")[3] for one in server.take()) == theirs
    assert keyturn(tmp_path, *args, "--yes").returncode == 0
    assert sorted(one.target.split("/")[3] for one in server.take()) == ours


@pytest.mark.parametrize("cell", ["a#b", "a?b"])
def test_an_address_is_not_cut_short(cell: str, server: Recorder, tmp_path: Path) -> None:
    """newman asks for another resource than the one that resets a password."""
    (tmp_path / "users.csv").write_text(f"userid\n{cell}\n")
    args = [book(tmp_path, server), "-d", str(tmp_path / "users.csv")]
    old(*args)
    [theirs] = server.take()
    assert theirs.target.partition("?")[0] == "/v3/users/a"
    assert keyturn(tmp_path, *args, "--yes").returncode == 0
    [sent] = server.take()
    assert sent.target == f"/v3/users/a%{ord(cell[1]):02X}b/password?emailPassword=true"


OLD_WAYS = ("--newman-types", "--newman-addresses", "--newman-variables", "--repeats", "-j", "1", "--yes")
CELLS = ("007", "1E5", "0x1F", "12345678901234567890", "1.10", "x%41y", "a#b", "a?b", "a/b", "john doe", "m\u00fcller")


def test_the_old_ways_can_be_had_back(server: Recorder, tmp_path: Path) -> None:
    """Whoever says so gets the very addresses that newman asks for, in its order, rows that repeat themselves too."""
    (tmp_path / "users.csv").write_text("userid\n" + "".join(f"{cell}\n" for cell in (*CELLS, "amal", "amal")), "utf-8")
    args = [book(tmp_path, server), "-d", str(tmp_path / "users.csv")]
    old(*args)
    theirs = [one.target for one in server.take()]
    ended = keyturn(tmp_path, *args, *OLD_WAYS)
    assert ended.returncode == 0, ended.stderr
    assert [one.target for one in server.take()] == theirs
    assert len(theirs) == len(CELLS) + 2


def test_a_401_to_every_row_is_green_there_and_red_here(server: Recorder, tmp_path: Path) -> None:
    """And newman has sent every row by then."""
    server.answer = lambda _: (401, {"message": "no"})
    (tmp_path / "users.csv").write_text("userid\n" + "".join(f"u{number}\n" for number in range(30)))
    args = [book(tmp_path, server), "-d", str(tmp_path / "users.csv")]
    assert (old(*args).code, len(server.take())) == (0, 30)
    assert keyturn(tmp_path, *args, "-n", "30").returncode == 1
    assert len(server.take()) <= 9


def test_reports_hold_secrets_there_and_none_here(server: Recorder, tmp_path: Path) -> None:
    """Token and password, in what the JSON reporter exports; JUnit names nobody there."""
    (tmp_path / "users.csv").write_text("userid\namal\njane\n")
    args = [book(tmp_path, server), "-d", str(tmp_path / "users.csv"), "-r", "json,junit"]
    for who in ("newman", "keyturn"):
        exports = [
            "--reporter-json-export",
            f"{tmp_path}/{who}.json",
            "--reporter-junit-export",
            f"{tmp_path}/{who}.xml",
        ]
        if who == "newman":
            assert old(*args, *exports).code == 0
        else:
            assert keyturn(tmp_path, *args, *exports, "--yes").returncode == 0
    theirs, ours = ((tmp_path / f"{who}.json").read_text() for who in ("newman", "keyturn"))
    assert TOKEN in theirs
    assert "NewUserPasswordHere1c" in theirs
    assert TOKEN not in ours
    assert "NewUserPasswordHere1c" not in ours
    assert "amal" not in (tmp_path / "newman.xml").read_text()
    assert "amal" in (tmp_path / "keyturn.xml").read_text()
