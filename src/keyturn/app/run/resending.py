"""Mails what is in a handout to the addresses that it holds, one letter each, and never resets anything.

Which letters the relay took is written down beside the handout before the next one leaves, so that a second call goes
on where the first ended; a letter that is repeated all the same is the first one again, with its Message-ID.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from keyturn.app.clock import SystemClock
from keyturn.app.config.settings import Settings
from keyturn.app.languages import languages
from keyturn.bulk.record.private import add_private
from keyturn.core.errors import ConfigError
from keyturn.core.handout import Handed
from keyturn.core.journal import RowState
from keyturn.core.outbox import Mail
from keyturn.mail.allowance import Pace
from keyturn.mail.letter import Stationery, flaw, wire_address
from keyturn.mail.relay import Connection, Fate, Relay

_TEMPLATE: Final = "handed"
_PATIENCE: Final = 3
"""So many letters in a row that the relay does not take now end the call."""


@dataclass(frozen=True, slots=True)
class Round:
    """Who is written to.  left_out: why not, by row; sent: who was, in an earlier call."""

    to_write: Sequence[tuple[Handed, Mail]]
    left_out: Mapping[int, str]
    sent: int


@dataclass(slots=True)
class Came:
    """What came of a call.  refused: why, by row; trouble: why the relay took no more."""

    sent: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    trouble: str = ""


class Resending:
    """name: of the handout; written: when it was; memory: the file that says who was written to."""

    def __init__(self, settings: Settings, name: str, written: datetime, memory: Path) -> None:
        self._settings = settings
        self._name = name
        self._written = written
        self._memory = memory
        self._relay = relay_of(settings)
        self._stationery = Stationery(self._relay.sender, "", languages())

    @property
    def through(self) -> str:
        """The relay, as people name it."""
        return f"{self._relay.host}:{self._relay.port}"

    def round(self, people: Sequence[Handed]) -> Round:
        """Who is to be written to now; nobody twice."""
        sent = remembered(self._memory)
        to_write, left_out = [], {}
        for handed in people:
            mail = self._mail(handed)
            why = "it is uncertain whether the password holds" if handed.state == RowState.UNCERTAIN else ""
            why = why or ("" if handed.email else "no address in the handout") or flaw(mail)
            if why:
                left_out[handed.row] = why
            elif handed.row not in sent:
                to_write.append((handed, mail))
        return Round(to_write, left_out, len(sent))

    async def send(self, wanted: Round) -> Came:
        """Send, one after the other, no faster than the settings allow."""
        came, in_a_row = Came(), 0
        pages = {name: target.sign_in_page for name, target in self._settings.targets.items()}
        async with Connection(self._relay) as connection:
            async for handed, mail in self._paced(wanted.to_write):
                letter = self._stationery.write(mail, handed.password, page=pages.get(handed.target, ""))
                receipt = await connection.send(wire_address(mail.recipient), letter)
                if receipt.fate is Fate.SENT:
                    self._remember(handed.row)
                    came.sent += 1
                elif receipt.fate is Fate.REFUSED:
                    came.refused[handed.row] = receipt.text
                in_a_row = in_a_row + 1 if receipt.fate is Fate.AGAIN else 0
                if receipt.fate is Fate.DOWN or in_a_row == _PATIENCE:
                    came.trouble = receipt.text
                    break
        return came

    async def _paced(self, wanted: Sequence[tuple[Handed, Mail]]) -> AsyncIterator[tuple[Handed, Mail]]:
        pace = Pace(self._settings.handout.mails_per_minute or self._settings.serve.mails_per_minute, SystemClock())
        for each in wanted:
            await asyncio.sleep(pace.pause())
            pace.spend(1)
            yield each

    def _mail(self, handed: Handed) -> Mail:
        """The letter's head; the same for the same row of the same handout, whenever it is written."""
        return Mail(
            id=f"{self._name}-{handed.row}",
            tenant=0,
            uid="",
            template=_TEMPLATE,
            recipient=handed.email,
            login=handed.sign_in,
            name=handed.person,
            language=handed.language or self._settings.handout.language,
            operation="",
            derive_id="",
            created=self._written,
            not_before=self._written,
            expires=self._written,
        )

    def _remember(self, row: int) -> None:
        line = json.dumps({"row": row, "at": datetime.now(UTC).isoformat(timespec="seconds")}).encode() + b"\n"
        add_private(self._memory, line)


def memory_of(handout: Path) -> Path:
    """The file beside a handout that says who was written to."""
    return handout.with_suffix(".resent")


def remembered(memory: Path) -> frozenset[int]:
    """The rows whose letters the relay took; a torn last line never counted."""
    if not memory.exists():
        return frozenset()
    lines = memory.read_bytes().split(b"\n")[:-1]
    return frozenset(int(json.loads(line)["row"]) for line in lines)


def relay_of(settings: Settings) -> Relay:
    """The relay for handouts, else that of the server.  Raises ConfigError where neither is set."""
    smtp = settings.handout.smtp or settings.serve.smtp
    if not smtp:
        raise ConfigError(
            "there is no mail relay",
            code="KT-CFG-049",
            where=str(settings.folders.config),
            fix="set [handout] smtp and mail_from, or those of [serve]",
        )
    return Relay.at(smtp, settings.handout.mail_from or settings.serve.mail_from)
