"""What to do about rows that are blocked, one way out for each reason."""

from collections.abc import Mapping
from typing import Final

from keyturn.core.outcomes import Reason

CURES: Final[Mapping[str, str]] = {
    "empty-id": "fill in the id, or delete the row",
    "lost-digits": "take the export that the sheet was made from",
    "invisible-character": "type the id again, without copying it",
    "placeholder": "fill in the id: the export failed for these rows",
    "unknown-target": "write the names that keyturn target list shows",
    "no-target": "fill in the target, or say -t TARGET for empty cells",
    "duplicate-differs": "decide which password counts, and delete the other row",
    "id-too-long": "look the id up: the target has none that is so long",
    "not-a-number": "use the number that the target gives its users",
    "no-password": "fill in the cell, or let keyturn make passwords: --password generate",
    "no-old-password": "fill in the cell, or leave --old-password away",
    "too-many-ids": "write all ids of this target in one way, as sign-in names",
    "not-looked-up": "plan again when the target answers",
    str(Reason.NO_MAIL_ADDRESS): "fill in an address, or let keyturn make passwords: --password generate",
    str(Reason.SAME_PASSWORD): "choose another password",
    str(Reason.TOO_COMMON): "choose another password; keyturn policy check says what is wrong with one",
    str(Reason.TOO_SHORT): "choose a longer password",
    str(Reason.TOO_LONG): "choose a shorter password",
}
"""By the reason of the row."""

_OTHERWISE: Final = "mend these rows, or leave them out with --rows"


def cure(reason: str) -> str:
    """The way out for rows that are blocked for this reason."""
    return CURES.get(reason, _OTHERWISE)
