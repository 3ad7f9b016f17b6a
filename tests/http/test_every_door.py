"""What holds at every door alike: headers, methods, strict bodies and queries, errors that tell nothing of inside."""

import json
import re
from collections.abc import Iterator

import pytest

from keyturn import __version__
from keyturn.app.serving.serve import bind
from keyturn.app.serving.starting import front_of
from keyturn.http.described import Call
from tests.http.doors import APIS, CALLS, CHEAP, Doors, all_doors, effects, ids
from tests.support.server import Answer, ask, serving_here

CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """All doors of one directory."""
    with all_doors(tmp_path_factory.mktemp("doors")) as found:
        yield found


def assert_headers(answer: Answer) -> None:
    """What a browser and a cache must be told with whatever comes."""
    told = answer.headers
    assert told["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert "unsafe-inline'" not in told["content-security-policy"].replace("style-src-attr 'unsafe-inline'", "")
    assert told["referrer-policy"] in ("no-referrer", "same-origin")
    assert told["cross-origin-opener-policy"] == told["cross-origin-resource-policy"] == "same-origin"
    assert "permissions-policy" in told
    assert not [name for name in told if name.startswith("access-control-") or name in ("server", "x-powered-by")]
    assert "strict-transport-security" not in told
    assert told["cache-control"] == "no-store" or answer.status == 200
    kind = told.get("content-type", "")
    assert kind or not answer.body
    assert not kind.startswith("text/") or "charset=utf-8" in kind or "javascript" in kind


WORDS = re.compile(
    rf"traceback|\.py\b|sqlite|psycopg|select .* from|insert into|starlette|uvicorn|site-packages|/tmp/|"
    rf"keyturn/{re.escape(__version__)}|{CANARY}|line \d+, in",
    re.IGNORECASE,
)


def assert_silent(answer: Answer) -> None:
    """Nothing of files, statements, libraries, or of what was sent."""
    found = WORDS.search(answer.text)
    assert found is None, found
    if answer.headers.get("content-type", "") == "application/problem+json":
        assert answer.json["status"] == answer.status


@pytest.mark.proves("AP-4", "AP-12", "V3.4.4", "V3.4.5", "V3.4.6", "V3.4.8", "V3.5.8", "V4.1.1", "V14.3.2", "V16.5.1")
@pytest.mark.parametrize(("name", "call"), CALLS, ids=ids(CALLS))
def test_every_answer_of_a_call_has_its_headers_and_tells_nothing(name: str, call: Call, doors: Doors) -> None:
    """Unasked for, with a body that is none, to an address of nobody; with a canary everywhere."""
    path, door = doors.path(name, call, id=CANARY), doors.door
    answers = [
        door.ask(call.method, path),
        door.ask(call.method, f"{path}?filter={CANARY}&{CANARY}=1", headers={"authorization": f"Bearer {CANARY}"}),
        door.ask(call.method, path, body=f'{{"{CANARY}": '.encode(), headers={"content-type": "application/json"}),
        door.ask("PURGE", path),
    ]
    if name in CHEAP and call.body is not None:
        kind = {"content-type": "application/json"} | doors.headers(name, call)
        answers.append(door.ask(call.method, path, body=f'{{"password": "{CANARY}", "a": '.encode(), headers=kind))
    for answer in answers:
        assert_headers(answer)
        assert_silent(answer)
    wrong = answers[3]
    assert wrong.status == 405
    assert call.method in wrong.headers["allow"].split(", ")


@pytest.mark.proves("AP-11", "V4.1.4", "V13.4.4")
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "OPTIONS", "CONNECT", "DEBUG", "get", "PROPFIND"])
@pytest.mark.parametrize("name", APIS)
def test_a_method_that_is_not_listed_does_nothing(name: str, method: str, doors: Doors) -> None:
    call = next(call for call in APIS[name].calls if call.method == "GET" and not call.anybody)
    answer = doors.door.ask(method, doors.path(name, call), headers={**doors.headers(name, call), "x-secret": CANARY})
    assert answer.status in (400, 405), answer
    assert CANARY not in answer.text


@pytest.mark.proves("AP-11")
@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
def test_no_header_and_no_parameter_turns_one_method_into_another(header: str, doors: Doors) -> None:
    token, before = doors.door.admin_token(), effects(doors.door)
    for method in ("GET", "POST"):
        doors.door.ask(method, "/keyturn/v1/users/amal?_method=DELETE", token=token, headers={header: "DELETE"})
        mas = {"x-access-token": token, header: "DELETE"}
        doors.door.ask(method, "/v3/users/amal?_method=DELETE", headers=mas)
    assert effects(doors.door) == before


