"""A backup taken while the directory works, and a directory made from it in which nothing is alive that was over."""

import io
import json
import sqlite3
import stat
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]  # pyrage 1.4 ships no annotations
import pytest
from click.testing import CliRunner, Result

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.backup import MANIFEST, Manifest, back_up
from keyturn.app.keeping.restore import restore
from keyturn.app.operator import DOOR, operator
from keyturn.cli.frame import Frame, NotConfirmed
from keyturn.cli.main import cli
from keyturn.core.commands import CreateUser, Origin, ResetPassword
from keyturn.core.errors import KeyFolderError
from keyturn.core.outcomes import Changed
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile
from keyturn.crypto.handout import new_identity
from keyturn.crypto.hashing import FolderHasher
from keyturn.crypto.keyfolder import Label, add_key, open_key_folder, remove_key
from tests.cli.directory_kit import CHOSEN
from tests.cli.test_frame import Keyboard
from tests.support.postgres import Postgres

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process."""
    home = {"KEYTURN_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}

    def call(*arguments: str | Path, code: int = 0, typed: str | None = None, **given: str) -> Result:
        result = CliRunner(env={**home, **given}).invoke(cli, [str(part) for part in arguments], input=typed)
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def made(run: Run, tmp_path: Path) -> dict[str, Any]:
    """What `keyturn init --json` printed of the directory `first`; its backups open with `id.key`."""
    facts: dict[str, Any] = json.loads(
        run("init", "--data", tmp_path / "first", "--password-stdin", "--json", typed=CHOSEN).stdout
    )
    return facts


@pytest.fixture
def recipient(tmp_path: Path) -> str:
    """Who can open the backups of this test."""
    return new_identity(tmp_path / "id.key")


@contextmanager
def opened(data: Path, database: str = "") -> Iterator[House]:
    with closing(open_house(Place(data, Secret(database)))) as house:
        yield house


def secret_of(house: House, who: str) -> Secret:
    """A one-time secret that was handed back, for a user who may be new."""
    door = house.directory(operator(), DOOR)
    door.execute([CreateUser(who, Profile(emails=(Contact(f"{who}@example.com", "work", primary=True),)))])
    [outcome] = door.execute([ResetPassword(who)])
    assert isinstance(outcome, Changed)
    assert outcome.secret is not None
    return outcome.secret


def sign_in(house: House, login: str, password: Secret) -> SignedIn | None:
    signed = house.gate.signing_in.with_password(login, password, door="test", origin=Origin())
    return signed if isinstance(signed, SignedIn) else None


@pytest.mark.proves("DB-4", "ST-6")
def test_a_restore_revives_no_token_and_no_one_time_secret(
    run: Run, made: dict[str, Any], recipient: str, tmp_path: Path
) -> None:
    admin, key = Secret(CHOSEN), made["api_key"]
    with opened(tmp_path / "first") as house:
        used, unused = secret_of(house, "used"), secret_of(house, "unused")
        signed = sign_in(house, "admin", admin)
        assert signed is not None
        door, origin = house.gate.signing_in, Origin()
        keyed = [door.with_key(key["id"], Secret(key["token"]), door="mas", origin=origin) for _ in range(99)]
        tokens = [signed.token, *(one.token for one in keyed if isinstance(one, SignedIn))]
        assert len([actor for actor in door.actors(tokens) if actor]) == 100
        run("backup", tmp_path / "b.age", "--data", tmp_path / "first", "--to", recipient)
        assert sign_in(house, "used", used) is not None  # after the backup: the copy does not know of it
    facts = json.loads(
        run(
            "restore", tmp_path / "b.age", "--data", tmp_path / "new", "--identity", tmp_path / "id.key", "--json"
        ).stdout
    )
    assert facts["ended"] == {
        "sessions": 100, "links": 0, "one_time_secrets": 2, "recovery_codes": 0, "mails": 0, "operations": 0, "keys": 0,
    }  # fmt: skip
    assert [one["id"] for one in facts["keys"]] == [key["id"]]
    with opened(tmp_path / "new") as house:
        assert [actor for actor in house.gate.signing_in.actors(tokens) if actor] == []
        assert sign_in(house, "used", used) is None
        assert sign_in(house, "unused", unused) is None
        again = sign_in(house, "admin", admin)
        assert again is not None
        assert house.gate.signing_in.actor(again.token) is not None
        entered = house.gate.signing_in.with_key(key["id"], Secret(key["token"]), door="mas", origin=Origin())
        assert isinstance(entered, SignedIn)
    for path in (tmp_path / "b.age", tmp_path / "new", *(tmp_path / "new").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.proves("DB-4")
def test_the_trail_of_a_restored_directory_proves_true_and_says_what_happened(
    run: Run, made: object, recipient: str, tmp_path: Path
) -> None:
    run("backup", tmp_path / "b.age", "--data", tmp_path / "first", "--to", recipient)
    shown = run("restore", tmp_path / "b.age", "--data", tmp_path / "new", "--identity", tmp_path / "id.key")
    assert "chain intact" in shown.stderr
    assert "what was changed or revoked since is not" in shown.stderr
    assert "made by keyturn init" in shown.stdout
    entries = json.loads(run("audit", "list", "--data", tmp_path / "new", "--json").stdout)["entries"]
    assert [entry["verb"] for entry in entries][-2:] == ["directory.backup", "directory.restore"]
    verified = json.loads(run("audit", "verify", "--data", tmp_path / "new", "--json").stdout)
    assert verified["intact"]
    assert verified["checkpoint"] == verified["records"]
    kept = open_key_folder(tmp_path / "first" / "keys").keys[Label.TOKEN].keys()
    assert not kept & open_key_folder(tmp_path / "new" / "keys").keys[Label.TOKEN].keys()


def test_the_api_keys_go_when_that_is_asked_for(run: Run, made: object, recipient: str, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.age", "--data", tmp_path / "first", "--to", recipient)
    where = ("--data", tmp_path / "new", "--identity", tmp_path / "id.key")
    shown = run("restore", tmp_path / "b.age", *where, "--revoke-keys")
    assert "1 API keys" in shown.stderr
    assert "no keys" in run("key", "list", "--data", tmp_path / "new").stderr


def test_an_identity_is_made_for_a_first_backup(run: Run, made: object, tmp_path: Path) -> None:
    where = ("--data", tmp_path / "first", "--new-identity", tmp_path / "new.key")
    assert "opens with" in run("backup", tmp_path / "b.age", *where).stderr
    run("restore", tmp_path / "b.age", "--data", tmp_path / "new", "--identity", tmp_path / "new.key")
    facts = json.loads(
        run("backup", tmp_path / "c.age", "--data", tmp_path / "new", "--to", _of(tmp_path), "--json").stdout
    )
    assert facts["database"] is True
    assert facts["bytes"] == (tmp_path / "c.age").stat().st_size


def _of(tmp_path: Path) -> str:
    return (tmp_path / "new.key").read_text().splitlines()[0].removeprefix("# public key: ")


def test_a_backup_is_never_written_over_a_file_nor_left_half_written(
    run: Run, made: object, recipient: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    where = ("--data", tmp_path / "first", "--to", recipient)
    assert "KT-BAK-004" in run("backup", tmp_path / "taken", *where, code=2).stderr
    assert (tmp_path / "taken").read_text() == "mine"
    assert "KT-BAK-004" in run("backup", tmp_path / "none" / "b.age", *where, code=2).stderr
    pepper = next((tmp_path / "first" / "keys").glob("pepper.*.key"))
    add_key(tmp_path / "first" / "keys", Label.PEPPER)
    pepper.unlink()  # of the password that is stored
    assert "does not hold all keys" in run("backup", tmp_path / "b.age", *where, code=2).stderr
    assert not (tmp_path / "b.age").exists()
    assert {path.name for path in (tmp_path / "first").iterdir()} == {"keys", "keyturn.db"}


def test_a_backup_needs_somebody_who_can_open_it(run: Run, made: object, tmp_path: Path) -> None:
    assert "KT-BAK-009" in run("backup", tmp_path / "b.age", "--data", tmp_path / "first", code=2).stderr


def test_a_copy_of_the_database_alone_verifies_nothing(made: dict[str, Any], tmp_path: Path) -> None:
    """The keys are in no part of the database, and another folder's keys do not open it."""
    folder = open_key_folder(tmp_path / "first" / "keys")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "first").glob("keyturn.db*"))
    for label in Label:
        material = folder.active(label).material
        assert material not in everything
        assert material.hex().encode() not in everything
    pepper = folder.active(Label.PEPPER).id
    with opened(tmp_path / "first") as house:
        with house.store.reading() as view:
            [admin] = view.users.logins("admin")
        assert admin.credential is not None
        add_key(folder.path, Label.PEPPER)
        remove_key(folder.path, Label.PEPPER, pepper)
    hasher = FolderHasher.cheap_for_tests(open_key_folder(folder.path))
    with pytest.raises(KeyFolderError):
        hasher.check(Secret(CHOSEN), admin.credential.checkable())
    hasher.close()


