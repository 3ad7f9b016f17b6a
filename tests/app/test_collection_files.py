"""Collections, environments and globals are read from files, and a file that is none of them is named."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keyturn.app.postman.collections import MOST, load_collection, load_environment
from keyturn.core.errors import SourceError
from tests.dialects.postman.kit import collection, item

LOADERS = (load_collection, load_environment)


def test_a_file_is_read_as_what_it_is(tmp_path: Path) -> None:
    """A collection with its requests, an environment with its variables."""
    path = tmp_path / "some.json"
    path.write_text(json.dumps(collection(item("GET", "https://a.example/x"))))
    assert [one.place for one in load_collection(path).items] == [("Reset",)]
    path.write_text(json.dumps({"name": "e", "values": [{"key": "a", "value": "1"}]}))
    assert load_environment(path) == {"a": "1"}


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("data", [b"", b"[", b"\xff\xfe\x00", b"[" * 200_000, b"{}", b"[]"])
def test_a_file_of_something_else_is_named(tmp_path: Path, data: bytes, load: Callable[[Path], object]) -> None:
    """Whether it is no JSON at all, or the JSON of another program."""
    path = tmp_path / "other.json"
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        load(path)
    assert (caught.value.code, caught.value.where) == ("KT-COL-001", str(path))


@pytest.mark.parametrize("load", LOADERS)
def test_a_file_that_is_not_there_is_named(tmp_path: Path, load: Callable[[Path], object]) -> None:
    """With the system's word for why."""
    with pytest.raises(SourceError, match=r"gone\.json cannot be read") as caught:
        load(tmp_path / "gone.json")
    assert (caught.value.where, caught.value.why) == (str(tmp_path / "gone.json"), "No such file or directory")


@pytest.mark.parametrize("load", LOADERS)
def test_a_giant_file_is_not_read(tmp_path: Path, load: Callable[[Path], object]) -> None:
    """No more of it than shows that it is one."""
    path = tmp_path / "giant.json"
    path.touch()
    os.truncate(path, MOST + 1)
    with pytest.raises(SourceError, match="too large") as caught:
        load(path)
    assert caught.value.where == str(path)
