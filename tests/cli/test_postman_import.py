"""`keyturn postman import` and `export`: from a collection to a target, and back."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyturn.app.config.settings import NAME
from keyturn.app.dialects import DIALECTS
from keyturn.app.postman.collections import load_collection, load_environment
from keyturn.app.postman.playing import open_requests
from keyturn.app.postman.recognising import recognise
from keyturn.bulk.intake.source import header_of
from tests.cli.test_postman_run import GRANT, KNOWN, RESET, Bench
from tests.dialects.postman.kit import TOKEN, item
from tests.support.recording_server import recorder

LISTS = ("primavera", "scim")
"""Doors whose example of a reset is a list of users, or a change of something else."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A server that is content with everything."""
    with recorder() as server:
        yield Bench(tmp_path, server)


def test_a_collection_becomes_a_target_and_the_command_that_does_the_same(bench: Bench) -> None:
    """The secret goes into a file for its owner alone, nowhere else; the command that is printed runs."""
    book = bench.book(item("POST", RESET, "{}"), item("PUT", GRANT, "{}", name="Grant"))
    users = bench.file("users.csv", "userid\namal\n")
    told = bench.call("postman", "import", book, "-d", users, "--name", "there")
    assert "not recognised: Grant" in told.stderr
    assert "still stands in clear" in told.stderr
    config, secret = bench.tmp / "home" / "config.toml", bench.tmp / "home" / "there.secret"
    assert TOKEN not in told.output + config.read_text()
    assert secret.read_text() == f"{TOKEN}\n"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    command = f"keyturn reset {users} -t there --map id=userid --email --password target"
    assert command in told.stdout
    bench.call(*command.split()[1:], "--yes")
    assert bench.targets() == ["/v3/users/amal/password?emailPassword=true"]


def test_without_a_file_the_variables_are_its_columns(bench: Bench) -> None:
    """And a name is found that is free."""
    book = bench.book(item("POST", RESET, '{"token": "{{start}}"}'), item("POST", RESET, KNOWN, name="One for all"))
    told = json.loads(bench.call("postman", "import", book, "--json").stdout)
    [target] = told["targets"]
    assert [command.partition(" -t ")[2].partition(" ")[2] for command in target["commands"]] == [
        "--map id=userid --email --password column:start",
        "--map id=userid --email --password same",
    ]


def test_nothing_is_saved_twice_and_nothing_unknown_at_all(bench: Bench) -> None:
    """Neither a target of that name nor its secret is written over."""
    book = bench.book(item("POST", RESET, "{}"))
    bench.call("postman", "import", book, "--name", "there")
    ended = bench.call("postman", "import", book, "--name", "there", code=2)
    assert "KT-COL-011" in ended.stderr
    ended = bench.call("postman", "import", bench.book(item("PUT", GRANT, "{}")), code=2)
    assert "KT-COL-009" in ended.stderr


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "a\nb", ".", "-x", "X", "x" * 41])
def test_a_name_that_would_lead_elsewhere_is_none(bench: Bench, name: str) -> None:
    """The secret is put into a file of that name; nothing is left when it is refused."""
    ended = bench.call("postman", "import", bench.book(item("POST", RESET, "{}")), f"--name={name}", code=2)
    assert "cannot be the name of a target" in ended.stderr
    assert not list(bench.tmp.rglob("*.secret"))
    assert not (bench.tmp / "home" / "config.toml").exists()


def test_a_host_of_any_length_gives_a_name(bench: Bench) -> None:
    """And a second sign-in there another one."""
    host = "api." + "long-" * 10 + "name.example.com"
    reset = f"https://{host}/v3/users/{{{{userid}}}}/password?emailPassword=true"
    other = item("POST", reset, "{}", name="Other", header=[{"key": "x-access-token", "value": "another"}])
    told = json.loads(bench.call("postman", "import", bench.book(item("POST", reset, "{}"), other), "--json").stdout)
    first, second = (target["target"] for target in told["targets"])
    assert second == f"{first}-2"
    assert all(NAME.fullmatch(name) for name in (first, second))


@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_what_is_exported_is_read_back(kind: str, bench: Bench) -> None:
    """Every request of it can be filled in from its rows and its environment; no secret is in any of the files."""
    folder = bench.tmp / "out"
    bench.call("postman", "export", "--kind", kind, "--url", "https://k.example.com", "-o", str(folder))
    bench.call("postman", "export", "--kind", kind, "-o", str(folder), code=2)
    values = load_environment(folder / f"{kind}.postman_environment.json")
    assert all(value == "" for name, value in values.items() if name != "baseUrl")
    filled = {name: value or "a-secret-1" for name, value in values.items()}
    header = header_of(folder / f"{kind}-users.csv")
    opened = open_requests(load_collection(folder / f"{kind}.postman_collection.json"), filled, header)
    assert not opened.unread
    assert len(opened.requests) >= 3
    orders = {
        (found.kind, str(found.job.operation)) for one in opened.requests if (found := recognise(one)) is not None
    }
    assert orders <= {(kind, "reset"), (kind, "create")}
    assert (kind, "reset") in orders or kind in LISTS


def test_a_kind_that_nobody_answers_is_said(bench: Bench) -> None:
    """With those that there are."""
    ended = bench.call("postman", "export", "--kind", "ldap", code=2)
    assert "scim" in ended.stderr
