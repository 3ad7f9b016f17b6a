"""`keyturn postman run`: newman's flags on the engine of every run, against a server that writes down what came."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyturn.cli.main import cli
from tests.dialects.postman.folder import ENVIRONMENT, lay_out
from tests.dialects.postman.kit import TOKEN, collection, item
from tests.support.recording_server import Arrived, Recorder, recorder

RESET = "{{baseUrl}}/v3/users/{{userid}}/password?emailPassword=true"
GRANT = "{{baseUrl}}/grants/{{userid}}"
KNOWN = '{"token": "NewUserPasswordHere1c"}'


@dataclass(frozen=True)
class Bench:
    """A home, a folder and the server."""

    tmp: Path
    server: Recorder

    def file(self, name: str, text: str | bytes) -> str:
        """A file."""
        path = self.tmp / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def book(self, *items: dict[str, Any]) -> str:
        """A collection for the server."""
        made = collection(*items, variable=[{"key": "baseUrl", "value": self.server.url}])
        return self.file("c.postman_collection.json", json.dumps(made))

    def run(self, book: str, rows: str | bytes, *more: str, code: int = 0) -> Result:
        """Run it on a file; it ends with `code`."""
        args = ["postman", "run", book, "-d", self.file("users.csv", rows), *more]
        return self.call(*args, code=code)

    def call(self, *args: str, code: int = 0) -> Result:
        """Run a command."""
        environment = {"KEYTURN_HOME": str(self.tmp / "home"), "NO_COLOR": "1"}
        result = CliRunner(env=environment).invoke(cli, list(args))
        assert result.exit_code == code, result.output
        return result

    def targets(self) -> list[str]:
        """What came in since the last look, by its address."""
        return sorted(one.target for one in self.server.take())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A server that is content with everything."""
    monkeypatch.chdir(tmp_path)
    with recorder() as server:
        yield Bench(tmp_path, server)


@pytest.mark.proves("RN-1")
@pytest.mark.parametrize("request_of", [("POST", RESET, KNOWN), ("PUT", GRANT, '{"role": "{{userid}}"}')])
def test_what_is_in_the_cell_is_what_is_sent(bench: Bench, request_of: tuple[str, str, str]) -> None:
    """In both modes: no id is taken for a number, none is cut short, blank rows and repeats are left out."""
    rows = "userid\n007\n1E5\n0x1F\n12345678901234567890\n1.10\nx%41y\na#b\na?b\n\n\n007\n"
    bench.run(bench.book(item(*request_of)), rows, "--yes")
    path = "/v3/users/{}/password?emailPassword=true" if "v3" in request_of[1] else "/grants/{}"
    ids = ["007", "0x1F", "1.10", "12345678901234567890", "1E5", "a%23b", "a%3Fb", "x%2541y"]
    assert bench.targets() == sorted(path.format(one) for one in ids)


@pytest.mark.parametrize("header", [b"\xef\xbb\xbfuserid;name\r\n", b"UserID ;name\r\n", b"user_id;name\n"])
def test_a_file_as_excel_saves_it_is_read(bench: Bench, header: bytes) -> None:
    """Semicolons, a byte mark, a header in other letters: newman sends `{{userid}}` for each of these."""
    bench.run(bench.book(item("POST", RESET, KNOWN)), header + b"amal;A\r\njane;J\r\n", "--yes")
    assert bench.targets() == [f"/v3/users/{one}/password?emailPassword=true" for one in ("amal", "jane")]


@pytest.mark.proves("RN-1")
def test_a_variable_that_nothing_stands_for_stops_before_anything_is_sent(bench: Bench) -> None:
    """And the error names the columns that there are."""
    ended = bench.run(bench.book(item("POST", RESET, KNOWN)), "person\namal\n", "--yes", code=5)
    assert "nothing stands for {{userid}}" in ended.stderr
    assert "columns of the file: person" in ended.stderr
    assert bench.targets() == []


@pytest.mark.proves("RN-5", "RN-8")
@pytest.mark.parametrize("method_url", [("POST", RESET), ("POST", GRANT)])
def test_a_refused_sign_in_is_no_success(bench: Bench, method_url: tuple[str, str]) -> None:
    """newman ends with `failed 0` and 0 here, and has sent every row; we stop, and exit with 1, or with 0 under -x."""
    bench.server.answer = lambda _: (401, {"message": "no"})
    rows = "userid\n" + "".join(f"u{number}\n" for number in range(40))
    book = bench.book(item(*method_url, KNOWN))
    ended = bench.run(book, rows, "--expect", "40", code=1)
    assert "newman would have exited 0 here" in ended.stdout
    assert len(bench.targets()) <= 9
    bench.run(book, rows, "--expect", "40", "-x", code=0)


