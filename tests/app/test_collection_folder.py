"""A collection of schema v3 is the same requests in files of their own; nothing outside its folder is read."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from keyturn.app.postman.collection_folder import FolderReader
from keyturn.app.postman.collections import load_collection, load_environment
from keyturn.app.postman.playing import open_requests
from keyturn.core.errors import SourceError
from keyturn.dialects.postman.wire import Collection, read_collection
from keyturn.dialects.postman.wire_request import Prepared
from tests.dialects.postman.folder import ENVIRONMENT, FILES, FLAT, GRANT, RESET, lay_out
from tests.dialects.postman.kit import TOKEN

REQUEST = "Reset a password.request.yaml"
DEFINITION = ".resources/definition.yaml"


def opened(found: Collection) -> list[Prepared]:
    """Its requests with everything put in."""
    return list(open_requests(found, {"token": TOKEN}, ("userid", "start")).requests)


def with_files(folder: Path, more: Mapping[str, str | bytes]) -> Path:
    """The collection with other files in it."""
    return lay_out(folder / "MAS API", {**FILES, **more})


def refused(path: Path) -> SourceError:
    """How reading it ends."""
    with pytest.raises(SourceError) as caught:
        load_collection(path)
    assert caught.value.code == "KT-COL-001"
    assert str(path) in caught.value.where
    return caught.value


def test_a_folder_asks_for_the_same_as_the_file_that_is_exported_of_it(tmp_path: Path) -> None:
    """Names, order, what is handed down, what is disabled, rules of tests, and cells where they belong."""
    found, flat = load_collection(lay_out(tmp_path / "anything")), read_collection(FLAT)
    assert (found.name, found.variables) == ("MAS API", {"base_url": "https://mas.example.com"})
    assert [one.place for one in found.items] == [one.place for one in flat.items]
    cells = {"userid": "a/b#c", "start": 'Linden"41'}
    ours, theirs = ([one.sending("", cells, "") for one in opened(each)] for each in (found, flat))
    assert ours == theirs
    assert [one.fingerprint for one in opened(found)] == [one.fingerprint for one in opened(flat)]
    assert [one.statuses for one in opened(found)] == [None, frozenset({200})]


def test_no_scalar_is_taken_for_a_number(tmp_path: Path) -> None:
    """YAML would have `007` be 7 and `on` be true; a cell is text, and so is what stands in these files."""
    text = "$kind: http-request\nurl: https://a.example/x\nheaders: {A: 007, B: on, C: 1_000, D: 2026-11-29}\n"
    found = load_collection(with_files(tmp_path, {"Plain.request.yml": text}))
    [plain] = [one for one in found.items if one.name == "Plain"]
    assert [pair.value for pair in plain.headers] == ["007", "on", "1_000", "2026-11-29"]


def test_a_definition_may_be_missing(tmp_path: Path) -> None:
    """The name is that of the folder then, and nothing is handed down."""
    lay_out(tmp_path / "My resets", {"One.request.yaml": GRANT.replace("{{base_url}}", "https://a.example")})
    found = load_collection(tmp_path / "My resets")
    assert (found.name, found.variables, [one.place for one in found.items]) == (
        "My resets",
        {},
        [("Grant: {{userid}}",)],
    )


def test_an_empty_definition_hands_nothing_down(tmp_path: Path) -> None:
    """Nor does one of comments alone."""
    for text in ("", "# nothing yet\n"):
        assert load_collection(with_files(tmp_path, {DEFINITION: text})).name == "MAS API"


@pytest.mark.proves("RN-14")
def test_an_environment_is_read_in_yaml_too(tmp_path: Path) -> None:
    """And one that cannot be read shows nothing of itself."""
    path = tmp_path / "Test.environment.yaml"
    path.write_text(ENVIRONMENT)
    assert load_environment(path) == {"token": TOKEN}
    for bad in (f"values: [{TOKEN}", f"values: *{TOKEN}", f"values: !{TOKEN} x", f"{{{TOKEN}: 1, {TOKEN}: 2}}", TOKEN):
        path.write_text(bad)
        with pytest.raises(SourceError) as caught:
            load_environment(path)
        error = caught.value
        assert TOKEN not in f"{error.what} {error.why} {error.fix} {error.where} {error}"


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("$kind: http-request\nurl: {{base_url}}/x\n", "line 2"),
        ("$kind: http-request\nname: {{base_url}}\n", "line 2 has a name that is no text"),
        ("a: [1\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "line 2 has a second document"),
        ("a: 1\na: 2\n", "line 2 has a name for the second time"),
        ("a: &x 1\nb: *x\n", "line 1 has an anchor or an alias"),
        ("a: !!python/object/apply:os.system ['id']\n", "line 1 has a tag"),
        ("a: " + "[" * 100_000, "line 1 has a value that is nested too deep"),
        (b"a: \x00", "a character in it"),
        (b"a: \xff\xfe", "not in UTF-8"),
        ("- a\n", ""),
    ],
)
def test_bad_yaml_is_named_with_its_line(tmp_path: Path, text: str | bytes, why: str) -> None:
    """Whatever it would make, nothing of it is made."""
    path = with_files(tmp_path, {REQUEST: text})
    error = refused(path)
    assert why in error.why
    assert REQUEST in error.where


def test_a_bomb_of_aliases_is_not_lit(tmp_path: Path) -> None:
    """Nine lines that would be a thousand million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "an anchor" in refused(with_files(tmp_path, {DEFINITION: "\n".join(lines)})).why


