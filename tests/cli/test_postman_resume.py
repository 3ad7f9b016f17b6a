"""`keyturn resume` on a run of a collection: the same request, made again of the same files, or nothing."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.app.postman.recipe import RECIPE
from keyturn.store.journal import open_journal
from tests.cli.test_postman_run import GRANT, Bench, bench
from tests.dialects.postman.folder import lay_out
from tests.dialects.postman.kit import item
from tests.support.recording_server import Arrived

__all__ = ["bench"]

USERS = "userid\namal\njane\nbo\n"
SIGNED = {"type": "bearer", "bearer": {"token": "{{token}}"}}


def environment(bench: Bench, token: str, path: str = "") -> str:
    """An environment with the address of the server and a token."""
    values = [{"key": "baseUrl", "value": bench.server.url + path}, {"key": "token", "value": token}]
    return bench.file("e.json", json.dumps({"name": "e", "values": values}))


def signed(arrived: Arrived) -> tuple[int, object]:
    """Content with the new token alone."""
    return (200, {}) if arrived.headers.get("authorization") == "Bearer new" else (401, {})


def stopped(bench: Bench, book: str = "") -> Path:
    """A run that a refused token stopped; its folder."""
    bench.server.answer = signed
    book = book or bench.book(item("PUT", GRANT, "{}", header=[], auth=SIGNED))
    bench.run(book, USERS, "-e", environment(bench, "old"), "-n", "3", "-j", "1", code=1)
    bench.server.take()
    [folder] = (bench.tmp / "home" / "state" / "runs").iterdir()
    return folder


def test_a_new_token_in_the_environment_is_all_it_takes(bench: Bench) -> None:
    """The run goes on by its id alone, and is told as every other run."""
    folder = stopped(bench)
    environment(bench, "new")
    ended = bench.call("resume", folder.name, "--no-input")
    assert bench.targets() == ["/grants/amal", "/grants/bo", "/grants/jane"]
    assert f"run {folder.name}" in ended.output
    assert "is finished; nothing was sent" in bench.call("resume", folder.name, "--no-input").stderr


def test_a_collection_in_a_folder_is_pinned_with_all_its_files(bench: Bench) -> None:
    """A file more that is read is another collection."""
    text = "$kind: http-request\nmethod: PUT\nurl: '{{baseUrl}}/grants/{{userid}}'\n"
    definition = "auth: {type: bearer, credentials: {token: '{{token}}'}}\n"
    files = {"Grant.request.yaml": text, ".resources/definition.yaml": definition}
    book = lay_out(bench.tmp / "MAS API", files)
    folder = stopped(bench, str(book))
    environment(bench, "new")
    lay_out(book, {"Grant.request.yaml": text + "headers: {x-more: '1'}\n"})
    assert "KT-COL-013" in bench.call("resume", folder.name, "--no-input", code=5).stderr
    assert bench.targets() == []
    lay_out(book, files)
    bench.call("resume", folder.name, "--no-input")
    assert len(bench.targets()) == 3


def test_requests_that_were_never_begun_are_named(bench: Bench) -> None:
    """A run is of one request; saying the same again goes through all of them."""
    further = item("PUT", "{{baseUrl}}/further/{{userid}}", "{}", name="Further", header=[], auth=SIGNED)
    book = bench.book(item("PUT", GRANT, "{}", header=[], auth=SIGNED), further)
    bench.server.answer = signed
    bench.run(book, USERS, "-e", environment(bench, "old"), "-n", "3", "--bail", code=1)
    environment(bench, "new")
    bench.server.take()
    assert "behind it in the collection: Further" in bench.call("resume", "--no-input").stderr
    assert bench.targets() == ["/grants/amal", "/grants/bo", "/grants/jane"]
    bench.run(book, USERS, "-e", environment(bench, "new"), "-n", "3")
    assert bench.targets() == ["/further/amal", "/further/bo", "/further/jane"]


def test_an_environment_that_makes_another_request_is_refused(bench: Bench) -> None:
    """Half of the rows would have gone elsewhere."""
    folder = stopped(bench)
    environment(bench, "new", "/other")
    ended = bench.call("resume", folder.name, "--no-input", code=5)
    assert "KT-COL-013" in ended.stderr
    assert "another request" in ended.stderr
    assert bench.targets() == []


def test_files_that_are_gone_are_named(bench: Bench) -> None:
    """Nothing is sent without them."""
    folder = stopped(bench)
    (bench.tmp / "e.json").unlink()
    assert "e.json cannot be read" in bench.call("resume", folder.name, "--no-input", code=5).stderr


@pytest.mark.parametrize("flags", [("--rebase", "users.csv"), ("--token-stdin",)])
def test_neither_other_rows_nor_a_secret_from_elsewhere_are_taken(bench: Bench, flags: tuple[str, ...]) -> None:
    """Both stand in the files, and the error says which."""
    folder = stopped(bench)
    ended = bench.call("resume", folder.name, "--no-input", *flags, code=2)
    assert "KT-COL-010" in ended.stderr
    assert "postman run" in ended.stderr


def test_a_run_that_kept_no_recipe_says_how_it_goes_on(bench: Bench) -> None:
    """As those of earlier versions."""
    folder = stopped(bench)
    with closing(open_journal(folder / "journal.db")) as journal:
        journal.note({RECIPE: ""})
    ended = bench.call("resume", folder.name, "--no-input", code=2)
    assert "say the same  keyturn postman run  again" in ended.stderr
