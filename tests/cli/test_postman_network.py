"""newman's flags of certificates and of time, against servers that ask for the one and take the other."""

import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from keyturn.cli.frame import Frame
from keyturn.core.secret import Secret
from tests.cli.test_postman_run import GRANT, KNOWN, RESET, Bench
from tests.dialects.postman.kit import item
from tests.support.certificate import Certificate, make_certificate
from tests.support.recording_server import Arrived, recorder

CLIENT_OF = {
    "grant_type": "client_credentials",
    "accessTokenUrl": "{{baseUrl}}/token",
    "clientId": "keyturn",
    "clientSecret": "a-client-secret",
}


@dataclass(frozen=True)
class Guarded:
    """A server whose certificate nobody knows, and which asks for ours."""

    bench: Bench
    theirs: Certificate
    ours: Certificate


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guarded]:
    """It is content with everything, once the certificates are right."""
    monkeypatch.chdir(tmp_path)
    ours, theirs = make_certificate(tmp_path / "client", "client"), make_certificate(tmp_path / "server")
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asking.load_cert_chain(theirs.certificate, theirs.key)
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(ours.certificate)
    with recorder(asking) as server:
        yield Guarded(Bench(tmp_path, server), theirs, ours)


def test_a_server_is_believed_and_shown_what_the_flags_name(guarded: Guarded) -> None:
    """Also by a request that would be recognised otherwise: as it stands it shows the certificate."""
    bench, trust = guarded.bench, ("--ssl-extra-ca-certs", str(guarded.theirs.certificate))
    shown = ("--ssl-client-cert", str(guarded.ours.certificate), "--ssl-client-key", str(guarded.ours.key))
    ended = bench.run(bench.book(item("POST", RESET, KNOWN)), "userid\namal\n", "--yes", *trust, *shown)
    assert "sent as it stands" in ended.stderr
    assert bench.targets() == ["/v3/users/amal/password?emailPassword=true"]


