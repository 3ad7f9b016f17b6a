"""How the requests of a run are made of files, kept with the run, so that a resume makes the same ones again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from keyturn.app.config.settings import Settings
from keyturn.app.postman.collections import load_collection, load_environment
from keyturn.app.postman.playing import Manners, Opened, Played, Table, Trust, open_requests, played
from keyturn.bulk.intake.source import header_of
from keyturn.bulk.ports import RunKeys
from keyturn.bulk.record.facts import RECORDED, Facts
from keyturn.bulk.record.same import VARIABLES
from keyturn.core.errors import RunError, SourceError
from keyturn.core.secret import Secret
from keyturn.dialects.postman.wire import Collection

RECIPE: Final = "recipe"
"""The fact that holds it: names of files and flags, and no value of a variable."""

_LABEL: Final = "keyturn variables of a collection"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Files, absolute or empty, and what was said of them.  last: the last row; made: the file of rows is one of ours.

    environment_says, globals_say: variables of the command line, which may be secrets.
    """

    collection: str
    environment: str = ""
    globals: str = ""
    folders: tuple[str, ...] = ()
    manners: Manners = field(default_factory=Manners)
    trust: Trust = field(default_factory=Trust)
    encoding: str | None = None
    last: int | None = None
    made: bool = False
    environment_says: Mapping[str, str] = field(default_factory=dict, repr=False)
    globals_say: Mapping[str, str] = field(default_factory=dict, repr=False)

    def unlocked(self, ask: Callable[[str], Secret]) -> "Recipe":
        """With the pass phrase of the key that is shown, where it needs one.  ask: for that of a file."""
        file = self.trust.sealed
        return replace(self, trust=replace(self.trust, passphrase=ask(file))) if file else self

    def book(self) -> Collection:
        """The collection; its variables go before globals, and behind the environment.  Raises SourceError."""
        found = load_collection(Path(self.collection))
        outer = {**(load_environment(Path(self.globals)) if self.globals else {}), **self.globals_say}
        return replace(found, variables={**outer, **found.variables})

    def known(self) -> Mapping[str, str]:
        """What the environment says.  Raises SourceError."""
        found = load_environment(Path(self.environment)) if self.environment else {}
        return {**found, **self.environment_says}

    def table(self, rows: Path) -> Table:
        """The file of rows, by its header.  Raises SourceError."""
        if self.made:
            return Table(("iteration",), made=True)
        return Table(tuple(cell.strip() for cell in header_of(rows, self.encoding)), self.last)

    def requests(self, book: Collection, table: Table) -> Opened:
        """The requests that are to run.  Raises SourceError."""
        return open_requests(book, self.known(), table.header, self.folders, self.manners)

    def played(self, book: Collection, opened: Opened, table: Table, settings: Settings) -> list[Played]:
        """Each of them as a run carries it out, with what the run keeps of it.  Raises ConfigError."""
        plays = [played(one, table, settings, self.manners, self.trust) for one in opened.requests]
        return [replace(play, kept=partial(self._facts, book.sha256, number)) for number, play in enumerate(plays)]

    def _facts(self, sha256: str, number: int, keys: RunKeys) -> Mapping[str, str]:
        bare = replace(self, environment_says={}, globals_say={}, trust=replace(self.trust, passphrase=None))
        facts = {RECIPE: msgspec.json.encode(_Kept(bare, sha256, number)).decode()}
        if self.environment_says or self.globals_say:
            said = json.dumps([dict(self.environment_says), dict(self.globals_say)])
            facts[VARIABLES] = keys.seal(said.encode(), _LABEL).hex()
        return facts


@dataclass(frozen=True, slots=True)
class _Kept:
    """A recipe, the digest of its collection, and which of its requests a run is for."""

    recipe: Recipe
    sha256: str
    number: int


def played_again(
    facts: Facts, settings: Settings, keys: RunKeys, ask: Callable[[str], Secret]
) -> tuple[Played, Sequence[str]]:
    """The request of a run, made again, and the names of those behind it, which have runs of their own or none yet.

    The environment may say another secret meanwhile, and nothing else.

    ask: for the pass phrase of a key, by its file.
    Raises SourceError when it would be another request, RunError for a run that keeps no recipe.
    """
    if not facts[RECIPE]:
        what, fix = "the run keeps nothing of its collection", "say the same  keyturn postman run  again: it goes on"
        raise RunError(what, code="KT-COL-010", fix=fix)
    kept = msgspec.json.decode(facts[RECIPE], type=_Kept)
    recipe = kept.recipe
    if facts[VARIABLES]:
        environment_says, globals_say = json.loads(keys.open(bytes.fromhex(facts[VARIABLES]), _LABEL))
        recipe = replace(recipe, environment_says=environment_says, globals_say=globals_say)
    recipe = recipe.unlocked(ask)
    book, table = recipe.book(), recipe.table(facts.file)
    if book.sha256 != kept.sha256:
        raise _another(recipe.collection, "its files were changed after the run began")
    play, *behind = recipe.played(book, recipe.requests(book, table), table, settings)[kept.number :]
    if play.request.fingerprint != facts[RECORDED]:
        raise _another(recipe.collection, "the environment or the globals make another request of it")
    return play, [one.prepared.name for one in behind]


def _another(collection: str, why: str) -> SourceError:
    fix = "put it back as it was; or say  keyturn postman run  again, which does what is not done yet"
    what = f"{Path(collection).name} is not the collection that was confirmed"
    return SourceError(what, code="KT-COL-013", where=collection, why=why, fix=fix)
