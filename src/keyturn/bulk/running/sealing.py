"""Seals the handout of a run as its journal stands: at every pause, stop and end, and after every reading."""

from keyturn.bulk.intake.source import Source
from keyturn.bulk.job import PasswordFrom
from keyturn.bulk.ports import HandoutSealer, RunKeys
from keyturn.bulk.record.facts import Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.handing import Handing
from keyturn.bulk.record.handout import Handout
from keyturn.bulk.running.vault import Vault
from keyturn.core.journal import Journal, Row
from keyturn.core.secret import Secret


def handout_of(folder: RunFolder, facts: Facts, keys: RunKeys, source: Source, sealer: HandoutSealer) -> Handout | None:
    """How the handout of a run is made, for whom and with what was pinned; None where people know their passwords."""
    choice = facts.job.password
    if choice.known:
        return None
    renderings = {pin.name: pin.rendering for pin in facts.pins}

    def derive(row: Row) -> Secret:
        return keys.password(folder.run, row.number, renderings[row.target])

    ours = derive if choice.origin is PasswordFrom.GENERATE else None
    handing, handed_back = Handing.of(facts.values), Vault(folder.vault, keys).read
    return Handout(folder, source, sealer, facts.recipients, handing, ours, handed_back)


def seal(handout: Handout | None, journal: Journal) -> int:
    """Write the handout as it stands now; answers how many passwords are in it."""
    return handout.write(journal) if handout is not None else 0