def test_a_rerun_does_only_what_is_not_done(bench: Bench) -> None:
    """Also on a corrected file; with --again everything once more."""

    def refuse(arrived: Arrived) -> tuple[int, object]:
        return (404, {}) if "/jan" in arrived.target else (200, {})

    bench.server.answer = refuse
    book = bench.book(item("POST", RESET, KNOWN))
    bench.run(book, "userid\namal\njan\namal\n", "--yes", code=1)
    assert len(bench.targets()) == 2
    bench.run(book, "userid\namal\njane.doe\namal\n", "--yes", code=1)
    assert bench.targets() == ["/v3/users/jane.doe/password?emailPassword=true"]
    bench.server.answer = lambda _: (200, {})
    bench.run(book, "userid\namal\njane.doe\namal\n", "--yes")
    assert bench.targets() == ["/v3/users/jane.doe/password?emailPassword=true"]
    bench.run(book, "userid\namal\njane.doe\namal\n", "--yes", "--again")
    assert len(bench.targets()) == 2


@pytest.mark.parametrize("request_of", [("POST", RESET, KNOWN), ("PUT", GRANT, "{}")])
def test_rows_that_ask_for_the_same_are_sent_when_that_is_said(bench: Bench, request_of: tuple[str, str, str]) -> None:
    """Also those of which every cell is the same, and in their order."""
    rows = "userid,note\namal,x\njane,x\namal,x\namal,y\n"
    bench.run(bench.book(item(*request_of)), rows, "--yes", "--repeats", "-j", "1")
    assert [one.target.split("/")[-2 if "v3" in one.target else -1] for one in bench.server.take()] == [
        "amal", "jane", "amal", "amal",
    ]  # fmt: skip


def test_a_variable_is_what_the_nearest_file_says(bench: Bench) -> None:
    """A column, the environment, the collection, the globals; and a command line before the file that it is about."""
    said = {"globals": "gceh", "environment": "e", "collection": "ce"}
    values = {name: [{"key": key, "value": name} for key in keys] for name, keys in said.items()}
    globals_file, environment = (
        bench.file(f"{name}.json", json.dumps({"values": values[name]})) for name in ("globals", "environment")
    )
    address = {"key": "baseUrl", "value": bench.server.url}
    made = collection(item("PUT", "{{baseUrl}}/{{userid}}/{{e}}/{{c}}/{{g}}/{{h}}", "{}"))
    book = bench.file("c.json", json.dumps({**made, "variable": [address, *values["collection"]]}))
    bench.run(book, "userid\namal\n", "-e", environment, "-g", globals_file, "--global-var", "h=said", "--yes")
    assert bench.targets() == ["/amal/environment/collection/globals/said"]


def test_a_file_in_another_encoding_is_read_when_that_is_said(bench: Bench) -> None:
    """The header too."""
    rows = "gr\u00f6\u00dfe;userid\n1;m\u00fcller\n".encode("cp1252")
    book = bench.book(item("PUT", GRANT, "{}"))
    bench.run(book, rows, "--yes", code=5)
    bench.run(book, rows, "--yes", "--encoding", "cp1252")
    assert bench.targets() == ["/grants/m%C3%BCller"]


def test_the_number_of_iterations_confirms_as_many_rows(bench: Bench) -> None:
    """IBM's page has people check it; without it, or another confirmation, nothing is sent."""
    rows = "userid\n" + "".join(f"u{number}\n" for number in range(30))
    book = bench.book(item("POST", RESET, KNOWN))
    bench.run(book, rows, code=8)
    assert bench.targets() == []
    bench.run(book, rows, "-n", "30")
    assert len(bench.targets()) == 30


def test_fewer_iterations_than_rows_are_the_first_ones(bench: Bench) -> None:
    """As with newman."""
    bench.run(bench.book(item("POST", RESET, KNOWN)), "userid\na\nb\nc\n", "-n", "2")
    assert [one.split("/")[3] for one in bench.targets()] == ["a", "b"]


