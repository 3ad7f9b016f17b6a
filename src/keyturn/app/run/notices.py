"""Sends notices of resets over a mail relay: they say that the password was reset, and never what it is."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from keyturn.app.config.settings import Settings
from keyturn.app.languages import languages
from keyturn.bulk.intake.source import Source
from keyturn.bulk.running.noticing import Notice
from keyturn.core.errors import ConfigError, SourceError
from keyturn.core.journal import Row
from keyturn.core.languages import best
from keyturn.core.outbox import Mail
from keyturn.mail.letter import Stationery, flaw, wire_address
from keyturn.mail.relay import Connection, Fate, Relay

__all__ = ["ByRelay", "Person", "Relay", "by_relay", "people_of", "relay_for_notices"]

TEMPLATE: Final = "reset"


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a row is about, as the file says."""

    mail: str
    name: str = ""
    login: str = ""
    language: str = ""


def relay_for_notices(settings: Settings) -> Relay:
    """The relay of the settings.  Raises ConfigError where there is none."""
    smtp = settings.runs.notice_relay or settings.serve.smtp
    if not smtp:
        raise ConfigError(
            "there is no mail relay for notices",
            code="KT-CFG-071",
            fix='[runs] notice_relay = "mail.example.com:587"',
        )
    return Relay.at(smtp, settings.runs.notice_from or settings.serve.mail_from)


def people_of(source: Source) -> Mapping[int, Person]:
    """The people of a file by row.  Raises SourceError for a file without addresses."""
    if "email" not in source.matched.columns:
        raise SourceError(
            f"{source.path.name} has no column of mail addresses",
            code="KT-RUN-074",
            where=f"header:  {' | '.join(source.header)}",
            why="a notice by mail needs an address for each user",
            fix="begin the run with --map email=COLUMN, or let the target mail: --by target",
        )
    return {row.number: _person(row.cells) for row in source.rows() if row.cells.get("email", "").strip()}


def _person(cells: Mapping[str, str]) -> Person:
    text = {name: cell.strip() for name, cell in cells.items()}
    name = text.get("display_name") or f"{text.get('given_name', '')} {text.get('family_name', '')}".strip()
    return Person(text["email"], name, text.get("login", ""), text.get("language", ""))


@dataclass(frozen=True, slots=True)
class ByRelay:
    """Writes a letter to the address in the file.  moment: what all letters of this run are dated with."""

    run: str
    people: Mapping[int, Person]
    connection: Connection
    stationery: Stationery
    moment: datetime

    async def notify(self, row: Row) -> Notice:
        """Hand the letter over; the same row gives the same letter, byte for byte."""
        person = self.people.get(row.number)
        if person is None:
            return Notice("the file has no mail address for this user")
        mail = self._mail(row, person)
        if fault := flaw(mail):
            return Notice(fault)
        letter = self.stationery.write(mail, None, system=row.target, since=row.settled)
        receipt = await self.connection.send(wire_address(mail.recipient), letter)
        if receipt.fate is Fate.SENT:
            return Notice()
        over = receipt.fate in (Fate.DOWN, Fate.AGAIN)
        return Notice(receipt.text, over=over, doubt=receipt.fate is Fate.AGAIN)

    def _mail(self, row: Row, person: Person) -> Mail:
        name = uuid5(NAMESPACE_URL, f"keyturn notice:{self.run}:{row.number}").hex
        return Mail(
            name, 0, "", TEMPLATE, person.mail, person.login or row.who, person.name, best(person.language),
            f"{self.run}-{row.number}-notice", "", created=self.moment, not_before=self.moment, expires=self.moment,
        )  # fmt: skip


@asynccontextmanager
async def by_relay(relay: Relay, run: str, people: Mapping[int, Person], moment: datetime) -> AsyncIterator[ByRelay]:
    """The way over a relay, for as long as its connection is wanted.  There is no link in these letters."""
    async with Connection(relay) as connection:
        yield ByRelay(run, people, connection, Stationery(relay.sender, "", languages()), moment)