def sealed(recipient: str, **members: bytes) -> bytes:
    """A backup that somebody else made up."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return bytes(pyrage.encrypt(inner.getvalue(), [pyrage.x25519.Recipient.from_str(recipient)]))


def _manifest(**changes: object) -> bytes:
    facts = {"format": 1, "made": "2026-11-22T12:00:00+00:00", "keyturn": "0", "database": True, "records": 1}
    return json.dumps({**facts, **changes}).encode()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"../escaped": b"x"}, "KT-BAK-001"),
        ({"keys/../../escaped": b"x"}, "KT-BAK-001"),
        ({"/tmp/escaped": b"x"}, "KT-BAK-001"),
        ({}, "KT-BAK-002"),
        ({MANIFEST: b"{}"}, "KT-BAK-002"),
        ({MANIFEST: b"no"}, "KT-BAK-002"),
        ({MANIFEST: _manifest(format=2)}, "KT-BAK-002"),
        ({MANIFEST: _manifest(made="x")}, "KT-BAK-002"),
        ({MANIFEST: _manifest()}, "KT-BAK-006"),
        ({MANIFEST: _manifest(database=False)}, "KT-BAK-006"),
    ],
)
def test_what_is_no_backup_of_ours_makes_nothing(
    run: Run, recipient: str, tmp_path: Path, members: dict[str, bytes], code: str
) -> None:
    (tmp_path / "b.age").write_bytes(sealed(recipient, **members))
    where = ("--data", tmp_path / "sub" / "new", "--identity", tmp_path / "id.key")
    assert code in run("restore", tmp_path / "b.age", *where, code=2).stderr
    assert list(tmp_path.rglob("escaped")) == []
    assert not Path("/tmp/escaped").exists()
    assert list((tmp_path / "sub").iterdir()) == []


def test_a_backup_that_is_damaged_or_for_somebody_else_makes_nothing(
    run: Run, made: object, recipient: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.age"
    run("backup", file, "--data", tmp_path / "first", "--to", recipient)
    new_identity(tmp_path / "other.key")
    where = ("--data", tmp_path / "new", "--identity")
    assert "KT-BAK-001" in run("restore", file, *where, tmp_path / "other.key", code=2).stderr
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)
    assert "KT-BAK-001" in run("restore", file, *where, tmp_path / "id.key", code=2).stderr
    file.unlink()
    assert "KT-BAK-001" in run("restore", file, *where, tmp_path / "id.key", code=2).stderr
    assert not (tmp_path / "new").exists()


def test_a_restore_never_mixes_with_what_is_there(run: Run, made: object, recipient: str, tmp_path: Path) -> None:
    run("backup", tmp_path / "b.age", "--data", tmp_path / "first", "--to", recipient)
    where = ("--identity", tmp_path / "id.key")
    assert "KT-BAK-005" in run("restore", tmp_path / "b.age", "--data", tmp_path / "first", *where, code=2).stderr
    assert "KT-BAK-005" in run("restore", tmp_path / "b.age", "--data", tmp_path / "id.key", *where, code=2).stderr
    (tmp_path / "empty").mkdir()
    run("restore", tmp_path / "b.age", "--data", tmp_path / "empty", *where)
    assert stat.S_IMODE((tmp_path / "empty").stat().st_mode) == 0o700


def tampered(tmp_path: Path, *statements: str) -> None:
    """Change the database of `first` behind the back of keyturn."""
    with closing(sqlite3.connect(tmp_path / "first" / "keyturn.db")) as database, database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.parametrize(
    ("statement", "code", "end"),
    [
        ("UPDATE audit SET who = 'nobody' WHERE sequence = 2", "KT-BAK-007", 1),
        ("UPDATE alembic_version SET version_num = '9999'", "KT-SRV-010", 1),
        ("UPDATE credentials SET pepper_id = 'strange1'", "KT-BAK-008", 2),
    ],
)
def test_a_copy_that_does_not_prove_true_makes_nothing(
    run: Run, made: object, recipient: str, tmp_path: Path, statement: str, code: str, end: int
) -> None:
    with opened(tmp_path / "first") as house:
        manifest = Manifest(house.parts.clock.now(), "0", database=True, records=4)
    _by_hand(tmp_path, recipient, manifest, statement)
    where = ("--data", tmp_path / "new", "--identity", tmp_path / "id.key")
    assert code in run("restore", tmp_path / "b.age", *where, code=end).stderr
    assert not (tmp_path / "new").exists()


def _by_hand(tmp_path: Path, recipient: str, manifest: Manifest, statement: str) -> None:
    """A backup as any age tool and any tar can make one, of a directory that was tampered with."""
    tampered(tmp_path, statement)
    first = tmp_path / "first"
    files = {f"keys/{path.name}": path.read_bytes() for path in (first / "keys").iterdir()}
    files |= {MANIFEST: manifest.written(), "keyturn.db": (first / "keyturn.db").read_bytes()}
    (tmp_path / "b.age").write_bytes(sealed(recipient, **files))


def test_a_database_that_is_damaged_makes_nothing(run: Run, made: object, recipient: str, tmp_path: Path) -> None:
    with opened(tmp_path / "first") as house:
        manifest = Manifest(house.parts.clock.now(), "0", database=True, records=4)
    path = tmp_path / "first" / "keyturn.db"
    path.write_bytes(path.read_bytes()[:9000] + bytes(20_000))
    (tmp_path / "first" / "keys" / "README").write_text("left alone")
    first = tmp_path / "first"
    files = {f"keys/{one.name}": one.read_bytes() for one in (first / "keys").iterdir() if one.name != "README"}
    files |= {MANIFEST: manifest.written(), "keyturn.db": path.read_bytes()}
    (tmp_path / "b.age").write_bytes(sealed(recipient, **files))
    where = ("--data", tmp_path / "new", "--identity", tmp_path / "id.key")
    assert "is damaged" in run("restore", tmp_path / "b.age", *where, code=1).stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.proves("DB-4")
def test_postgresql_is_copied_by_its_own_tools_and_revives_nothing_either(
    run: Run, recipient: str, postgres: Postgres, tmp_path: Path
) -> None:
    url = postgres.empty()
    given = {"KEYTURN_DATABASE": url}
    run("init", "--data", tmp_path / "first", "--password-stdin", "--json", typed=CHOSEN, **given)
    with opened(tmp_path / "first", url) as house:
        signed = sign_in(house, "admin", Secret(CHOSEN))
        unused = secret_of(house, "unused")
    assert signed is not None
    where = ("--data", tmp_path / "first", "--to", recipient)
    assert "KT-BAK-003" in run("backup", tmp_path / "b.age", *where, code=2, **given).stderr
    assert "keys, " in run("backup", tmp_path / "b.age", *where, "--keys-only", **given).stderr
    back = ("restore", tmp_path / "b.age", "--data", tmp_path / "new", "--identity", tmp_path / "id.key")
    assert "KT-BAK-006" in run(*back, code=2).stderr
    assert "--yes" in run(*back, code=8, **given).stderr
    assert "--database URL" in run(*back, "--yes", **given).stderr
    with opened(tmp_path / "new", url) as house:
        assert house.gate.signing_in.actor(signed.token) is None
        assert sign_in(house, "unused", unused) is None
        assert sign_in(house, "admin", Secret(CHOSEN)) is not None
    postgres.drop(url)


def test_whoever_does_not_confirm_ends_no_session(
    made: object, recipient: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = Keyboard()
    monkeypatch.setattr(sys, "stdin", keyboard.stdin)
    keyboard.type("n")
    where = ["--data", str(tmp_path / "new"), "--identity", str(tmp_path / "id.key"), "--database", "sqlite:///x"]
    with pytest.raises(NotConfirmed):
        cli.main(["restore", str(tmp_path / "b.age"), *where], standalone_mode=False, obj=Frame())
    keyboard.close()
    assert not (tmp_path / "new").exists()


def test_what_others_write_meanwhile_is_in_the_copy_whole_or_not_at_all(
    run: Run, made: object, recipient: str, tmp_path: Path
) -> None:
    with opened(tmp_path / "first") as house:
        secret_of(house, "before")
        back_up(house, tmp_path / "b.age", [recipient], operator())
        secret_of(house, "after")
        done = restore(tmp_path / "b.age", tmp_path / "new", tmp_path / "id.key", operator())
    assert done.manifest.records == done.records - 1
    with opened(tmp_path / "new") as house, house.store.reading() as view:
        assert view.users.logins("before")
        assert not view.users.logins("after")
