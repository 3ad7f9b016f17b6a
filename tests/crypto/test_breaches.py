"""Stolen passwords: the published lists become a file in which every one of them is found, and hardly any other."""

import hashlib
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.outcomes import Reason
from keyturn.core.policy import Policy, ProfileName, Rule, judge
from keyturn.core.secret import Secret
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.breach_loading import load
from keyturn.crypto.breaches import COUNT, FILE, HEAD, Breaches, open_breaches

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def hashes(passwords: Iterable[str]) -> list[str]:
    return sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() for one in passwords)


def published(path: Path, passwords: Iterable[str], end: str = ":3\r\n") -> Path:
    """A list as it is published: one file, ordered by hash."""
    path.write_bytes("".join(name + end for name in hashes(passwords)).encode())
    return path


def ranges(folder: Path, passwords: Iterable[str]) -> Path:
    """A list as its own downloader keeps it: a file for each five digits, with lines of padding."""
    folder.mkdir()
    by: dict[str, list[str]] = {}
    for name in hashes(passwords):
        by.setdefault(name[:5], []).append(name[5:])
    for prefix, rests in by.items():
        lines = sorted([*(f"{rest}:12" for rest in rests), f"{'F' * 35}:0"])
        (folder / f"{prefix}.txt").write_text("\r\n".join(lines))
    return folder


@pytest.mark.proves("PW-4", "V6.2.12")
@pytest.mark.parametrize("count", [1, 200, 3000])
def test_every_stolen_password_is_found_and_no_other(tmp_path: Path, count: int) -> None:
    stolen = [f"stolen {number}" for number in range(count)]
    about = load([published(tmp_path / "list.txt", stolen)], tmp_path / FILE, NOW)
    breaches = Breaches(tmp_path / FILE)
    assert breaches.about == about
    assert (about.entries, about.source, about.loaded) == (count, "list.txt", "2026-11-22T00:00:00+00:00")
    assert about.chance() > 100_000
    assert [one for one in stolen if not breaches.holds(one)] == []
    assert not any(breaches.holds(f"own {number}") for number in range(3000))
    assert not breaches.holds("Stolen 0")


def test_a_lookup_costs_far_less_than_a_millisecond(tmp_path: Path) -> None:
    load([published(tmp_path / "list.txt", map(str, range(5000)))], tmp_path / FILE, NOW)
    breaches = Breaches(tmp_path / FILE)
    begun = process_time()
    assert sum(breaches.holds(str(number)) for number in range(5000)) == 5000
    assert (process_time() - begun) / 5000 < 0.001


def test_a_folder_of_ranges_gives_the_same_file_as_the_whole_list(tmp_path: Path) -> None:
    stolen = [f"stolen {number}" for number in range(500)]
    one, other = tmp_path / "one.bin", tmp_path / "other.bin"
    load([published(tmp_path / "list.txt", stolen)], one, NOW)
    about = load([ranges(tmp_path / "ranges", stolen)], other, NOW)
    assert one.read_bytes()[HEAD:] == other.read_bytes()[HEAD:]
    assert about.source == "500 ranges"


def test_small_letters_a_mark_of_byte_order_and_a_missing_last_line_end_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"\xef\xbb\xbf" + "\n".join(f"{name.lower()}:7" for name in hashes(["a", "b", "c"])).encode())
    assert load([file], tmp_path / FILE, NOW).entries == 3
    breaches = Breaches(tmp_path / FILE)
    assert all(map(breaches.holds, "abc"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=300))
def test_whatever_was_stolen_is_found(tmp_path: Path, stolen: set[str]) -> None:
    load([published(tmp_path / "list.txt", stolen)], tmp_path / FILE, NOW)
    breaches = Breaches(tmp_path / FILE)
    assert [one for one in stolen if not breaches.holds(one)] == []