@pytest.mark.proves("AP-11", "V1.1.1")
def test_no_spelling_of_an_address_gets_around_the_sign_in(doors: Doors) -> None:
    """A path is decoded once; dots lead nowhere; letters matter; what is behind a slash or a semicolon is an id."""
    spellings = (
        "{0}/", "/{0}", "{1}", "{0}//", "/.{0}", "/x/..{0}", "/x/%2e%2e{0}", "{0};x=1", "{0}%20", "{0}%00", "{0}.json",
        "{0}?x=/livez", "{0}%3f", "{0}%23", "/livez{0}", "/livez/..{0}", "{2}", "{0}/.", "{0}/%2e%2e/livez",
    )  # fmt: skip
    guarded = [(name, call) for name, call in CALLS if call.method == "GET" and not call.anybody]
    for name, call in guarded[:: max(1, len(guarded) // 12)]:
        path = doors.path(name, call)
        twice = path.replace("/", "/%25", 2).replace("/%25", "/", 1)
        for spelling in spellings:
            written = spelling.format(path, path.upper(), twice)
            answer = doors.door.ask("GET", written)
            assert answer.status >= 400, (written, answer)
            assert_silent(answer)


STRICT = {
    "a name twice": b'{"id": "a", "id": "b"}',
    "NaN": b'{"id": NaN}',
    "Infinity": b'{"id": -Infinity}',
    "half a character": b'{"id": "\\ud800"}',
    "the character zero": b'{"id": "\\u0000"}',
    "no UTF-8": b'{"id": "\xff"}',
    "two values": b"{}{}",
    "a comment": b'/* */ {"id": "a"}',
    "too deep": b'{"id": ' + b"[" * 33 + b"]" * 33 + b"}",
    "a number too large": b'{"id": ' + b"9" * 5000 + b"}",
    "a number that is no more one": b'{"id": 1e999}',
    "nothing": b"",
}


def cheap(calls: list[tuple[str, Call]]) -> list[tuple[str, Call]]:
    """All calls of doors that take tokens; where each hashes a password, the first stands for all: they read alike."""
    first = dict(reversed(calls))
    return [(name, call) for name, call in calls if name in CHEAP or call is first[name]]


WRITES = cheap([(name, call) for name, call in CALLS if call.body is not None and call.body.kinds[0].endswith("json")])


@pytest.mark.proves("AP-2", "V1.5.3", "V2.2.1", "V15.3.5")
@pytest.mark.parametrize(("name", "call"), WRITES, ids=ids(WRITES))
def test_a_body_that_two_readers_would_read_differently_is_refused(name: str, call: Call, doors: Doors) -> None:
    """With a 4xx and no effect; also one that is too large, or that is said to be something else."""
    door, path, before = doors.door, doors.path(name, call), effects(doors.door)
    headers = {**doors.headers(name, call), "content-type": call.body.kinds[0] if call.body else ""}
    for what, body in STRICT.items():
        answer = door.ask(call.method, path, headers=headers, body=body)
        assert 400 <= answer.status < 500, (what, answer)
    large = json.dumps({"id": "x" * 1_100_000}).encode()
    assert door.ask(call.method, path, headers=headers, body=large).status == 413
    for kind in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        answer = door.ask(call.method, path, headers={**headers, "content-type": kind}, body=b'{"id": "a"}')
        assert 400 <= answer.status < 500, (kind, answer)
    assert effects(door) == before


ASKED = cheap([(name, call) for name, call in CALLS if any(one.where == "query" for one in call.parameters)])


@pytest.mark.proves("AP-3", "V15.3.7")
@pytest.mark.parametrize(("name", "call"), ASKED, ids=ids(ASKED))
def test_a_parameter_that_is_given_twice_is_refused(name: str, call: Call, doors: Doors) -> None:
    """Equal or not: one layer would take the first, another the last."""
    door, path, before = doors.door, doors.path(name, call), effects(doors.door)
    body = json.dumps(call.body.example).encode() if call.body else None
    headers = {**doors.headers(name, call), "content-type": "application/json"}
    for parameter in call.parameters:
        if parameter.where == "query":
            answer = door.ask(call.method, f"{path}?{parameter.name}=1&{parameter.name}=1", headers=headers, body=body)
            assert answer.status in (400, 404), (parameter.name, answer)
    assert effects(door) == before


@pytest.mark.proves("AP-10", "V4.1.3")
@pytest.mark.parametrize("name", APIS)
def test_another_name_is_answered_421_in_the_words_of_the_door(name: str, doors: Doors) -> None:
    call = next(call for call in APIS[name].calls if call.method == "GET")
    for host in ("evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]"):
        answer = doors.door.ask("GET", doors.path(name, call), headers={"host": host})
        assert answer.status == 421, (host, answer)
        assert_headers(answer)
        assert_silent(answer)
        assert answer.json


@pytest.mark.proves("AP-10", "V15.3.4")
def test_what_a_stranger_says_of_where_he_is_does_not_come_into_the_audit(doors: Doors) -> None:
    lies = {"x-forwarded-for": "203.0.113.7", "forwarded": "for=203.0.113.7;proto=https", "x-real-ip": "203.0.113.7"}
    answer = doors.door.ask("GET", "/scim/v2/Users", headers={**lies, "authorization": "Bearer a.b"})
    assert answer.status == 401
    assert "strict-transport-security" not in answer.headers
    with doors.door.house.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    assert last.event.source == "127.0.0.1"


@pytest.mark.proves("AP-10", "AP-12", "V3.4.1", "V15.3.4")
def test_a_named_proxy_is_believed_of_address_and_tls_and_nobody_before_it(doors: Doors) -> None:
    """The audit and the limits see whom it speaks for; browsers are told to stay with TLS."""
    front = front_of("127.0.0.1", behind_tls=True, public_url="https://id.example.com", proxies=["127.0.0.1"])
    house = doors.door.house
    with bind("127.0.0.1", 0) as listener, serving_here(house, listener, front=front) as url:
        told = {"host": "id.example.com", "x-forwarded-for": "198.51.100.1, 203.0.113.7", "authorization": "Bearer a.b"}
        answer = ask(url, "GET", "/scim/v2/Users", headers={**told, "x-forwarded-proto": "https"})
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        plain = ask(url, "GET", "/scim/v2/Users", headers={**told, "x-forwarded-proto": "http"})
        assert "strict-transport-security" not in plain.headers
        torn = ask(url, "GET", "/scim/v2/Users", headers={**told, "forwarded": "for=198.51.100.9"})
        assert (torn.status, torn.json["scimType"]) == (400, "invalidSyntax")
    with house.store.reading() as view:
        last = view.audit.last()
    assert last is not None
    assert last.event.source == "203.0.113.7"
