"""`keyturn handout`: what a run hands out, taken over columns, split, opened, printed, and nothing lying about."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from keyturn.cli.main import cli
from keyturn.crypto.handout import AgeSealer, new_identity
from tests.cli.runs_kit import Place, place

__all__ = ["place"]

FILE = (
    "userid,Display name,mail,Site,Badge password\n"
    "u1,Zoë Müller,zoe@example.com,Lyon,old-secret\n"
    "u2,山田 太郎,,Nantes,old-secret\n"
    "u3,Amal Haddad,amal@example.com,Lyon,old-secret\n"
    "u4,Bo Li,bo@example.com,Kassel,old-secret\n"
)
GO = ("-t", "there", "--no-input", "--expect", "4", "--map", "display_name=Display name")
PAGE = 'sign_in_page = "https://login.example.com"'


def ran(place: Place, *flags: str) -> str:
    """A run of four users; its name."""
    place.call("reset", place.file(FILE), *GO, *flags)
    place.tmp.chmod(0o700)
    return place.run_folder().name


def text_of(path: Path) -> str:
    """Everything that a PDF says, without blanks."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(path).pages)


def passwords(place: Place, run: str, *flags: str) -> dict[str, str]:
    """Who was handed what."""
    return {line["user"]: line["password"] for line in place.lines("handout", "open", run, *flags)}


def test_a_handout_holds_what_a_letter_needs_and_what_was_asked_for(place: Place) -> None:
    """The password columns of the file are never among it."""
    run = ran(place, "--handout-columns", "Site")
    first, second, *_ = place.lines("handout", "open", run)
    assert (first["name"], first["email"], first["columns"]) == ("Zoë Müller", "zoe@example.com", {"Site": "Lyon"})
    assert "email" not in second
    sheet = place.call("handout", "open", run, "--format", "csv").stdout.splitlines()
    assert sheet[0] == "row,target,user,password,state,name,email,Site"
    listed = place.call("handout", "list", run, "--sort", "Name").stdout
    assert listed.index("Amal Haddad") < listed.index("Zoë Müller")
    assert [clear for clear in (*passwords(place, run).values(), "old-secret") if clear in listed] == []
    told = place.lines("handout", "list", run, "--json")
    assert told[0] == {
        "row": 2, "target": "there", "user": "u1", "state": "changed", "name": "Zoë Müller", "email": "zoe@example.com",
        "columns": {"Site": "Lyon"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--handout-columns", "Floor"], "has no column Floor"),
        (["--handout-columns", "Badge password", "--map", "password=Badge password"], "looks like passwords"),
        (["--handout-split", "Site"], "nobody is named for a part of the handout"),
    ],
)
def test_what_no_handout_can_hold_is_refused_before_anything_is_sent(
    place: Place, flags: list[str], words: str
) -> None:
    text = FILE.replace("Badge password", "password") if "password" in flags[1] else FILE
    flags = [flag.replace("Badge password", "password") for flag in flags[:2]]
    done = place.call("reset", place.file(text), *GO, *flags, code=2)
    assert words in done.stderr
    assert place.server.passwords == {}


def test_letters_are_written_for_their_owner_alone_and_hold_everybody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.configure(PAGE)
    run = ran(place, "--handout-columns", "Site")
    monkeypatch.chdir(place.tmp)
    done = place.call("handout", "letters", run, "--by", "Site", "--sort", "Name")
    assert "letters for 4 users on 7 sheets" in done.stdout
    assert [line.split() for line in done.stdout.splitlines()[1:]] == [["1", "Kassel"], ["2", "Lyon"], ["1", "Nantes"]]
    path = place.tmp / f"letters-{run}.pdf"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = text_of(path)
    assert all(clear in text for clear in passwords(place, run).values())
    assert ["山田太郎" in text, "https://login.example.com" in text, "old-secret" in text] == [True, True, False]
    assert text.index("AmalHaddad") < text.index("ZoëMüller") < text.index("山田太郎")