def test_a_list_of_several_blocks_is_told_as_it_is_read(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    file = published(tmp_path / "list.txt", map(str, range(60_000)), f":{'1' * 12}\r\n")
    load([file], tmp_path / FILE, NOW, lambda done, total: told.append((done, total)))
    size = file.stat().st_size
    assert told[0] == (1 << 20, size)
    assert told[-1] == (size, size)
    breaches = Breaches(tmp_path / FILE)
    assert all(breaches.holds(str(number)) for number in range(0, 60_000, 7))


def test_a_pipe_of_unknown_length_is_loaded_as_well(tmp_path: Path) -> None:
    empty = tmp_path / "list.txt"
    empty.touch()
    with pytest.raises(SourceError, match="there is no hash in it"):
        load([empty], tmp_path / FILE, NOW)
    about = load([empty, published(tmp_path / "more.txt", ["a", "b"])], tmp_path / FILE, NOW)
    assert (about.entries, about.digits) == (2, 6)
    assert Breaches(tmp_path / FILE).holds("b")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("209C6174DA490CAEB422F3FA5A7AE634:5\n", 1, "NTLM"),
        (f"{'0' * 40}:1\n{'1' * 40}\n", 2, "a line is 40 hexadecimal digits"),
        (f"{'0' * 40}:1\n\n", 2, "a line is 40"),
        (f"{'0' * 40}:many\n", 1, "a line is 40"),
        ("password\n", 1, "a line is 40"),
        (f"{'0' * 40}:1\n{'1' * 40}:1\n\u00e9{'2' * 40}:1\n", 3, "a line is 40"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_changes(tmp_path: Path, text: str, line: int, why: str) -> None:
    load([published(tmp_path / "good.txt", ["a"])], tmp_path / FILE, NOW)
    before = (tmp_path / FILE).read_bytes()
    file = tmp_path / "list.txt"
    file.write_text(text)
    with pytest.raises(SourceError) as caught:
        load([file], tmp_path / FILE, NOW)
    assert (caught.value.code, caught.value.where) == ("KT-POL-020", f"{file}, line {line}")
    assert why in caught.value.why
    assert (tmp_path / FILE).read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_the_list_ordered_by_frequency_is_refused_with_the_line(tmp_path: Path) -> None:
    names = hashes(["a", "b", "c", "d"])
    file = tmp_path / "list.txt"
    file.write_text("".join(f"{name}:1\n" for name in [names[0], names[2], names[1], names[3]]))
    with pytest.raises(SourceError, match="not ordered by hash") as caught:
        load([file], tmp_path / FILE, NOW)
    assert (caught.value.code, caught.value.where) == ("KT-POL-021", f"{file}, line 3")
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text(f"{names[1]}:1\n")
    second.write_text(f"{names[0]}:1\n")
    with pytest.raises(SourceError) as caught:
        load([first, second], tmp_path / FILE, NOW)
    assert caught.value.where == f"{second}, line 1"
    assert load([second, first], tmp_path / FILE, NOW).entries == 2


def test_a_range_with_whole_hashes_and_an_archive_and_an_empty_folder_are_told_apart(tmp_path: Path) -> None:
    wrong = tmp_path / "0A1B2.txt"
    wrong.write_text(f"0A1B2{'0' * 35}:1\n")
    with pytest.raises(SourceError) as caught:
        load([wrong], tmp_path / FILE, NOW)
    assert "one range, whose lines have the last 35 digits" in caught.value.why
    packed = tmp_path / "pwned.7z"
    packed.write_bytes(b"7z\xbc\xaf\x27\x1c rest")
    with pytest.raises(SourceError, match="the list is packed") as caught:
        load([packed], tmp_path / FILE, NOW)
    assert "7-Zip" in caught.value.why
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no list in the folder"):
        load([tmp_path / "empty"], tmp_path / FILE, NOW)


def test_a_list_that_has_no_room_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.touch()
    with file.open("r+b") as sparse:
        sparse.truncate(1 << 43)
    with pytest.raises(SourceError, match="no room") as caught:
        load([file], tmp_path / FILE, NOW)
    assert caught.value.code == "KT-POL-023"


@pytest.mark.proves("ST-6")
def test_the_file_is_for_our_eyes_only(tmp_path: Path) -> None:
    load([published(tmp_path / "list.txt", ["a"])], tmp_path / FILE, NOW)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_damaged_file_is_refused_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert open_breaches(tmp_path) is None
    load([published(tmp_path / "list.txt", ["a", "b"])], tmp_path / FILE, NOW)
    whole = (tmp_path / FILE).read_bytes()
    damaged = [
        b"", whole[:-1], whole + b"x", whole[: HEAD // 2], b"\0" * len(whole), b"[1]" + b"\0" * HEAD,
        whole.replace(b'"digits": 0', b'"digits": 9'), whole.replace(b'"digits": 0', b'"digits":"0'),
        whole.replace(b"passwords 1", b"passwords 2"), whole.replace(b'"entries": 2', b'"entries": 0'), b'"text"',
        b"\xff" * len(whole),
    ]  # fmt: skip
    for data in damaged:
        (tmp_path / FILE).write_bytes(data)
        with pytest.raises(ConfigError, match="damaged"):
            open_breaches(tmp_path)
    assert len(whole) == HEAD + 2 * COUNT + 2 * 3


@pytest.mark.proves("PW-4", "V6.2.12", "N3.1.1.2-10")
def test_a_stolen_password_is_refused_as_it_was_typed_and_as_it_would_be_stored(tmp_path: Path) -> None:
    stolen = ["kestrel orbit lamp nine", "cafe\u0301 orbit lamp nine"]
    load([published(tmp_path / "list.txt", stolen)], tmp_path / FILE, NOW)
    blocklist, nist = FileBlocklist.beside(tmp_path), Policy.of(ProfileName.NIST)
    for candidate in stolen:
        verdict = judge(Secret(candidate), nist, blocklist)
        assert (verdict.reason, verdict.rule) == (Reason.TOO_COMMON, Rule.BREACHED)
        assert "stolen" in verdict.text
    assert judge(Secret("Kestrel orbit lamp nine"), nist, blocklist).reason is None
    assert judge(Secret("kestrel orbit lamp nine"), nist, FileBlocklist()).reason is None
    mild = judge(Secret(stolen[0]), Policy.of(ProfileName.VENDOR), blocklist)
    assert (mild.reason, mild.rule, bool(mild.warning)) == (None, Rule.BREACHED, True)