def test_requests_without_a_file_are_sent_as_often_as_was_said(bench: Bench) -> None:
    """An iteration is a row of its own."""
    bench.call("postman", "run", bench.book(item("PUT", "{{baseUrl}}/ping/x", "{}")), "-n", "3")
    assert bench.targets() == ["/ping/x"] * 3


@pytest.mark.proves("RN-5")
def test_a_200_that_says_no_is_no_success(bench: Bench) -> None:
    """The verdict of the vendor, and of anybody's JSON, is read."""
    bench.server.answer = lambda _: (200, {"succeeded": False, "errors": ["no"]})
    for request in (item("POST", RESET, KNOWN), item("POST", GRANT, "{}")):
        ended = bench.run(bench.book(request), "userid\namal\n", "--yes", "--retries", "0", code=1)
        assert "uncertain │        1" in ended.stdout


def test_scripts_stop_the_run_and_status_tests_are_rules(bench: Bench) -> None:
    """Nothing is run; `--ignore-scripts` goes on without what is not read."""
    check = {"listen": "test", "script": {"exec": ["pm.test('x', () => pm.response.to.have.status(200));"]}}
    other = {"listen": "prerequest", "script": {"exec": ["// first", "pm.environment.set('token', \"a'b\", `x"]}}
    request = item("PUT", GRANT, "{}")
    ended = bench.run(bench.book({**request, "event": [check, other]}), "userid\na\n", "--yes", code=5)
    assert "Reset, pre-request script, line 2:  pm.environment.set('...', \"...\", `...`" in ended.stderr
    assert bench.targets() == []
    bench.server.answer = lambda _: (202, {})
    ended = bench.run(bench.book({**request, "event": [check]}), "userid\na\n", "--yes", "--retries", "0", code=1)
    assert "status 200" in ended.stdout
    bench.run(bench.book({**request, "event": [other]}), "userid\nb\n", "--yes", "--ignore-scripts")


@pytest.mark.proves("RN-10", "RN-14")
def test_reports_say_who_failed_and_hold_no_secret(bench: Bench) -> None:
    """newman's JSON holds token and password of each row; its JUnit knows no user."""
    bench.server.answer = lambda arrived: (404, {"message": KNOWN}) if "jan" in arrived.target else (200, {})
    bench.run(
        bench.book(item("POST", RESET, KNOWN)), "userid\namal\njan\n", "--yes", "-r", "cli,json,junit,html",
        "--reporter-json-export", "r.json", "--reporter-junit-export", "r.xml", "--reporter-html-export", "r.html",
        "--reporter-htmlextra-title", "mine", code=1,
    )  # fmt: skip
    told = json.loads((bench.tmp / "r.json").read_text())
    assert told["run"]["stats"]["requests"] == {"total": 2, "pending": 0, "failed": 1}
    assert [failure["user"] for failure in told["run"]["failures"]] == ["jan"]
    assert '<testcase name="row 3 jan"' in (bench.tmp / "r.xml").read_text()
    left = b"".join(path.read_bytes() for path in bench.tmp.rglob("*") if path.is_file() and path.suffix != ".json")
    left += (bench.tmp / "r.json").read_bytes()
    assert TOKEN.encode() not in left
    assert b"NewUserPasswordHere1c" not in left
    assert (bench.tmp / "r.json").stat().st_mode & 0o077 == 0


SECRET_CELL = "Linden-harbour-41"


@pytest.mark.proves("RN-10", "RN-14")
@pytest.mark.parametrize(
    ("url", "body", "name"),
    [
        ("{{baseUrl}}/resets", '{"newPassword": "{{start}}", "user": "{{userid}}"}', "amal"),
        ("{{baseUrl}}/resets?pwd={{start}}&user={{userid}}", "{}", "amal"),
        ("{{baseUrl}}/resets/{{start}}/{{userid}}?passwd={{start}}", "{}", "amal"),
        ("{{baseUrl}}/resets", '{"secret": "{{start}}"}', "Reset"),
        ("{{baseUrl}}/resets", '{"note": "{{password}}"}', "Reset"),
    ],
)
def test_no_row_is_called_by_what_may_be_a_password(bench: Bench, url: str, body: str, name: str) -> None:
    """Names stand in journals, in reports and on the screen; where a cell goes tells what it is."""
    bench.server.answer = lambda _: (404, {"message": SECRET_CELL})
    column = "start" if "start" in url + body else "password"
    rows = f"{column},userid\n{SECRET_CELL},amal\n"
    ended = bench.run(bench.book(item("POST", url, body)), rows, "--yes", "-r", "cli,json,junit,html", code=1)
    assert SECRET_CELL in bench.server.changes[0].target + bench.server.changes[0].body.decode()
    left = [path for path in bench.tmp.rglob("*") if path.is_file() and path.name != "users.csv"]
    assert not [path for path in left if SECRET_CELL.encode() in path.read_bytes()]
    assert SECRET_CELL not in ended.output
    [report] = bench.tmp.glob("newman/*.json")
    assert [one["user"] for one in json.loads(report.read_text())["run"]["failures"]] == [name]