@pytest.mark.parametrize("name", [REQUEST, DEFINITION, "Rights", ".resources", "Reset a password.resources"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    """A collection that came from elsewhere would have us read, and send, what is not in it."""
    path = with_files(tmp_path, {"Reset a password.resources/scripts/before.js": "x"})
    moved = tmp_path / "elsewhere"
    (path / name).rename(moved)
    (path / name).symlink_to(moved)
    error = refused(path)
    assert "is a link" in error.what
    assert error.fix


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    """That one was named by whoever runs it."""
    (tmp_path / "link").symlink_to(with_files(tmp_path, {}), target_is_directory=True)
    assert len(load_collection(tmp_path / "link").items) == 2


def fifo(path: Path) -> None:
    """A pipe that nobody writes into."""
    (path / REQUEST).unlink()
    os.mkfifo(path / REQUEST)


def twice(path: Path) -> None:
    """The same request in two files."""
    (path / "Reset a password.request.yml").write_text(RESET)


def astray(path: Path) -> None:
    """A link to nothing."""
    (path / REQUEST).unlink()
    (path / REQUEST).symlink_to(path / "gone")


@pytest.mark.parametrize(("spoil", "what"), [(fifo, "no ordinary file"), (twice, "two files"), (astray, "is a link")])
def test_a_tree_that_is_none_of_a_collection_is_named(tmp_path: Path, spoil: Callable[[Path], None], what: str) -> None:
    """And nothing waits for a pipe."""
    path = with_files(tmp_path, {})
    spoil(path)
    assert what in refused(path).what


def test_more_than_a_person_makes_is_not_read(tmp_path: Path) -> None:
    """Of files, of bytes, of folders in each other."""
    deep = "/".join(["a"] * 30) + "/x.request.yaml"
    assert "deep" in refused(lay_out(tmp_path / "deep", {deep: GRANT})).why
    path = with_files(tmp_path, {})
    for reader in (FolderReader(path, entries_left=3), FolderReader(path, bytes_left=100)):
        with pytest.raises(SourceError, match="too much"):
            reader.read()


def test_a_folder_without_a_request_and_a_file_of_one_are_told_what_is_meant(tmp_path: Path) -> None:
    """A workspace is not a collection, nor is a request."""
    assert "postman/collections/NAME" in refused(lay_out(tmp_path / "empty", {"README.md": "x"})).fix
    path = with_files(tmp_path, {})
    error = refused(path / REQUEST)
    assert "name the folder" in error.fix
    assert refused(path / "gone").what == "gone cannot be read"
    with pytest.raises(SourceError, match="the collection cannot be read") as caught:
        FolderReader(path / "gone").read()  # it was there a moment ago
    assert caught.value.why == "No such file or directory"


def test_the_digest_is_that_of_every_file_that_is_read(tmp_path: Path) -> None:
    """One that is not read does not matter."""
    first = load_collection(with_files(tmp_path / "a", {})).sha256
    assert load_collection(with_files(tmp_path / "b", {"notes.md": "x"})).sha256 == first != ""
    changed = load_collection(with_files(tmp_path / "c", {REQUEST: RESET + "# x\n"})).sha256
    assert changed != first


def test_no_other_command_loads_the_reader_of_yaml() -> None:
    """Those that reset and resume start as fast as before."""
    code = "import sys, keyturn.cli.running.carrying, keyturn.cli.running.resuming; sys.exit('yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
