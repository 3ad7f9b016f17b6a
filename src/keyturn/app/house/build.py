"""Builds a directory from its parts, from the data folder up to the web application; read it top to bottom."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from keyturn.app.clock import SystemClock
from keyturn.app.house.bridge import Threads
from keyturn.app.house.floor import Floor
from keyturn.app.house.gate import LocalGate
from keyturn.core.administration import LocalAdministration
from keyturn.core.capabilities import Capabilities
from keyturn.core.commands import Origin
from keyturn.core.directory import LOCAL, LocalDirectory
from keyturn.core.enrolling import LocalFactors
from keyturn.core.errors import ConfigError
from keyturn.core.guard import Guard
from keyturn.core.ownkeys import OwnKeys
from keyturn.core.permissions import Actor
from keyturn.core.ports import Signer
from keyturn.core.secret import Secret
from keyturn.core.signin import SignIn
from keyturn.core.steps import Caller, Parts
from keyturn.core.storage import Store
from keyturn.core.tenancy import RuleBook
from keyturn.crypto.blocklist import FileBlocklist
from keyturn.crypto.factors import TotpCodes
from keyturn.crypto.hashing import FolderHasher
from keyturn.crypto.keyfolder import Label, open_key_folder
from keyturn.crypto.minting import FolderMinter
from keyturn.crypto.sealing import FolderSealer
from keyturn.crypto.signing import FolderSigner
from keyturn.crypto.tokens import FolderTokens
from keyturn.store.opening import open_store

KEYS: Final = "keys"
DATABASE: Final = "keyturn.db"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a directory is kept: its data folder, and the URL of its store (empty: a file in that folder)."""

    data: Path
    database: Secret = field(default_factory=lambda: Secret(""))

    def store(self) -> str | Path:
        """What the store is opened with.  Only to be handed on: it may hold the password of a database."""
        return self.database.reveal() or self.data / DATABASE


@dataclass(frozen=True, slots=True)
class House:
    """A directory open on this machine, with everything that works on it."""

    place: Place
    store: Store
    signer: Signer
    parts: Parts
    threads: Threads
    gate: LocalGate

    def directory(self, actor: Actor, door: str, via: Capabilities = LOCAL) -> LocalDirectory:
        """The directory as somebody on this machine may use it."""
        return LocalDirectory(self.parts, self._caller(actor, door, via))

    def administration(self, actor: Actor, door: str) -> LocalAdministration:
        """The administration as somebody on this machine may use it."""
        return LocalAdministration(self.parts, self._caller(actor, door, LOCAL))

    def factors(self, actor: Actor, door: str) -> LocalFactors:
        """Second factors as somebody on this machine may use them."""
        return LocalFactors(self.gate.signing_in, self._caller(actor, door, LOCAL))

    def own_keys(self, actor: Actor, door: str) -> OwnKeys:
        """Keys of persons as somebody on this machine may make them."""
        return OwnKeys(self.parts, self._caller(actor, door, LOCAL))

    def close(self) -> None:
        """Finish what is being written and give back files and connections."""
        self.threads.close()
        self.store.close()

    def _caller(self, actor: Actor, door: str, via: Capabilities) -> Caller:
        return Caller(actor, via, door, Origin(), self.parts.rules(actor.tenant))


def folder_of_keys(place: Place) -> Path:
    """The key folder of a directory.  Raises ConfigError when there is no directory in this place."""
    folder = place.data / KEYS
    if not folder.is_dir():
        fix = f"name another with --data, or make it: keyturn init --data {place.data}"
        raise ConfigError("there is no directory here", code="KT-CFG-023", where=str(place.data), fix=fix)
    return folder


def open_house(place: Place, *, guesses: int = 0) -> House:
    """Open the directory of a place.  guesses: how many wrong passwords a minute one address has; 0 for no limit.

    Raises ConfigError when there is none, KeyFolderError when its keys are missing, damaged or readable by others.
    """
    keys = open_key_folder(folder_of_keys(place))
    clock = SystemClock()
    store = open_store(place.store())
    hasher = FolderHasher(keys)
    parts = Parts(
        store=store,
        hasher=hasher,
        minter=FolderMinter(keys),
        sealer=FolderSealer(keys),
        blocklist=FileBlocklist.beside(place.data),
        clock=clock,
        rules=RuleBook(store, clock),
        codes=TotpCodes(FolderSealer(keys, Label.FACTOR)),
    )
    threads = Threads(parts)
    floor = Floor(lambda: hasher.slowest(_imported(store)), lambda: hasher.methods)
    gate = LocalGate(parts, SignIn(parts, FolderTokens(keys)), threads, floor, Guard(guesses, clock.monotonic))
    return House(place, store, FolderSigner(keys), parts, threads, gate)


def _imported(store: Store) -> frozenset[str]:
    """By which methods hashes of other systems are compared with here."""
    with store.reading() as view:
        return view.upkeep.imported_methods()
