"""What mail may carry, to whom and for how long: asked of the directory and of a real server, with hostile requests."""

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

import pytest

from keyturn.api.wire_api import API
from keyturn.app.serving.mail import courier_of
from keyturn.core.commands import ResetPassword, UpdateUser
from keyturn.core.outcomes import Changed
from keyturn.core.permissions import Actor
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import USER_RIGHTS, Contact, Profile
from keyturn.mail.relay import Relay
from tests.mail.test_courier import SECRET, courier, reset
from tests.support.house import GOOD, House
from tests.support.mailsink import MailSink, Received
from tests.support.server import Answer, OpenDoor, Person, served
from tests.support.stores import only_sqlite

store = only_sqlite

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
EVE = "eve@evil.example"
PHRASE = "seven silver spoons in a drawer"
PEOPLE = [f"user{number}" for number in range(4)]


@dataclass
class Post:
    """A served directory whose mail arrives at a sink."""

    door: OpenDoor
    sink: MailSink

    async def arrived(self) -> Sequence[Received]:
        """Every letter, once all that may leave has left."""
        with self.door.house.store.writing() as transaction:
            for one in transaction.outbox.list(1, state="waiting", count=10_000):
                transaction.outbox.again(one.id, one.created)
        relay = Relay("127.0.0.1", self.sink.port, "keyturn@id.example.org", timeout=5)
        await courier_of(self.door.house, relay, "https://id.example.org").run_once()
        return list(self.sink.received)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """One for all tests here."""
    people = [Person(who, f"{who}@example.org", PHRASE) for who in PEOPLE]
    with ExitStack() as stack:
        sink = stack.enter_context(MailSink())
        door = stack.enter_context(served(tmp_path_factory.mktemp("post"), users=people))
        with door.house.store.writing() as transaction:
            [tenant] = transaction.tenants.all()
            settings = {**tenant.settings, "mail_per_hour": "0"}
            transaction.tenants.put(type(tenant)(tenant.number, tenant.name, tenant.guid, settings))
        yield Post(door, sink)


@pytest.mark.proves("ML-1", "V6.4.1", "V6.5.1")
async def test_a_mailed_secret_is_good_once_and_for_a_day(amal: House, sink: MailSink) -> None:
    reset(amal)
    await courier(amal, sink).run_once()
    [first] = set(SECRET.findall(sink.received[0].body("plain")))
    amal.clock.advance(DAY - SECOND)
    assert isinstance(amal.sign_in("amal", Secret(first)), SignedIn)
    assert not isinstance(amal.sign_in("amal", Secret(first)), SignedIn), "used"
    reset(amal)
    await courier(amal, sink).run_once()
    [second] = set(SECRET.findall(sink.received[1].body("plain")))
    amal.clock.advance(DAY + SECOND)
    assert not isinstance(amal.sign_in("amal", Secret(second)), SignedIn), "too old"


@pytest.mark.proves("ML-1", "V6.4.1")
async def test_a_mailed_link_is_good_for_a_day(amal: House, sink: MailSink) -> None:
    amal.set(mail="link")
    reset(amal)
    await courier(amal, sink).run_once()
    [token] = re.findall(r"/claim/([\w-]+)", sink.received[0].body("plain"))
    amal.clock.advance(DAY - SECOND)
    assert amal.signing_in.holder(Secret(token)) is not None
    amal.clock.advance(SECOND)
    assert amal.signing_in.holder(Secret(token)) is None


@pytest.mark.proves("ML-1")
async def test_whoever_came_in_with_a_mailed_secret_can_only_set_a_password(post: Post) -> None:
    admin = post.door.admin_token()
    assert post.door.ask("POST", "/keyturn/v1/users/user0/reset", token=admin, send={}).status == 200
    letters = [letter for letter in await post.arrived() if letter.recipients == ("user0@example.org",)]
    [secret] = set(SECRET.findall(letters[-1].body("plain")))
    token = post.door.sign_in("user0", secret).json["token"]
    tried = 0
    for call in API.calls:
        own = call.path in ("/keyturn/v1/me/password", "/keyturn/v1/sessions", "/keyturn/v1/sessions/current")
        if call.path.startswith("/keyturn/v1/") and not own:
            path = re.sub(r"\{\w+\}", "user1", call.path)
            answer = post.door.ask(call.method, path, token=token, send={})
            assert answer.status in (401, 403), (call.method, path, answer.status)
            tried += answer.status == 403
    assert tried > 10
    send = {"new": "eleven emerald lanterns at night"}
    assert post.door.ask("POST", "/keyturn/v1/me/password", token=token, send=send).status == 204