def test_slips_and_a_list_to_sign(place: Place) -> None:
    run = ran(place)
    slips, sign = place.tmp / "slips.pdf", place.tmp / "sign.pdf"
    done = place.call("handout", "slips", run, "-o", str(slips))
    assert "warning[KT-CFG-047]: nothing says where to sign in: no sign_in_page is set for there" in done.stderr
    place.call("handout", "slips", run, "-o", str(slips), "--force", "--sign-in-page", "https://a.example.com")
    told = json.loads(place.call("handout", "list", run, "--sign", "-o", str(sign), "--json").stdout)
    assert (told["sheets"], told["groups"]) == (1, [{"group": "", "users": 4}])
    clear = passwords(place, run).values()
    assert all(each in text_of(slips) for each in clear)
    assert "ZoëMüller" in text_of(sign)
    assert [each for each in clear if each[:4] in text_of(sign)] == []


def test_letters_go_over_no_file_and_into_no_folder_that_others_see(place: Place) -> None:
    run = ran(place)
    path = place.tmp / "letters.pdf"
    path.write_text("mine")
    assert "there is a file of that name" in place.call("handout", "letters", run, "-o", str(path), code=2).stderr
    assert path.read_text() == "mine"
    path.unlink()
    path.symlink_to(place.tmp / "elsewhere")
    place.call("handout", "letters", run, "-o", str(path), code=2)
    missing = place.call("handout", "letters", run, "-o", str(place.tmp / "no" / "letters.pdf"), code=2)
    assert f"mkdir -m 700 {place.tmp / 'no'}" in missing.stderr
    assert not (place.tmp / "elsewhere").exists()


def test_a_handout_is_split_and_each_part_opens_for_its_own_alone(place: Place) -> None:
    """The recipient of the whole opens all of them; what nobody is named for is in the file of the whole run."""
    whole, lyon, nantes = (new_identity(place.tmp / name) for name in ("whole", "lyon", "nantes"))
    split = ("--handout-split", "Site", "--handout", f"Lyon=age:{lyon}", "--handout", f"Nantes=age:{nantes}")
    plan = place.call("plan", "reset", place.file(FILE), *GO[:2], *GO[5:], *split, "--handout", f"age:{whole}").stdout
    assert "      2  Lyon, sealed for age1" in plan
    assert "      1  in the handout of the whole run: nobody is named for Kassel" in plan
    run = ran(place, *split, "--handout", f"age:{whole}")
    folder = place.run_folder()
    names = [f"handout-{run}.age", f"handout-{run}-lyon.age", f"handout-{run}-nantes.age"]
    assert sorted(path.name for path in folder.glob("*.age")) == sorted(names)
    assert set(passwords(place, run, "--identity", str(place.tmp / "whole"))) == {"u1", "u2", "u3", "u4"}
    assert set(passwords(place, run, "--identity", str(place.tmp / "lyon"))) == {"u1", "u3"}
    place.call("handout", "open", str(folder / names[2]), "--identity", str(place.tmp / "lyon"), code=2)
    place.call("handout", "open", run, code=2)


def test_who_opens_parts_can_stand_in_the_settings(place: Place) -> None:
    """They hold for files that have the column, and ask nothing of others."""
    lyon = new_identity(place.tmp / "lyon")
    place.configure(f'[handout]\nsplit = "Site"\ncolumns = ["mail", "Floor"]\n[handout.recipients]\nLyon = ["{lyon}"]')
    told = json.loads(place.call("plan", "reset", place.file(FILE), *GO[:2], *GO[5:], "--json").stdout)
    assert told["handout"]["columns"] == ["mail", "Site"]
    assert [(each["value"], each["rows"], each["whole"]) for each in told["handout"]["values"]] == [
        ("Lyon", 2, False), ("Nantes", 1, True), ("Kassel", 1, True),
    ]  # fmt: skip
    place.call("reset", place.file("userid\na\n", "plain.csv"), "-t", "there", "--yes")
    assert [path.name.count("-") for path in place.run_folder().glob("*.age")] == [1]


