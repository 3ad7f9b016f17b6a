"""A directory on this machine as a target of a run: no server, no network, the same one door."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from keyturn.app.house.bridge import BridgedDirectory
from keyturn.app.house.build import House, Place, open_house
from keyturn.app.operator import DOOR, operator
from keyturn.app.serving.mail import courier_of, public_address
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Commands, Origin
from keyturn.core.directory import LOCAL
from keyturn.core.evidence import Evidence, Tried
from keyturn.core.outcomes import RETRYABLE, Outcome, Refused
from keyturn.core.ports import Probe
from keyturn.core.secret import Secret
from keyturn.core.users import User, Users, Window
from keyturn.mail.relay import Relay


def open_local(data: Path, database: str = "", *, relay: Relay | None = None, base_url: str = "") -> "HouseDirectory":
    """The directory in a data folder, acted on under the account of whoever runs this.

    relay: where its mail is handed over when it is closed; None leaves mail to the server of that directory.
    Raises ConfigError when there is none.
    """
    return HouseDirectory(open_house(Place(data, Secret(database))), relay, base_url)


class HouseDirectory:
    """A `Directory` that owns what it stands on: closing it sends its mail and closes the house."""

    def __init__(self, house: House, relay: Relay | None, base_url: str) -> None:
        self._house = house
        self._courier = courier_of(house, relay, public_address(house, base_url)) if relay is not None else None
        self._directory = BridgedDirectory(house.directory(operator(), DOOR), house.threads)

    @property
    def capabilities(self) -> Capabilities:
        """Everything that our directory can do, and the trial of a password, for which it knocks at its own door."""
        return replace(LOCAL, trial=True)

    @property
    def account(self) -> str:
        """The account of the operating system."""
        return self._directory.account

    async def execute(self, commands: Commands) -> Sequence[Outcome]:
        """Do a batch in one transaction."""
        return await self._directory.execute(commands)

    async def find(self, who: str) -> User | None:
        """The user, or None."""
        return await self._directory.find(who)

    async def read_back(self, whos: Sequence[str]) -> Sequence[Evidence | Refused]:
        """What is shown of these users' credentials."""
        return await self._directory.read_back(whos)

    async def try_password(self, who: str, password: Secret) -> Tried | Refused:
        """Knock as at a door without sessions: a right password is not consumed, a wrong one counts as everywhere."""
        [seen] = await self._directory.read_back([who])
        if isinstance(seen, Refused):
            return seen
        let_in = await self._house.gate.knock(seen.login or who, password, door=DOOR, origin=Origin())
        if isinstance(let_in, Refused):
            return let_in if let_in.reason in RETRYABLE else Tried.WRONG
        return Tried.RIGHT

    async def probe(self) -> Probe:
        """That the store answers, and who is acting."""
        return await self._directory.probe()

    async def close(self) -> None:
        """Hand over the mail that waits, then give everything back."""
        if self._courier is not None:
            await self._courier.run_once()
        self._house.close()

    async def list(self, window: Window) -> Users:
        """A part of the users."""
        return await self._directory.list(window)