def test_flags_without_effect_are_told_and_odd_ones_refused(bench: Bench) -> None:
    """A pass phrase on the command line is one of these."""
    book = bench.book(item("PUT", GRANT, "{}"))
    ended = bench.run(
        book, "userid\na\n", "--yes", "--timeout-script", "5", "--cookie-jar", "j", "--reporter-cli-silent"
    )
    for flag in ("--timeout-script", "--cookie-jar", "--reporter-cli-silent"):
        assert f"{flag} has no effect" in ended.stderr
    ended = bench.run(book, "userid\na\n", "--ssl-client-passphrase", "x", code=2)
    assert "shell history" in ended.stderr
    bench.run(book, "userid\na\n", "--no-such-flag", code=2)
    bench.run(book, "userid\na\n", "-r", "teamcity", code=2)
    bench.run(book, "userid\na\n", "--folder", "Nothing", code=2)


def test_a_folder_of_schema_v3_runs_as_the_file_of_v2_1_does(bench: Bench) -> None:
    """Both its requests, with the environment in YAML; a folder of something else sends nothing."""
    book = str(lay_out(bench.tmp / "MAS API"))
    environment = bench.file("T.environment.yaml", ENVIRONMENT)
    more = ("-e", environment, "--env-var", f"base_url={bench.server.url}", "--yes")
    ended = bench.run(book, "userid;start\namal;Linden-harbour-41\njane;Copper-meadow-58\n", *more)
    assert "Reset a password: reset on a target of kind mas" in ended.stderr
    assert sorted((one.target, one.headers.get("x-access-token")) for one in bench.server.take()) == [
        ("/grants/amal?x=1&dry=007", None),
        ("/grants/jane?x=1&dry=007", None),
        ("/v3/users/amal/password?emailPassword=true", TOKEN),
        ("/v3/users/jane/password?emailPassword=true", TOKEN),
    ]
    told = bench.call("postman", "import", book, "-e", environment, "--name", "there")
    assert "keyturn reset users.csv -t there --map id=userid --email --password column:start" in told.stdout
    (bench.tmp / "empty").mkdir()
    ended = bench.run(str(bench.tmp / "empty"), "userid\namal\n", "--yes", code=5)
    assert "postman/collections/NAME" in ended.stderr
    assert bench.targets() == []


def test_newman_types_brings_the_old_casting_back(bench: Bench) -> None:
    """Measured on newman 6.2.2; it warns."""
    rows = "userid\n007\n1E5\n0x1F\n12345678901234567890\n1.10\nplain\n"
    ended = bench.run(bench.book(item("POST", RESET, KNOWN)), rows, "--yes", "--newman-types")
    assert "KT-COL-021" in ended.stderr
    ids = ["7", "100000", "0", "12345678901234567000", "1.1", "plain"]
    assert bench.targets() == sorted(f"/v3/users/{one}/password?emailPassword=true" for one in ids)


def test_cells_stand_in_addresses_as_they_are_when_that_is_asked_for(bench: Bench) -> None:
    """As newman 6.2.2 puts them there; only a cell that would lead out of the place is still no part of it."""
    rows = "userid\nx%41y\na#b\na?b\njohn doe\na/b\n../admin\na/..\n"
    ended = bench.run(bench.book(item("POST", RESET, KNOWN)), rows, "--yes", "--newman-addresses", code=1)
    assert "KT-COL-023" in ended.stderr
    end = "/password?emailPassword=true"
    assert bench.targets() == sorted(
        [
            f"/v3/users/x%41y{end}",
            "/v3/users/a",
            f"/v3/users/a?b{end}",
            f"/v3/users/john%20doe{end}",
            f"/v3/users/a/b{end}",
        ]
    )