def hostile(door: OpenDoor, admin: str, key: str) -> Iterator[Answer]:
    """Requests that try to have mail sent to somebody else, or through a name of theirs."""
    names = ("mail", "email", "emails", "to", "cc", "bcc", "recipient", "recipients", "address")
    values: tuple[object, ...] = (EVE, [EVE], ["user1@example.org", EVE], {"value": EVE}, f"user1@example.org,{EVE}",
                                  f"user1@example.org\r\nBcc: {EVE}")  # fmt: skip
    for name, value in itertools.product(names, values):
        yield door.ask("POST", "/keyturn/v1/users/user1/reset", token=admin, send={name: value, "notify": True})
        body = {"token": PHRASE, name: value}
        headers = {"x-access-token": key}
        yield door.ask("POST", "/v3/users/user1/password?emailPassword=true", headers=headers, send=body)
        asked = f"/v3/users/user1/password?emailPassword=true&{name}={quote(str(value))}"
        yield door.ask("POST", asked, headers=headers, send={})
    for name in ("host", "x-forwarded-host", "forwarded", "x-forwarded-for", "x-original-host", "referer", "origin"):
        for value in ("evil.example", "evil.example:80", f"host=evil.example;for={EVE}", "id.example.org@evil.example"):
            send = {"new": "twelve tame tigers in a tent", "notify": True}
            yield door.ask("POST", "/keyturn/v1/users/user2/reset", token=admin, headers={name: value}, send=send)


@pytest.mark.proves("ML-2", "ML-8", "V3.7.2")
async def test_no_request_adds_a_recipient_or_says_where_a_link_leads(post: Post) -> None:
    statuses = [answer.status for answer in hostile(post.door, post.door.admin_token(), post.door.key_token())]
    assert 200 in statuses
    assert 400 in statuses
    letters = await post.arrived()
    assert {letter.recipients for letter in letters} <= {(f"{who}@example.org",) for who in PEOPLE}
    assert {str(letter.message["To"]) for letter in letters} <= {f"{who}@example.org" for who in PEOPLE}
    hosts = {host for letter in letters for host in re.findall(r"https?://([^/\s\"]+)/", letter.body("plain"))}
    assert hosts == {"id.example.org"}
    assert not [letter for letter in letters if b"evil" in letter.data]
    assert any("/claim/" in letter.body("plain") for letter in letters)


@pytest.mark.proves("ML-8", "V3.4.5")
def test_the_page_of_a_link_tells_nobody_where_it_is(post: Post) -> None:
    page = post.door.ask("GET", "/claim/some-token?lang=de")
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "some-token" not in page.text
    assert not re.search(r"(src|href|action)=", page.text), "nothing from elsewhere, and no link away"


@pytest.mark.proves("ML-3")
@pytest.mark.parametrize("mode", ["safe", "link"])
async def test_a_password_that_somebody_chose_is_never_mailed(house: House, sink: MailSink, mode: str) -> None:
    house.set(mail=mode)
    for who in PEOPLE:
        house.add(who, mail=f"{who}@example.org")
        [outcome] = house.directory().execute([ResetPassword(who, GOOD, notify=True, permanent=who == "user3")])
        assert isinstance(outcome, Changed), outcome
    assert await courier(house, sink).run_once() == len(PEOPLE)
    for letter in sink.received:
        assert GOOD.reveal() not in letter.body("plain") + letter.body("html") + str(letter.message["Subject"])
        assert not SECRET.search(letter.body("plain"))
        assert "/claim/" in letter.body("plain")


@pytest.mark.proves("AZ-4")
async def test_a_vendor_s_script_is_not_told_that_a_held_mail_was_sent(post: Post) -> None:
    """It may turn an address and reset in the next call; what it is told is that nothing was mailed."""
    profile = Profile(display_name="user3", emails=(Contact("new@example.org", "work", primary=True),))
    desk = Actor("desk", "desk", 1, USER_RIGHTS)
    [turned] = post.door.house.directory(desk, "test").execute([UpdateUser("user3", profile=profile)])
    assert isinstance(turned, Changed), turned
    headers = {"x-access-token": post.door.key_token()}
    told = post.door.ask("POST", "/v3/users/user3/password?emailPassword=true", headers=headers, send={})
    assert (told.status, told.json["emailed"]) == (200, False)
    send: dict[str, object] = {"notify": True}
    done = post.door.ask("POST", "/keyturn/v1/users/user3/reset", token=post.door.admin_token(), send=send)
    assert (done.status, done.json["delivery"]) == (200, "held")
    relay = Relay("127.0.0.1", post.sink.port, "keyturn@id.example.org", timeout=5)
    await courier_of(post.door.house, relay, "https://id.example.org").run_once()
    assert post.sink.to("new@example.org") == []
    [notice] = post.sink.to("user3@example.org")
    assert notice.message["Subject"] == "Your address was changed"
    assert not SECRET.search(notice.body("plain"))
