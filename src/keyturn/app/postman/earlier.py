"""What earlier runs of the same recorded request have done, so that it is not done again."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Final

from keyturn.app.postman.playing import Played
from keyturn.app.postman.recording import Before
from keyturn.app.run.machine import Machine
from keyturn.bulk.record.facts import PLANNING, RECORDED, Facts
from keyturn.bulk.record.folder import run_folders
from keyturn.core.errors import RunError, StoreError
from keyturn.core.journal import DONE

SAME_DAY: Final = timedelta(hours=24)
"""How long ago a run on another file may have begun to count: a corrected file comes soon, next month's does not."""


def earlier(machine: Machine, played: Played, sha256: str) -> Before:
    """What runs of this request on this target have done: on this very file, or in the last day on another one."""
    numbers: set[int] = set()
    whos: set[str] = set()
    runs: list[str] = []
    for folder in run_folders(machine.folders.runs):
        try:
            journal = machine.journal(folder.journal)
        except (RunError, StoreError):
            continue  # under way, of which the lock of its target speaks; or damaged
        with closing(journal):
            facts = Facts(journal.facts())
            ours = facts[RECORDED] == played.request.fingerprint and facts["target"] == played.target.name
            if not ours or facts["state"] in ("", PLANNING):
                continue
            same = facts["sha256"] == sha256
            if not same and not (played.told_apart and _lately(machine, facts)):
                continue
            before = len(numbers) + len(whos)
            for row in journal.rows(tuple(DONE)):
                if same:
                    numbers.add(row.number)
                if played.told_apart:
                    whos.add(row.who)
            runs += [folder.run] if len(numbers) + len(whos) > before else []
    return Before(frozenset(numbers), frozenset(whos), tuple(runs))


def _lately(machine: Machine, facts: Facts) -> bool:
    begun = facts["started"] or facts["created"]
    return bool(begun) and machine.clock().now() - datetime.fromisoformat(begun) < SAME_DAY