def test_a_variable_without_a_value_is_sent_as_it_is_when_that_is_asked_for(bench: Bench) -> None:
    """A dynamic one is not: its value would be another one at each try."""
    body = '{"text": "{{not this}}"}'
    ended = bench.run(bench.book(item("PUT", GRANT, body)), "userid\namal\n", "--yes", "--newman-variables")
    assert "KT-COL-024" in ended.stderr
    [one] = bench.server.take()
    assert (one.target, one.body) == ("/grants/amal", body.encode())
    book = bench.book(item("PUT", GRANT, '{"text": "{{$randomInt}}"}'))
    bench.run(book, "userid\namal\n", "--yes", "--newman-variables", code=5)


@pytest.mark.proves("RN-7", "V12.3.2")
def test_certificates_are_always_verified(bench: Bench) -> None:
    """And the refusal says what to do in place of it."""
    ended = bench.run(bench.book(item("PUT", GRANT, "{}")), "userid\na\n", "-k", code=2)
    assert "KT-COL-012" in ended.stderr
    assert "--ssl-extra-ca-certs" in ended.stderr
    assert "ca_bundle" in ended.stderr


def test_an_interrupted_run_says_so_by_its_code(bench: Bench) -> None:
    """130, as every command; newman's 1 is about rows.  The second request is not begun."""

    def interrupt(arrived: Arrived) -> tuple[int, object]:
        os.kill(os.getpid(), signal.SIGINT)
        return 200, {}

    bench.server.answer = interrupt
    book = bench.book(item("PUT", GRANT, "{}"), item("PUT", "{{baseUrl}}/second/{{userid}}", "{}", name="Second"))
    bench.run(book, "userid\na\nb\nc\n", "--yes", "-j", "1", code=130)
    assert bench.targets() == ["/grants/a"]


def test_names_of_a_collection_do_nothing_to_the_screen(bench: Bench) -> None:
    """It comes from somebody's repository; what it calls its requests is shown, and not obeyed."""
    evil = "\x1b[31mGrant\r\n\u202esaved"
    script = {"event": [{"listen": "test", "script": {"exec": ["f(\x1b[2J)"]}}]}
    ended = bench.run(
        bench.book({**item("PUT", GRANT, "{}", name=evil), **script}), "userid\na\n", "--yes", "--ignore-scripts",
        "--color", "on", "-r", "cli,junit",
    )  # fmt: skip
    told = ended.output
    told += bench.run(
        bench.book(item("PUT", "{{baseUrl}}/{{x\x1b[2J}}", "{}", name=evil)), "userid\na\n", code=5
    ).output
    told += bench.run(bench.book({**item("PUT", GRANT, "{}", name=evil), **script}), "userid\na\n", code=5).output
    told += bench.call(
        "postman", "import", bench.book(item("POST", RESET, "{}"), item("PUT", GRANT, "{}", name=evil))
    ).output
    told += bench.call("runs", "list").output + next(bench.tmp.glob("newman/*.xml")).read_text()
    assert "\\x1b[31mGrant\\r\\n\\u202esaved: sent as it stands" in told
    assert [sign for sign in ("\u202e", "\x1b[31mGrant", "\x1b[2J") if sign in told] == []


def test_silence_is_kept(bench: Bench) -> None:
    """No word on either side when all is well; colour is a matter of taste."""
    ended = bench.run(bench.book(item("PUT", GRANT, "{}")), "userid\na\n", "--yes", "--silent", "--color", "on")
    assert ended.output == ""


def test_the_first_failure_ends_it_with_bail(bench: Bench) -> None:
    """One at a time, and nothing behind it."""
    bench.server.answer = lambda _: (404, {})
    bench.run(bench.book(item("PUT", GRANT, "{}")), "userid\na\nb\nc\n", "--yes", "--bail", code=1)
    assert len(bench.targets()) == 1


def test_a_configured_target_at_the_address_keeps_its_limits(bench: Bench) -> None:
    """Whom it protects, and that it is production, holds however one calls it."""
    (bench.tmp / "home").mkdir()
    config = f'[targets.there]\nkind = "mas"\nurl = "{bench.server.url}"\nproduction = true\nprotect = ["svc-*"]\n'
    (bench.tmp / "home" / "config.toml").write_text(config)
    book = bench.book(item("POST", RESET, KNOWN))
    bench.run(book, "userid\namal\nsvc-gis\n", "--yes", code=8)
    bench.run(book, "userid\namal\nsvc-gis\n", "--expect", "1")
    assert len(bench.targets()) == 1
