"""New users from a file who keep the passwords of another system, by their hashes."""

import json
from contextlib import closing
from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner, Result
from passlib.hash import (  # type: ignore[import-untyped]  # libpass ships no annotations
    ldap_salted_sha1,
    pbkdf2_sha256,
)

from keyturn.app.house.build import Place, open_house
from keyturn.bulk.job import Job
from keyturn.cli.main import cli
from keyturn.core.commands import CreateUser, Origin
from keyturn.core.errors import ConfigError
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from tests.bulk.desk import Desk, job, plan_of, write
from tests.support.memory_directory import MemoryDirectory, able

CREATE = job("create", "hash:password_hash")
TAKES = able(imports=True)
WORD = "a quiet harbour at dawn"
HASHES = {
    "amal": bcrypt.hashpw(WORD.encode(), bcrypt.gensalt(4)).decode(),
    "bela": ldap_salted_sha1.hash(WORD),
    "cleo": pbkdf2_sha256.using(rounds=1000).hash(WORD),
    "dora": "5f4dcc3b5aa765d61d8327deb882cf99",
}
FILE = "id,password_hash\n" + "".join(f'{who},"{text}"\n' for who, text in HASHES.items())


def test_a_plan_says_what_it_takes_and_shows_no_hash(tmp_path: Path) -> None:
    path = write(tmp_path, FILE + "eva,\namal,another\n")
    plan = plan_of(path, CREATE, capabilities=TAKES)
    assert [row.reason for row in plan.rows()] == ["", "", "", "", "no-password", "duplicate-differs"]
    assert plan.told()["password"] == "hash:password_hash"
    assert plan.columns["password"].header == "password_hash"
    assert "hashes of passwords" in next(one.text for one in plan.warnings if one.code == "KT-IN-022")
    assert not any(text in str(plan.told()) for text in HASHES.values())


@pytest.mark.parametrize(
    ("order", "capabilities", "why"),
    [
        (CREATE, able(), "takes no hashes of passwords"),
        (job("reset", "hash:password_hash"), TAKES, "with a new user alone"),
        (job("create", "hash:password_hash", email=True), TAKES, "nothing to mail"),
    ],
)
def test_what_cannot_be_done_for_anybody_is_said_before(
    tmp_path: Path, order: Job, capabilities: object, why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        plan_of(write(tmp_path, FILE), order, capabilities=capabilities)  # type: ignore[arg-type]  # of two kinds


async def test_a_hash_is_sent_as_such_and_nothing_is_handed_out(tmp_path: Path) -> None:
    directory = MemoryDirectory([], TAKES)
    desk = Desk(tmp_path, directory).begin(FILE, CREATE)
    await desk.go()
    sent = [command for command in directory.log if isinstance(command, CreateUser)]
    assert {command.who: command.imported for command in sent} == {who: Secret(text) for who, text in HASHES.items()}
    assert {command.password for command in sent} == {None}
    assert not any(command.generate for command in sent)
    assert desk.handed_out() == []


def test_a_column_that_looks_like_hashes_and_is_not_read_is_told_of(tmp_path: Path) -> None:
    plan = plan_of(write(tmp_path, FILE), job("create"), capabilities=TAKES)
    assert "KT-IN-023" in [caution.code for caution in plan.warnings]


@pytest.mark.proves("ST-1")
def test_a_file_of_users_of_another_system_signs_in_with_the_old_passwords(tmp_path: Path) -> None:
    """From the dump of one system to a sign-in here: each is stored in our own way from then on."""
    environment = {"KEYTURN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def call(*args: object, code: int = 0) -> Result:
        result = CliRunner(env=environment).invoke(cli, [str(part) for part in args])
        assert result.exit_code == code, result.output
        return result

    data = tmp_path / "directory"
    call("init", "--data", data)
    call("target", "add", "here", "--kind", "local", "--data", data, "--no-input")
    file = write(tmp_path, FILE)
    plan = call("plan", "create", file, "-t", "here", "--password", "hash:password_hash").stdout
    assert "must choose their own" not in plan
    ran = call("create", file, "-t", "here", "--password", "hash:password_hash", "--expect", 4, "--json", code=3)
    assert [json.loads(line).get("type") for line in ran.stdout.splitlines()]
    with closing(open_house(Place(data))) as house:
        door = house.gate.signing_in
        for who in ("amal", "bela", "cleo"):
            assert isinstance(door.with_password(who, Secret(WORD), door="test", origin=Origin()), SignedIn)
        with house.store.reading() as view:
            kept = [view.users.logins(who)[0].credential for who in ("amal", "bela", "cleo")]
            assert view.users.logins("dora") == []
            assert view.upkeep.imported_methods() == frozenset()
    assert all(one is not None and one.verifier.startswith("$argon2id$") for one in kept)
    everything = [path for path in tmp_path.rglob("*") if path.is_file() and path != file]
    for text in HASHES.values():
        assert not [path for path in everything if text.encode() in path.read_bytes()]
        assert text not in ran.output
