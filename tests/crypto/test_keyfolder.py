"""The key folder: made once, private, able to hold older keys."""

import json
import logging
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keyturn.core.errors import KeyFolderError
from keyturn.crypto.keyfolder import FolderKey, Label, add_key, create_key_folder, open_key_folder, remove_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a key folder is."""
    create_key_folder(tmp_path / "data" / "keys")
    return tmp_path / "data" / "keys"


def test_a_new_folder_is_private_and_holds_one_key_for_each_label(path: Path) -> None:
    folder = open_key_folder(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
    assert len({folder.active(label).material for label in Label}) == len(Label)
    assert all(len(folder.active(label).material) == 32 for label in Label)


def test_opening_twice_gives_the_same_keys(path: Path) -> None:
    assert open_key_folder(path) == open_key_folder(path)


def test_a_second_folder_is_never_made_over_the_first(path: Path) -> None:
    with pytest.raises(KeyFolderError, match="already"):
        create_key_folder(path)


def test_an_empty_folder_that_is_there_already_is_used_and_made_private(tmp_path: Path) -> None:
    create_key_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_key_never_prints_itself(path: Path) -> None:
    folder = open_key_folder(path)
    material = folder.active(Label.PEPPER).material
    assert material.hex() not in repr(folder)
    assert repr(FolderKey("k", Label.MAIL, material)) == repr(FolderKey("k", Label.MAIL, b"other"))


@pytest.mark.proves("ST-6")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_can_touch_is_refused_with_the_way_out(path: Path, mode: int) -> None:
    file = next(path.glob("token.*.key"))
    file.chmod(mode)
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(path)
    assert refused.value.where == str(file)
    assert f"chmod 600 {file}" in refused.value.fix


@pytest.mark.proves("ST-6")
def test_a_folder_that_others_can_enter_is_refused_with_the_way_out(path: Path) -> None:
    path.chmod(0o755)
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(path)
    assert f"chmod 700 {path}" in refused.value.fix


def test_a_missing_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(tmp_path / "none")
    assert "keyturn init" in refused.value.fix


def test_a_folder_without_a_keyring_was_never_finished(path: Path) -> None:
    (path / "keyring.json").unlink()
    with pytest.raises(KeyFolderError, match="never finished"):
        open_key_folder(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"in_force": {"mail": "x"}}', '{"in_force": 3}', "\udcff"])
def test_a_damaged_keyring_is_named(path: Path, text: str) -> None:
    (path / "keyring.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(path)
    assert refused.value.where == str(path / "keyring.json")


@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"zz" * 32, b"\xff" * 64])
def test_a_damaged_key_file_is_named(path: Path, content: bytes) -> None:
    file = next(path.glob("mail.*.key"))
    file.write_bytes(content)
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(path)
    assert refused.value.where == str(file)


def test_a_key_file_that_is_gone_is_named(path: Path) -> None:
    file = next(path.glob("derive.*.key"))
    file.unlink()
    with pytest.raises(KeyFolderError) as refused:
        open_key_folder(path)
    assert refused.value.where == str(file)


def test_a_key_of_an_unknown_label_is_damage(path: Path) -> None:
    file = path / "nonsense.abcdefgh.key"
    file.write_bytes(b"ab" * 32)
    file.chmod(0o600)
    with pytest.raises(KeyFolderError, match="damaged"):
        open_key_folder(path)


def test_a_key_that_cannot_be_read_is_an_error_of_the_folder(path: Path) -> None:
    (path / "mail.abcdefgh.key").mkdir(mode=0o700)
    with pytest.raises(KeyFolderError, match="cannot read"):
        open_key_folder(path)


def test_files_that_are_no_keys_are_left_alone(path: Path) -> None:
    (path / "README").write_text("not a key")
    assert set(open_key_folder(path).keys) == set(Label)


def test_a_key_added_later_is_in_force_and_the_old_one_stays_usable(path: Path) -> None:
    old = open_key_folder(path).active(Label.DERIVE)
    folder = add_key(path, Label.DERIVE)
    assert folder.active(Label.DERIVE).id != old.id
    assert folder.get(Label.DERIVE, old.id) == old
    assert json.loads((path / "keyring.json").read_text())["version"] == 1


def test_a_key_that_was_never_here_is_asked_for_by_name(path: Path) -> None:
    with pytest.raises(KeyFolderError, match="'strange1'"):
        open_key_folder(path).get(Label.PEPPER, "strange1")


def test_a_folder_that_is_open_learns_of_a_key_that_another_process_puts_in_force(path: Path) -> None:
    here, there = open_key_folder(path), open_key_folder(path)
    old = here.active(Label.PEPPER)
    new = add_key(path, Label.PEPPER).active(Label.PEPPER)
    assert here.get(Label.PEPPER, new.id) == new  # a row that names it was met before anything else was asked
    assert there.active(Label.PEPPER) == new != old
    assert there.every(Label.PEPPER) == (new, old)
    assert there.in_force[Label.PEPPER] == new.id


def test_a_key_says_since_when_it_is_no_longer_in_force(path: Path) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    folder = open_key_folder(path)
    old = folder.active(Label.TOKEN).id
    add_key(path, Label.TOKEN, noon)
    assert folder.retired(Label.TOKEN) == {old: noon}
    ring = json.loads((path / "keyring.json").read_text())
    (path / "keyring.json").write_text(json.dumps({**ring, "retired": {}}))
    assert folder.retired(Label.TOKEN)[old].year == 1970


def test_a_key_is_removed_for_good_but_never_the_one_in_force(path: Path) -> None:
    folder = open_key_folder(path)
    old = folder.active(Label.AUDIT).id
    with pytest.raises(KeyFolderError, match="in force"):
        remove_key(path, Label.AUDIT, old)
    add_key(path, Label.AUDIT)
    remove_key(path, Label.AUDIT, old)
    assert old not in folder.keys[Label.AUDIT]
    assert old in folder.public  # what it signed can be verified for ever
    assert folder.retired(Label.AUDIT) == {}
    with pytest.raises(KeyFolderError, match="not in the key folder"):
        folder.get(Label.AUDIT, old)


def test_a_folder_that_cannot_be_read_any_more_leaves_what_runs_running(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = open_key_folder(path)
    key = folder.active(Label.MAIL)
    add_key(path, Label.MAIL)
    path.chmod(0o755)
    with caplog.at_level(logging.WARNING):
        assert folder.active(Label.MAIL) == folder.active(Label.MAIL) == key
    assert [record.getMessage().count("other people") for record in caplog.records] == [1]
    path.chmod(0o700)
    assert folder.active(Label.MAIL) != key


def test_a_folder_that_is_gone_leaves_what_runs_running(path: Path) -> None:
    folder = open_key_folder(path)
    key = folder.active(Label.MAIL)
    path.rename(path.with_name("elsewhere"))
    assert folder.active(Label.MAIL) == key


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes files of somebody else")
def test_a_key_that_root_makes_belongs_to_whom_the_folder_belongs_to(path: Path) -> None:
    os.chown(path, 1234, 1234)
    add_key(path, Label.AUDIT)
    owners = {file.stat().st_uid for file in path.iterdir() if file.stat().st_mtime_ns >= path.stat().st_ctime_ns}
    assert (path / "keyring.json").stat().st_uid == 1234
    assert owners <= {1234}
    made = [file for file in path.glob("audit.*") if file.stat().st_uid == 1234]
    assert len(made) == 2


def test_a_folder_that_is_older_than_a_label_gets_a_key_for_it_when_one_is_needed(path: Path) -> None:
    ring = json.loads((path / "keyring.json").read_text())
    del ring["in_force"]["factor"]
    (path / "keyring.json").write_text(json.dumps(ring))
    next(path.glob("factor.*.key")).unlink()
    one, two = open_key_folder(path), open_key_folder(path)
    assert one.retired(Label.FACTOR) == {}
    made = one.active(Label.FACTOR)
    assert stat.S_IMODE((path / f"factor.{made.id}.key").stat().st_mode) == 0o600
    assert two.active(Label.FACTOR) == made
    assert open_key_folder(path).every(Label.FACTOR) == (made,)
    remove_key(path, Label.FACTOR, "neverwas")
    assert open_key_folder(path).active(Label.FACTOR) == made
