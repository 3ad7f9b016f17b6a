"""`keyturn mail` and what `keyturn user show` says of a mail: apart from the reset, and never what is in it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from keyturn.app.house.build import Place, open_house
from tests.cli.directory_kit import Run, running


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs keyturn in this process, on a directory in which Amal was just reset by mail."""
    call = running(tmp_path)
    call("init", "--json")
    call("user", "create", "amal", "--address", "amal@example.org")
    call("user", "reset", "amal", "--mail")
    return call


def listed(run: Run, *flags: str) -> list[dict[str, object]]:
    """The mails as JSON."""
    found = json.loads(run("mail", "list", "--json", *flags).stdout)["mails"]
    assert isinstance(found, list)
    return found


@pytest.mark.proves("ML-10")
def test_a_mail_is_seen_waiting_while_the_reset_is_done(run: Run) -> None:
    [mail] = listed(run, "--who", "amal", "--state", "waiting")
    assert (mail["recipient"], mail["template"]) == ("amal@example.org", "secret")
    assert (mail["attempts"], mail["settled"]) == (0, None)
    line = run("mail", "list").stdout.splitlines()[1]
    assert str(mail["id"])[:12] in line
    assert "waiting" in line
    facts = json.loads(run("user", "show", "amal", "--json").stdout)
    assert (facts["password"], facts["mail"]) == ("must change", "waiting (amal@example.org)")
    assert "no mails" in run("mail", "list", "--state", "sent").output
    assert "the newest 1; --count shows more" in run("mail", "list", "--count", "1").stderr
    assert "--count" not in run("mail", "list").stderr
    run("user", "create", "bo")
    assert json.loads(run("user", "show", "bo", "--json").stdout)["mail"] == "none"


def test_a_mail_is_let_go_and_cancelled_by_the_beginning_of_its_id(run: Run) -> None:
    [mail] = listed(run)
    start = str(mail["id"])[:6]
    assert "the mail to amal@example.org is sent as soon as" in run("mail", "retry", start).stderr
    assert json.loads(run("mail", "cancel", start, "--json").stdout)["state"] == "cancelled"
    assert "cancelled: cancelled by hand" in run("mail", "list").stdout
    assert "fix    keyturn user reset ID --mail" in run("mail", "retry", start, code=2).stderr
    assert "KT-TGT-041" in run("mail", "cancel", "nothing", code=2).stderr


def test_what_waits_says_for_what_and_until_when(run: Run, tmp_path: Path) -> None:
    house = open_house(Place(tmp_path / "directory"))
    with house.store.writing() as transaction:
        [mail] = transaction.outbox.take(house.parts.clock.now(), 1)
        until = mail.created + timedelta(hours=1)
        transaction.outbox.hold(mail, until, "held: 3 mails an hour go to one address")
    house.close()
    words = f"waiting until {until:%Y-%m-%d %H:%M} UTC: held: 3 mails an hour go to one address"
    assert words in run("mail", "list").stdout
    assert words in run("user", "show", "amal").stdout


def test_a_tenant_takes_the_settings_of_mail(run: Run) -> None:
    run("tenant", "set", "default", "mail_hold=0", "mail_per_hour=2", "language=de-CH")
    refused = run("tenant", "set", "default", "language=klingon", code=2).stderr
    assert "language takes one of en, de, es, fr, ja" in refused
