"""Kills the directory and its courier at many points, brings them back, and looks at what arrived.

`python -m tests.mail.killed.campaign 1000` prints what came of a thousand points.
"""

import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from keyturn.app.house.build import House, Place, open_house
from keyturn.app.keeping.init import make_directory
from keyturn.app.operator import DOOR, operator
from keyturn.core.commands import CreateUser, Origin
from keyturn.core.ports import SignedIn
from keyturn.core.secret import Secret
from keyturn.core.users import Contact, Profile
from tests.mail.test_courier import SECRET
from tests.support.mailsink import MailSink, Received
from tests.support.nursery import Killer, Nursery

PEOPLE = [f"user{number:02}" for number in range(6)]
RESETS = [(f"reset-{number}", PEOPLE[number % len(PEOPLE)]) for number in range(9)]
"""More resets than people: some are overtaken by a newer one of the same person."""

STEPS = 40
"""Of the conversations with the relay, counted over all connections: a life without a death has about so many."""

LONGEST = 0.25
SECOND_DEATHS = 0.3


@dataclass
class Figures:
    """What a campaign saw."""

    points: int = 0
    deaths: int = 0
    acknowledged: int = 0
    letters: int = 0
    copies: int = 0
    faults: list[str] = field(default_factory=list)

    def line(self) -> str:
        """A row of the table of promises."""
        return (
            f"| R-2 | killed at {self.points:,} points ({self.deaths:,} deaths) | {self.acknowledged:,} resets "
            f"acknowledged, {self.letters:,} letters | {len(self.faults)} broken promises; {self.copies:,} identical "
            "second copies, each in the window that SMTP cannot close |"
        )


@contextmanager
def campaign(folder: Path) -> Iterator["Campaign"]:
    """A relay and a directory to be copied for each point."""
    place = Place(folder / "first")
    make_directory(place)
    with closing(open_house(place)) as house:
        door = house.directory(operator(), DOOR)
        door.execute([CreateUser(who, _profile(who)) for who in PEOPLE])
    nursery = Nursery("tests.mail.killed.life")
    try:
        with MailSink() as sink:
            yield Campaign(place.data, nursery, sink)
    finally:
        nursery.close()


def _profile(who: str) -> Profile:
    return Profile(display_name=who, emails=(Contact(f"{who}@example.org", "work", primary=True),))


@dataclass
class Campaign:
    """Point by point."""

    first: Path
    nursery: Nursery
    sink: MailSink
    figures: Figures = field(default_factory=Figures)

    def point(self, seed: int) -> None:
        """Kill at one point, sometimes at a second one after, bring it to its end and look."""
        chance = random.Random(seed)
        data, ledger = self.first.with_name(f"point{seed}"), self.first.with_name(f"ledger{seed}")
        shutil.copytree(self.first, data)
        self.sink.received.clear()
        ledger.touch()
        noted: dict[str, int] = {}
        deaths = 1 + (chance.random() < SECOND_DEATHS)
        for number in range(deaths + 1):
            known = set(ledger.read_text().splitlines())
            left = [reset for reset in RESETS if reset[0] not in known]
            life = {"data": str(data), "ledger": str(ledger), "port": self.sink.port, "resets": left}
            code = self._live(life, chance if number < deaths else None)
            if code == 0:
                break
            assert code == -signal.SIGKILL, f"point {seed}: a life ended with {code}"
            self.figures.deaths += 1
            self._check(noted, seed)
            noted = self._noted(data)
        self._check(noted, seed)
        self._judge(data, ledger, seed)
        shutil.rmtree(data)

    def _live(self, life: dict[str, object], chance: random.Random | None) -> int:
        """One life; killed at a step of a conversation with the relay or at a moment, unless it is the last."""
        killer = Killer(chance, steps=STEPS, longest=LONGEST)
        self.sink.told = killer.step
        code = killer.attend(self.nursery, life)
        self.sink.told = str
        return code

    def _noted(self, data: Path) -> dict[str, int]:
        """How many copies there are of each letter that the directory has noted as sent: there must never be more."""
        with closing(open_house(Place(data))) as house, house.store.reading() as view:
            sent = {mail.id for mail in view.outbox.list(1, state="sent")}
        return {letter: count for letter, count in self._copies().items() if letter in sent}

    def _copies(self) -> Counter[str]:
        return Counter(_id(letter) for letter in self.sink.received)

    def _check(self, noted: dict[str, int], seed: int) -> None:
        copies = self._copies()
        again = (letter for letter, count in noted.items() if copies[letter] > count)
        self._say(seed, *(f"{letter} was sent again although it was noted" for letter in again))

    def _judge(self, data: Path, ledger: Path, seed: int) -> None:
        """Every reset that counts has its letter, every copy is the same, and the last secret signs in."""
        acknowledged = set(ledger.read_text().splitlines())
        self._say(
            seed, *(f"{operation} was never acknowledged" for operation, _ in RESETS if operation not in acknowledged)
        )
        by_id: dict[str, set[Received]] = {}
        for letter in self.sink.received:
            by_id.setdefault(_id(letter), set()).add(letter)
        self._say(seed, *(f"{letter} came in two forms" for letter, forms in by_id.items() if len(forms) > 1))
        with closing(open_house(Place(data))) as house:
            with house.store.reading() as view:
                decided = {mail.id for mail in view.outbox.list(1)}
            self._say(seed, *(f"{letter} is no mail of ours" for letter in by_id.keys() - decided))
            for who in PEOPLE:
                self._last(house, who, seed)
        self.figures.points += 1
        self.figures.acknowledged += len(acknowledged)
        self.figures.letters += len(self.sink.received)
        self.figures.copies += len(self.sink.received) - len(by_id)

    def _last(self, house: House, who: str, seed: int) -> None:
        letters = self.sink.to(f"{who}@example.org")
        if not letters:
            self._say(seed, f"{who} got no mail")
            return
        [secret] = set(SECRET.findall(letters[-1].body("plain")))
        signed = house.gate.signing_in.with_password(who, Secret(secret), tenant="", door="campaign", origin=Origin())
        if not isinstance(signed, SignedIn):
            self._say(seed, f"the last secret of {who} does not sign in")

    def _say(self, seed: int, *faults: str) -> None:
        self.figures.faults += [f"point {seed}: {fault}" for fault in faults]


def _id(letter: Received) -> str:
    return str(letter.message["Message-ID"])[1:].partition("@")[0]


def main(points: int) -> int:
    """Run so many points and print what came of them."""
    with tempfile.TemporaryDirectory() as folder, campaign(Path(folder)) as running:
        for seed in range(points):
            running.point(seed)
    print(*running.figures.faults, running.figures.line(), sep="\n")
    return bool(running.figures.faults)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
