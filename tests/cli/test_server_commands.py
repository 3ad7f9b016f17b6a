"""Making a directory and looking after it from the command line of its machine."""

import json
import os
import re
import sqlite3
import stat
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from keyturn.app.house.build import Place, open_house
from keyturn.cli.directory.serve import tell
from keyturn.cli.frame import Frame, Manners, Output
from keyturn.core.commands import Origin
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from tests.cli.directory_kit import CHOSEN, Run, running
from tests.journeys.test_server_howto import SHAPED
from tests.support.server import KEYTURN


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory of this test and without the settings of whoever runs it."""
    return running(tmp_path)


@pytest.fixture
def made(run: Run) -> dict[str, object]:
    """What `keyturn init --json` printed."""
    facts: dict[str, object] = json.loads(run("init", "--json").stdout)
    return facts


def test_init_prints_one_object_with_everything_once(run: Run, tmp_path: Path) -> None:
    [line] = run("init", "--json").stdout.splitlines()
    facts = json.loads(line)
    assert facts.keys() == {"data", "tenant", "admin", "api_key"}
    assert facts["data"] == str(tmp_path / "directory")
    assert facts["tenant"].keys() == {"name", "guid", "number"}
    assert (facts["tenant"]["name"], facts["tenant"]["number"]) == ("default", 1)
    assert facts["admin"]["id"] == "admin"
    assert len(facts["admin"]["password"]) == 31
    prefix, letters = facts["api_key"]["id"].rsplit("-", 1)
    assert (prefix, len(letters), letters.isalpha() and letters.islower()) == ("a-default", 10, True)
    assert len(facts["api_key"]["token"]) == 86


def test_init_keeps_everything_from_other_people_of_the_machine(run: Run, made: object, tmp_path: Path) -> None:
    for path in (tmp_path / "directory", *(tmp_path / "directory").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_init_never_touches_a_directory_that_is_there(run: Run, made: object, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "directory" / "keys").iterdir()}
    assert "error[KT-CFG-024]" in run("init", code=2).stderr
    assert {path: path.read_bytes() for path in (tmp_path / "directory" / "keys").iterdir()} == before


def test_init_refuses_a_database_that_holds_a_directory(run: Run, made: object, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'directory' / 'keyturn.db'}"
    result = run("init", "--data", str(tmp_path / "second"), "--database", database, code=2)
    assert "error[KT-CFG-024]" in result.stderr
    assert not (tmp_path / "second" / "keys").exists()


def test_init_without_json_says_what_comes_next(run: Run) -> None:
    result = run("init", "--policy", "vendor")
    assert "keyturn serve --data" in result.stderr
    assert "administrator  admin" in result.stdout
    assert "works once, within a day" in result.stdout
    assert "set your own password" in result.stderr


def test_an_administrator_who_has_chosen_a_password_is_not_shown_it(run: Run, tmp_path: Path) -> None:
    """From a file of their own or piped in; one that will not do makes nothing."""
    assert "KT-POL-016" in run("init", "--password-stdin", typed="admin admin admin\n", code=2).stderr
    own = tmp_path / "own"
    own.write_text(f"{CHOSEN}\n")
    own.chmod(0o600)
    result = run("init", "--password-file", str(own))
    assert CHOSEN not in result.output
    assert "set your own password" not in result.stderr


def test_init_names_a_database_of_its_own_without_saying_what_may_hold_a_password(run: Run, tmp_path: Path) -> None:
    result = run("init", "--database", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert "--database URL" in result.stderr
    assert "elsewhere.db" not in result.stderr


def test_a_machine_is_told_the_address_as_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Frame(Manners(output=Output.JSON)), "http://127.0.0.1:1")
    tell(Frame(), "http://127.0.0.1:2")
    first, second = capsys.readouterr().out.splitlines()
    assert json.loads(first) == {"address": "http://127.0.0.1:1"}
    assert second == "keyturn is ready on http://127.0.0.1:2"


def test_a_folder_without_a_directory_is_named(run: Run, tmp_path: Path) -> None:
    result = run("user", "list", code=2)
    assert "error[KT-CFG-023]" in result.stderr
    assert str(tmp_path / "directory") in result.stderr
    assert "fix    name another with --data, or make it: keyturn init --data" in result.stderr


def test_a_user_lives_from_creation_to_deletion(run: Run, made: object) -> None:
    run("user", "create", "amal", "--name", "Amal", "--address", "amal@example.com", "--mail")
    [admin, amal] = json.loads(run("user", "list", "--json").stdout)["users"]
    assert (admin["id"], amal["id"], amal["password"]) == ("admin", "amal", "must change")
    assert "Amal" in run("user", "list", "--search", "ama").stdout
    assert json.loads(run("user", "show", "amal", "--json").stdout)["mails"] == ["amal@example.com"]
    assert "amal@example.com" in run("user", "show", "amal").stdout
    assert "amal locked" in run("user", "lock", "amal").stderr
    assert "amal was locked already" in run("user", "lock", "amal").stderr
    assert json.loads(run("user", "show", "amal", "--json").stdout)["status"] == "locked"
    run("user", "unlock", "amal")
    run("user", "delete", "amal", "--yes")
    assert "error[KT-TGT-030]" in run("user", "show", "amal", code=3).stderr


def test_a_reset_is_mailed_and_its_secret_never_printed(run: Run, made: object) -> None:
    run("user", "create", "bo", "--address", "bo@example.com")
    result = run("user", "reset", "bo", "--mail", "--json")
    assert json.loads(result.stdout) == {"id": "bo", "outcome": "changed", "delivery": "mailed"}


def test_a_secret_is_not_printed_into_a_file(run: Run, made: object) -> None:
    """Standard output of this test is no terminal, and neither is a pipe."""
    run("user", "create", "bo")
    result = run("user", "reset", "bo", code=8)
    assert "only shown on a terminal" in result.stderr
    assert json.loads(run("user", "show", "bo", "--json").stdout)["password"] == "none"


def test_a_reset_to_nowhere_is_refused_before_anything_changes(run: Run, made: object) -> None:
    run("user", "create", "bo")
    assert "error[KT-TGT-033]" in run("user", "reset", "bo", "--mail", code=3).stderr


def test_mail_without_an_address_is_a_mistake_of_the_command_line(run: Run, made: object) -> None:
    run("user", "create", "bo", "--mail", code=2)


def test_deletion_is_asked_for(run: Run, made: object) -> None:
    run("user", "create", "bo")
    assert "an answer is needed" in run("user", "delete", "bo", code=8).stderr


def test_the_directory_says_no_in_its_own_words(run: Run, made: object) -> None:
    assert "error[KT-TGT-031]" in run("user", "create", "admin", code=3).stderr
    assert "error[KT-TGT-037]" in run("user", "delete", "admin", "--yes", code=3).stderr


def test_a_key_is_made_listed_and_revoked(run: Run, made: dict[str, dict[str, str]]) -> None:
    key = json.loads(run("key", "create", "--kind", "mas", "--right", "users", "--json").stdout)
    assert len(key["token"]) == 86
    assert set(key) == {"id", "token"}
    listed = json.loads(run("key", "list", "--json").stdout)["keys"]
    assert [one["id"] for one in listed] == [made["api_key"]["id"], key["id"]]
    assert listed[1]["rights"] == ["users"]
    assert key["token"] not in run("key", "list").stdout
    assert f"{key['id']} revoked" in run("key", "revoke", key["id"]).stderr
    run("key", "revoke", key["id"], code=3)
    assert "token  " in run("key", "create", "--kind", "keyturn").stdout


def test_a_client_has_scopes_and_is_shown_in_its_vendor_s_words(run: Run, made: object) -> None:
    client = json.loads(run("key", "create", "--kind", "uipath", "--scope", "PM.User.Read", "--json").stdout)
    assert set(client) == {"client_id", "client_secret"}
    assert re.fullmatch(r"[0-9a-f-]{36}", client["client_id"])
    assert "client_secret  " in run("key", "create", "--kind", "uipath").stdout
    assert "one of PM.User, " in run("key", "create", "--kind", "uipath", "--scope", "PM.Usr", code=2).stderr
    assert "leave --scope out" in run("key", "create", "--kind", "mas", "--scope", "PM.User", code=2).stderr


def test_what_was_done_is_in_the_audit_under_the_name_of_the_account(run: Run, made: object) -> None:
    run("user", "create", "bo")
    entries = json.loads(run("audit", "list", "--json").stdout)["entries"]
    assert entries[-1]["verb"] == "user.create"
    assert entries[-1]["actor"].startswith("os:")
    assert "user.create" in run("audit", "list", "--count", "1").stdout
    assert "no entries" in run("audit", "list", "--since", "2999-01-01").stderr
    assert "user.create" in run("audit", "list", "--since", "1h", "--verb", "user.create").stdout


def test_people_are_listed_by_their_sign_in_name_and_a_refusal_with_its_reason(
    run: Run, made: dict[str, Any], tmp_path: Path
) -> None:
    with closing(open_house(Place(tmp_path / "directory"))) as house:
        password = Secret(made["admin"]["password"])
        house.gate.signing_in.with_password("admin", password, door="test", origin=Origin())
    run("user", "lock", "nobody", code=3)
    *_, signed, refused = run("audit", "list").stdout.splitlines()
    assert signed.split()[3:6] == ["admin", "session.start", "admin"]
    assert "refused: no-such-user" in refused


def test_a_time_that_is_none_is_a_mistake_of_the_command_line(run: Run, made: object) -> None:
    assert "neither a time" in run("audit", "list", "--since", "yesterday", code=2).stderr


def test_the_audit_is_given_out_line_by_line(run: Run, made: object) -> None:
    *lines, seal = run("audit", "export").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert json.loads(seal)["checkpoint"]["sequence"] == len(lines)
    assert run("audit", "export", "--format", "csv").stdout.startswith("shard,sequence,at,")


def test_the_audit_is_proven_and_a_forged_record_is_named(run: Run, made: object, tmp_path: Path) -> None:
    assert "chain intact, 4 records, no checkpoint yet" in run("audit", "verify").stdout
    with closing(sqlite3.connect(tmp_path / "directory" / "keyturn.db")) as database:
        database.execute("update audit set who = 'nobody' where sequence = 2")
        database.commit()
    broken = run("audit", "verify", code=1)
    assert "chain broken at record 2: the record was changed after it was written; no good checkpoint" in broken.stdout
    assert json.loads(run("audit", "verify", "--json", code=1).stdout)["broken"] == 2


def on_a_terminal(home: Path, typed: str, *arguments: str) -> tuple[int, str]:
    """The installed command on a real terminal; its exit code and all that was seen there."""
    master, slave = os.openpty()
    own = {"KEYTURN_HOME": str(home / "home"), "KEYTURN_DATA": str(home / "directory"), "NO_COLOR": "1"}
    given = {name: value for name, value in os.environ.items() if not name.startswith("KEYTURN")}
    process = subprocess.Popen([KEYTURN, *arguments], stdin=slave, stdout=slave, stderr=slave, env={**given, **own})
    os.close(slave)
    os.write(master, typed.encode())
    seen = b""
    with suppress(OSError):  # Linux says EIO when the other end of a terminal is gone
        while part := os.read(master, 4096):
            seen += part
    os.close(master)
    return process.wait(30), seen.decode()


def test_a_secret_is_shown_once_on_a_terminal_after_a_yes(run: Run, made: object, tmp_path: Path) -> None:
    run("user", "create", "bo")
    code, seen = on_a_terminal(tmp_path, "y\n", "user", "reset", "bo")
    assert (code, "Reset bo and show the one-time secret here?" in seen) == (0, True)
    [secret] = SHAPED.findall(seen)
    with closing(open_house(Place(tmp_path / "directory"))) as house:
        signed = house.gate.signing_in.with_password("bo", Secret(secret), door="test", origin=Origin())
    assert isinstance(signed, SignedIn)
    assert signed.must_change


def test_a_no_changes_nothing(run: Run, made: object, tmp_path: Path) -> None:
    run("user", "create", "bo")
    for verb in ("reset", "delete"):
        code, seen = on_a_terminal(tmp_path, "n\n", "user", verb, "bo")
        assert (code, "Nothing was changed" in seen) == (8, True)
    assert json.loads(run("user", "show", "bo", "--json").stdout)["password"] == "none"


def test_settings_say_where_the_directory_is(run: Run, made: object, tmp_path: Path) -> None:
    """A database URL may hold a password: settings only say where it is."""
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "url").write_text(f"sqlite:///{tmp_path / 'directory' / 'keyturn.db'}\n")
    (tmp_path / "url").chmod(0o600)
    settings = f'[serve]\ndata = "{tmp_path / "directory"}"\ndatabase = {{ file = "{tmp_path / "url"}" }}\n'
    (tmp_path / "home" / "config.toml").write_text(settings)
    assert "admin" in run("user", "list", KEYTURN_DATA="").stdout
