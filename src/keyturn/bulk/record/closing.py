"""Closes a run of which nothing is open any more: its key goes, and with it everything that the key opens."""

from collections.abc import Mapping

from keyturn.bulk.record.facts import KEY, Facts
from keyturn.bulk.record.folder import RunFolder
from keyturn.bulk.record.notices import planned
from keyturn.bulk.record.same import SAME, VARIABLES
from keyturn.core.journal import UNFINISHED, Journal


def keyless(facts: Facts) -> dict[str, str]:
    """The facts of a run without its key: with it goes what was sealed under it."""
    return {KEY: "", **dict.fromkeys({SAME, VARIABLES} & facts.values.keys(), "")}


def conclude(folder: RunFolder, journal: Journal, told: Mapping[str, str]) -> None:
    """Note this, and close the run with it unless rows are open or notices planned.

    From then on its passwords are to be had from the handout alone, so that has to be sealed before.
    """
    facts, counts = Facts({**journal.facts(), **told}), journal.counts()
    if any(counts.get(state) for state in UNFINISHED) or planned(journal, facts):
        journal.note(told)
        return
    journal.note({**told, **keyless(facts)})
    folder.piped.unlink(missing_ok=True)