def test_a_handout_without_a_column_stays_whole_when_its_file_is_gone(place: Place) -> None:
    """A resume needs the file; the passwords that are sealed do not."""
    run = ran(place)
    place.tmp.joinpath("users.csv").unlink()
    assert set(passwords(place, run)) == {"u1", "u2", "u3", "u4"}


def test_what_is_no_handout_is_said_to_be_none(place: Place) -> None:
    assert "has no handout" in _known(place).stderr


def _known(place: Place) -> Result:
    place.call("reset", place.file("userid,pw\na,some good words\n"), "-t", "there", "--yes", "--password", "column:pw")
    return place.call("handout", "letters", place.run_folder().name, code=2)


def test_letters_go_where_nobody_else_can_look(place: Place) -> None:
    """A folder is open when everybody reaches it and may list it; a closed one above it closes it."""
    run = ran(place)
    refused = place.call("handout", "letters", run, "-o", "/keyturn-letters.pdf", code=2)
    assert "others on this machine can look into the folder" in refused.stderr
    assert not Path("/keyturn-letters.pdf").exists()
    (inner := place.tmp / "inner").mkdir(mode=0o755)
    place.call("handout", "letters", run, "-o", str(inner / "letters.pdf"))


def test_an_age_file_that_is_no_handout_is_said_to_be_none(place: Place) -> None:
    recipient = new_identity(place.tmp / "key")
    for name, line in (("one", b"not JSON"), ("two", b'{"row": 2}'), ("three", b"[1]")):
        with (place.tmp / name).open("wb") as file:
            AgeSealer().seal([line], [recipient], file)
        done = place.call("handout", "open", str(place.tmp / name), "--identity", str(place.tmp / "key"), code=2)
        assert "error[KT-CFG-046]: this is no handout" in done.stderr
    assert "cannot be read" in place.call("handout", "open", str(place.tmp / "four"), code=2).stderr


def test_a_key_is_printed_on_the_machine_that_is_to_open(place: Place) -> None:
    """The same line each time; what is sealed for it elsewhere opens there without another flag, and nowhere else."""
    theirs = str(place.tmp / "theirs")

    def there(*args: str) -> Result:
        return CliRunner().invoke(cli, list(args), env={"KEYTURN_HOME": theirs, "NO_COLOR": "1"})

    key = there("handout", "key").stdout.strip()
    assert key == json.loads(there("handout", "key", "--json").stdout)["key"]
    run = ran(place, "--handout", f"age:{key}")
    place.call("handout", "open", run, code=2)
    [sealed] = place.run_folder().glob("*.age")
    assert '"user": "u1"' in there("handout", "open", str(sealed)).stdout


@pytest.mark.parametrize("command", [("open",), ("list",), ("letters", "--out", "l.pdf"), ("resend", "--i-mean-it")])
def test_another_handout_in_the_place_of_a_run_s_is_known(place: Place, command: tuple[str, ...]) -> None:
    """Whoever knows the public key of a recipient can make a file that opens; only the run knows what it sealed."""
    run = ran(place)
    place.call("reset", place.file("userid\nmallory\n", "other.csv"), "-t", "there", "--yes")
    [other] = [path for path in (place.home / "state" / "runs").iterdir() if path.name != run]
    mine = place.home / "state" / "runs" / run / f"handout-{run}.age"
    sealed = mine.read_bytes()
    mine.write_bytes((other / f"handout-{other.name}.age").read_bytes())
    shown = place.call("handout", command[0], run, *command[1:], code=5)
    assert "error[KT-RUN-064]: this is not the handout that run" in shown.stderr
    assert "mallory" not in shown.output
    mine.write_bytes(sealed)
    assert len(passwords(place, run)) == 4


def test_a_part_that_the_run_never_sealed_is_none_of_it(place: Place) -> None:
    """Beside the file of the whole run."""
    run = ran(place)
    folder = place.run_folder()
    (folder / f"handout-{run}-lyon.age").write_bytes((folder / f"handout-{run}.age").read_bytes())
    assert "KT-RUN-064" in place.call("handout", "open", run, code=5).stderr