def sealed(key: Path, phrase: str) -> Path:
    """The key under a pass phrase."""
    opened = load_pem_private_key(key.read_bytes(), None)
    path, how = key.with_suffix(".sealed"), BestAvailableEncryption(phrase.encode())
    path.write_bytes(opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    return path


@pytest.mark.proves("RN-14")
def test_the_pass_phrase_of_a_key_is_asked_for(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the run and by its resume, and kept nowhere; a job in which nobody can be asked stops before it begins."""
    bench, phrase = guarded.bench, "opensesame-phrase"
    key, asked = sealed(guarded.ours.key, phrase), list[str]()
    said = ["--ssl-extra-ca-certs", str(guarded.theirs.certificate), "--ssl-client-cert", str(guarded.ours.certificate)]
    said += ["--ssl-client-key", str(key)]
    book = bench.book(item("PUT", GRANT, "{}"))
    ended = bench.run(book, "userid\namal\njane\n", "--yes", *said, code=8)
    assert "openssl pkey" in ended.stderr
    assert bench.targets() == []

    def typed(frame: Frame, question: str, *, otherwise: str = "") -> Secret:
        asked.append(question)
        return Secret(phrase if len(asked) > 1 else "another")

    monkeypatch.setattr(Frame, "ask_hidden", typed)
    assert "pass phrase" in bench.run(book, "userid\namal\njane\n", "--yes", *said, code=2).stderr
    bench.server.answer = lambda _: (401, {})
    bench.run(book, "userid\namal\njane\n", "--yes", *said, code=1)
    bench.server.answer = lambda _: (200, {})
    bench.server.take()
    bench.call("resume", "--no-input")
    assert bench.targets() == ["/grants/amal", "/grants/jane"]
    assert asked == [f"Pass phrase of {key} (hidden):"] * 3
    assert not any(phrase.encode() in path.read_bytes() for path in bench.tmp.rglob("*") if path.is_file())


@pytest.mark.proves("RN-7", "V12.3.2")
@pytest.mark.parametrize("left_out", ["--ssl-extra-ca-certs", "--ssl-client-cert"])
def test_nothing_gets_through_without_either(guarded: Guarded, left_out: str) -> None:
    """A certificate that is not trusted, and one that is not shown."""
    flags = {
        "--ssl-extra-ca-certs": [str(guarded.theirs.certificate)],
        "--ssl-client-cert": [str(guarded.ours.certificate), "--ssl-client-key", str(guarded.ours.key)],
    }
    said = [word for name, values in flags.items() if name != left_out for word in (name, *values)]
    bench = guarded.bench
    bench.run(bench.book(item("PUT", GRANT, "{}")), "userid\namal\n", "--yes", "--retries", "0", *said, code=1)
    assert bench.targets() == []


@pytest.mark.parametrize("wrong", ["gone.crt", "another.key", "empty.key"])
def test_a_certificate_that_cannot_be_used_stops_before_anything_is_sent(guarded: Guarded, wrong: str) -> None:
    """A file that is not there, a key of another one, a certificate in which there is none."""
    bench, other = guarded.bench, make_certificate(guarded.bench.tmp / "other", "another")
    files = {"another.key": str(other.key), "empty.key": bench.file("empty.key", "")}
    crt = str(bench.tmp / wrong) if wrong == "gone.crt" else str(guarded.ours.certificate)
    said = ["--ssl-client-cert", crt, "--ssl-client-key", files.get(wrong, str(guarded.ours.key))]
    book = bench.book(item("PUT", GRANT, "{}"))
    ended = bench.run(book, "userid\namal\n", "--yes", *said, code=2)
    assert "Nothing was sent" in ended.stderr
    assert bench.targets() == []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A server that takes a while for each request."""
    monkeypatch.chdir(tmp_path)
    with recorder() as server:
        server.answer = slow
        yield Bench(tmp_path, server)


def slow(arrived: Arrived) -> tuple[int, object]:
    """Content with everything, 0.2 s later."""
    time.sleep(0.2)
    return 200, {"access_token": "t-1"}


def test_when_the_time_for_everything_is_over_the_run_stops_and_can_go_on(bench: Bench) -> None:
    """As after Ctrl-C: what is in flight is waited for, the rest is not tried."""
    rows = "userid\n" + "".join(f"u{number}\n" for number in range(30))
    book = bench.book(item("PUT", GRANT, "{}"))
    bench.run(book, rows, "--expect", "30", "-j", "1", "--timeout", "1500", code=1)
    first = bench.targets()
    assert 0 < len(first) < 30
    bench.server.answer = lambda _: (200, {})
    bench.call("resume", "--no-input")
    assert sorted(first + bench.targets()) == sorted(f"/grants/u{number}" for number in range(30))


@pytest.mark.proves("RN-3")
def test_an_answer_that_takes_longer_than_was_said_is_none(bench: Bench) -> None:
    """And a row without an answer is no success."""
    book = bench.book(item("POST", GRANT, "{}"))
    ended = bench.run(book, "userid\namal\n", "--yes", "--timeout-request", "100", code=1)
    assert "uncertain │        1" in ended.stdout
    bench.run(book, "userid\njane\n", "--yes", "--timeout-request", "5000")


def test_a_pause_between_requests_is_kept(bench: Bench) -> None:
    """One at a time."""
    times: list[float] = []

    def told(arrived: Arrived) -> tuple[int, object]:
        times.append(time.monotonic())
        return 200, {}

    bench.server.answer = told
    bench.run(bench.book(item("PUT", GRANT, "{}")), "userid\na\nb\nc\n", "--yes", "--delay-request", "150")
    assert all(later - earlier > 0.12 for earlier, later in pairwise(times))
    assert len(times) == 3


@pytest.mark.proves("RN-14")
def test_a_client_gets_its_token_and_shows_it(bench: Bench) -> None:
    """Its secret goes to the place of tokens alone, and is left nowhere."""
    book = bench.book(item("PUT", GRANT, "{}", header=[], auth={"type": "oauth2", "oauth2": CLIENT_OF}))
    bench.run(book, "userid\namal\njane\n", "--yes", "-r", "cli,json")
    first, *users = bench.server.take()
    assert (first.method, first.target) == ("POST", "/token")
    assert [one.headers["authorization"] for one in users] == ["Bearer t-1"] * 2
    left = [path for path in bench.tmp.rglob("*") if path.is_file() and path.name != "c.postman_collection.json"]
    assert not any(secret in path.read_bytes() for path in left for secret in (b"a-client-secret", b't-1"'))
