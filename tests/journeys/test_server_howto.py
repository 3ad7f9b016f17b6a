"""The vendor's how-to for bulk resets, step by step, as a person with curl would do it, to the first sign-in.

Source: IBM Support, "How to bulk update user password using MAS API" (request shape, header, bodies, 200).
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.support.canary import leaks
from tests.support.mailsink import MailSink
from tests.support.server import Answer, Person, ServerProcess, running_server

MINE = "forty silver whales under the bridge"
SHAPED = re.compile(r"[A-Z][0-9A-Z]{4}(?:-[0-9A-Z]{4}){4}-[0-9A-Z]{5}")
ODD_IDS = [
    "007",
    "1E5",
    "0x1F",
    "12345678901234567890",
    "1.10",
    "x%41y",
    "a#b",
    "a?b",
    "müller",
    "john doe",
    "a+b@x.com",
]


@pytest.fixture(scope="module")
def sink() -> Iterator[MailSink]:
    """A mail server that keeps everything."""
    with MailSink() as running:
        yield running


@pytest.fixture(scope="module")
def server(sink: MailSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """`keyturn serve` with a few people."""
    people = [Person(name, f"{name}@example.com") for name in ("amal", "bo", "chika", "dara")]
    folder: Path = tmp_path_factory.mktemp("howto")
    with running_server(folder, users=people, smtp=f"127.0.0.1:{sink.port}") as running:
        yield running


@pytest.fixture(scope="module")
def token(server: ServerProcess) -> str:
    """The x-access-token of the how-to's first step."""
    return server.key_token()


def reset(server: ServerProcess, token: str, id: str, body: object, query: str = "?emailPassword=true") -> Answer:
    """The how-to's request."""
    return server.ask("POST", f"/v3/users/{id}/password{query}", headers={"x-access-token": token}, send=body)


def letter_to(sink: MailSink, recipient: str) -> str:
    """The text of the one letter that arrived for somebody."""
    while not sink.to(recipient):
        sink.wait_for(len(sink.received) + 1)
    [letter] = sink.to(recipient)
    return letter.body("plain")


def test_a_generated_password_is_mailed_and_buys_only_a_new_one(
    server: ServerProcess, sink: MailSink, token: str
) -> None:
    answer = reset(server, token, "amal", {})
    assert answer.status == 200
    text = letter_to(sink, "amal@example.com")
    [secret] = SHAPED.findall(text)
    assert secret not in answer.text
    signed = server.sign_in("amal", secret)
    assert (signed.status, signed.json["must_change"]) == (201, True)
    session = signed.json["token"]
    assert server.ask("GET", "/keyturn/v1/users", token=session).status == 403
    assert server.ask("GET", "/v3/users/amal", headers={"x-access-token": session}).status in (401, 403)
    assert server.sign_in("amal", secret).status == 401, "a one-time secret dies at its first use"
    assert server.ask("POST", "/keyturn/v1/me/password", token=session, send={"new": MINE}).status == 204
    assert server.sign_in("amal", secret).status == 401
    again = server.sign_in("amal", MINE)
    assert (again.status, again.json["must_change"]) == (201, False)


def test_a_given_password_is_never_mailed_but_a_link_is(server: ServerProcess, sink: MailSink, token: str) -> None:
    given = "NewUserPasswordHere1c"
    assert reset(server, token, "bo", {"token": given}).status == 200
    text = letter_to(sink, "bo@example.com")
    assert given not in text
    [path] = re.findall(r"/claim/\S+", text)
    assert f"{server.url}{path}" in text
    assert server.sign_in("bo", given).json["must_change"] is True
    assert server.ask("GET", path).status == 200
    form = urlencode({"new": MINE, "again": MINE}).encode()
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert server.ask("POST", path, headers=head, body=form).status == 200
    assert server.ask("POST", path, headers=head, body=form).status == 410
    assert server.sign_in("bo", given).status == 401, "the given password ended with the link's use"
    assert server.sign_in("bo", MINE).json["must_change"] is False


