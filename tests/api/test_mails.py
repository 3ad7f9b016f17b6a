"""What became of mails, over our own API."""

import pytest

from tests.api.conftest import PHRASE
from tests.api.test_sessions import problem
from tests.support.server import OpenDoor


@pytest.mark.proves("ML-10")
def test_the_api_answers_that_a_reset_is_done_and_elsewhere_what_became_of_its_mail(door: OpenDoor, admin: str) -> None:
    reset = door.ask("POST", "/keyturn/v1/users/omar/reset", token=admin, send={})
    assert (reset.json["outcome"], reset.json["delivery"]) == ("changed", "mailed")
    listed = door.ask("GET", "/keyturn/v1/mails?who=omar&state=waiting&count=5", token=admin)
    assert listed.status == 200
    [mail] = listed.json["mails"]
    assert (mail["login"], mail["recipient"], mail["template"]) == ("omar", "omar@example.com", "secret")
    assert (mail["state"], mail["attempts"], mail["settled"]) == ("waiting", 0, None)
    assert door.ask("GET", "/keyturn/v1/mails?who=omar&state=sent", token=admin).json["mails"] == []
    assert door.ask("GET", "/keyturn/v1/mails?state=lost", token=admin).status == 400


def test_nobody_without_the_right_sees_mails(door: OpenDoor) -> None:
    signed = door.sign_in("ines", PHRASE).json["token"]
    assert door.ask("GET", "/keyturn/v1/mails", token=signed).status == 403
    assert problem(door.ask("GET", "/keyturn/v1/mails")) == (401, "KT-AUTH-001")


def test_a_settled_mail_says_when(door: OpenDoor, admin: str) -> None:
    door.ask("POST", "/keyturn/v1/users/pim/reset", token=admin, send={})
    with door.house.store.writing() as transaction:
        [mail] = [one for one in transaction.outbox.list(1, state="waiting") if one.login == "pim"]
        transaction.outbox.settle(mail.id, "sent", at=mail.created)
    [told] = door.ask("GET", "/keyturn/v1/mails?who=pim&state=sent", token=admin).json["mails"]
    assert told["settled"] == told["created"]