def test_links_begin_with_the_configured_address_whatever_host_was_asked(
    server: ServerProcess, sink: MailSink, token: str
) -> None:
    head = {"x-access-token": token, "host": "evil.example.net", "x-forwarded-host": "evil.example.net"}
    send = {"token": "NewUserPasswordHere1c"}
    path = "/v3/users/chika/password?emailPassword=true"
    assert server.ask("POST", path, headers=head, send=send).status == 421
    assert server.ask("POST", path, headers={**head, "host": "localhost"}, send=send).status == 200
    assert "evil" not in letter_to(sink, "chika@example.com")


def test_a_user_is_created_read_and_reset_with_an_odd_id(server: ServerProcess, token: str) -> None:
    """What is in the cell is what is sent, and what is sent is what is kept."""
    head = {"x-access-token": token}
    for who in ODD_IDS:
        user = {"id": who, "username": who, "displayName": who, "status": {"active": True}}
        made = server.ask("POST", "/v3/users", headers=head, send=user)
        assert (made.status, made.json.get("id")) == (201, who), made
        path = quote(who, safe="")
        assert server.ask("GET", f"/v3/users/{path}", headers=head).json["id"] == who
        assert reset(server, token, path, {"token": "NewUserPasswordHere1c"}, "").status == 200
        assert server.sign_in(who, "NewUserPasswordHere1c").status == 201


def test_a_repeat_with_the_same_key_is_answered_alike_and_mails_once(
    server: ServerProcess, sink: MailSink, token: str
) -> None:
    head = {"x-access-token": token, "idempotency-key": "row-7-of-run-r1"}
    path = "/v3/users/dara/password?emailPassword=true"
    answers = [server.ask("POST", path, headers=head, send={}) for _ in range(3)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    text = letter_to(sink, "dara@example.com")
    other = server.ask("POST", path, headers=head, send={"token": "NewUserPasswordHere1c"})
    assert other.status in (400, 409, 422)
    [secret] = SHAPED.findall(text)
    assert server.sign_in("dara", secret).status == 201
    assert len(sink.to("dara@example.com")) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-access-token": ""},
        {"x-access-token": "abc"},
        {"authorization": "Bearer abc"},
        {"authorization": "Basic " + base64.b64encode(b"a-default-abcdefghij:nope").decode()},
    ],
    ids=["nothing", "empty", "no token", "no bearer", "basic"],
)
def test_without_a_good_token_the_vendors_door_answers_401_in_its_own_shape(
    server: ServerProcess, headers: dict[str, str]
) -> None:
    answer = server.ask("POST", "/v3/users/amal/password", headers=headers, send={})
    assert answer.status == 401
    assert answer.json["exception"]["id"] in answer.json["message"]


def test_a_wrong_key_gets_no_token(server: ServerProcess) -> None:
    pair = base64.b64encode(f"{server.made.key.key.id}:wrong".encode()).decode()
    assert server.ask("GET", "/v1/authenticate", headers={"authorization": f"Basic {pair}"}).status == 401


@pytest.mark.proves("ST-4", "LG-4")
def test_no_secret_is_left_in_any_file_or_in_the_list_of_processes(
    server: ServerProcess, sink: MailSink, token: str
) -> None:
    """Runs last: everything that was a password, a link or a token in this file is looked for where none may be."""
    mailed = [one for letter in sink.received for one in SHAPED.findall(letter.body("plain"))]
    links = [one for letter in sink.received for one in re.findall(r"/claim/(\S+)", letter.body("plain"))]
    made = [server.made.password.reveal(), server.made.key.token.reveal()]
    commands = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    environment = Path(f"/proc/{server.process.pid}/environ").read_bytes()
    assert mailed
    assert links
    secrets = [*mailed, *links, *made, token, MINE, "NewUserPasswordHere1c"]
    assert leaks(secrets, server.place.data.parent, commands, environment) == []
